"""Tables without numbers: what stands for generic numbers of a shape, however large, where only counts are asked for.

Passes, lowering and the cost formulas take them where they take tables; nothing that needs a number does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

from qsac.ir.table import Table
from qsac.numerics.plan import Lone, columns_in_order, lone_row, occupied_columns, place_in_order

_MODULUS = (1 << 31) - 1
_STEPS = (48271, 69621)
"""A prime, and multipliers of a linear congruential generator for it (Park and Miller, 1988)."""


class Span(NamedTuple):
    """Generic rows ``start`` .. ``stop`` - 1 of a sequence; rows of different sequences are independent."""

    sequence: str
    start: int
    stop: int


class ShapedTable(Table):
    """A table of ``shape`` of which it is known whether it is real, that its entries are zero from ``columns`` (of the
    last axis) on, which rows it is made of (``spans``; for a unitary, which one it is), and which row is a basis state
    (``lone``), if one is.

    Its numbers are taken to be generic: none is zero, no row repeats, and rows are as independent as they can. It has
    no ``values``: who asks for them has taken it for a table that is known.
    """

    __slots__ = ("_backwards", "_columns", "_real", "_shape", "_sign", "lone", "spans")

    known = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        real: bool,
        columns: int | None = None,
        spans: Iterable[Span] = (),
        lone: Lone | None = None,
    ) -> None:
        self._shape = shape
        self._real = real
        self._columns = shape[-1] if columns is None else columns
        self.spans = frozenset(spans)
        self.lone = lone
        self._sign = 1
        self._backwards = False
        self.source = None
        self.derivation = None
        self.pattern = None

    @property
    def real(self) -> bool:
        return self._real

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def columns(self) -> int:
        """How many of the first entries of a row may differ from zero."""
        return self._columns

    def loaded_lone(self, order: Sequence[int], branches: int) -> Lone | None:
        """The row that is a basis state where rows are loaded in an order of their qubits, in the last of so many
        branches, and |0...0> in the others; see :func:`qsac.numerics.plan.lone_row`."""
        rows = self._shape[0] * branches
        if self._shape[0] == 1 and branches == 2:
            return Lone(0, 0, columns_in_order(self._columns, order))
        if self.lone is None or (self.lone.row < self._shape[0] - 1 and rows != 2):
            return None
        row = self.lone.row if rows == 2 else rows - 1
        column = place_in_order(self.lone.column, self._shape[1], order)
        others = columns_in_order(self.lone.columns, order)
        return Lone(row, column, others)

    def negated(self) -> ShapedTable:
        return self._copy(-self._sign, self._backwards)

    def reversed(self) -> ShapedTable:
        return self._copy(self._sign, not self._backwards)

    def _copy(self, sign: int, backwards: bool) -> ShapedTable:
        copy = ShapedTable(self._shape, real=self._real, columns=self._columns, spans=self.spans, lone=self.lone)
        copy._sign, copy._backwards = sign, backwards
        return copy

    @property
    def ends(self) -> tuple[float, float]:
        """Numbers for the first entry and the last one, 0.1 to 0.4 in size: nothing is special about them, but
        shaped_tables of the same rows have the same ones, so that an inverse load undoes what a load of the same rows
        did last."""
        seed = crc32(repr((self._shape, self._columns, sorted(self.spans))).encode())
        first, last = (self._sign * (0.1 + 0.3 * (seed * step % _MODULUS) / _MODULUS) for step in _STEPS)
        if self._shape[0] == 1:
            last = first
        return (last, first) if self._backwards else (first, last)

    def through(self, name: str, *, real: bool, columns: int) -> ShapedTable:
        """What a unitary called ``name`` makes of these rows: independent of them, if it is generic too."""
        spans = (Span(f"{name}({span.sequence})", span.start, span.stop) for span in self.spans)
        return ShapedTable(self.shape, real=real, columns=columns, spans=spans)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return isinstance(other, ShapedTable) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

    def _facts(self) -> tuple[object, ...]:
        return self._shape, self._real, self._columns, self.spans, self.lone, self._sign, self._backwards


def rank(*shaped_tables: ShapedTable) -> int:
    """The rank of all rows of some shaped_tables together."""
    rows = 0
    spans = {span for outline in shaped_tables for span in outline.spans}
    reached: dict[str, int] = {}
    for sequence, start, stop in sorted(spans):
        start = max(start, reached.get(sequence, start))
        rows += max(0, stop - start)
        reached[sequence] = max(stop, start)
    return min(rows, max(outline.columns for outline in shaped_tables))


def shaped_like(name: str, table: Table) -> ShapedTable:
    """A table's shape with what its numbers say of it: generic rows of a sequence of that ``name``."""
    values, (count, *columns) = table.values, table.shape
    lone = lone_row(values) if len(columns) == 1 else None
    spans = [Span(name, 0, count)]
    return ShapedTable(table.shape, real=table.real, columns=occupied_columns(values), spans=spans, lone=lone)
