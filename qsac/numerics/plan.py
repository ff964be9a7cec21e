"""How a token loader is laid out level by level: which gates, on which controls, for how many rows.

Lowering builds what is planned here, and the cost formulas count it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

REPEATED = 1e-13
"""Rows that differ by less in every entry are one."""

LevelKind = Literal["gate", "bell", "rotation"]


class Lone(NamedTuple):
    """A row of a table that is a basis state, one of at least two: the ``row``-th, with the entry ``column``; of the
    other rows the first ``columns`` entries may differ from zero."""

    row: int
    column: int
    columns: int


class Beside(NamedTuple):
    """Of two rows the ``row``-th has only the prefix ``place``. One ladder over the prefixes is for both; where they
    want different gates there (``extra``), one gate and one entangling gate with the control come before it."""

    row: int
    place: int
    extra: bool


@dataclass(frozen=True)
class Level:
    """One uncomputed data qubit ``place``, of all that hold something other than zero.

    ``gate``: a uniformly controlled gate on it; ``rotation``: a multiplexed RY on it; ``bell``: a uniformly controlled
    gate on the qubit before it, in the Bell basis of both. The gates depend on the control value and on the last
    ``prefix_bits`` data qubits before the pair or qubit that is acted on, of whose values the first ``prefixes`` occur;
    the others are zero. Ladders take any number of first rows, so the controls come first (``prefix_first`` false) or
    last, whichever leaves fewer ``rows``. With ``beside`` the control value is no control of the ladder, whose rows are
    the prefixes; ``rows`` then counts the gates, the extra one among them.
    """

    kind: LevelKind
    place: int
    prefixes: int
    prefix_first: bool
    rows: int
    beside: Beside | None = None

    @property
    def prefix_bits(self) -> int:
        return (self.prefixes - 1).bit_length()

    @property
    def acted_on(self) -> int:
        """The data qubit that the gate is on."""
        return self.place - 1 if self.kind == "bell" else self.place

    @property
    def left(self) -> int:
        """How many amplitudes are left of a row."""
        return 2 * self.prefixes if self.kind == "bell" else self.prefixes

    @property
    def gates(self) -> int:
        """Two-qubit gates: one between each two rows, two for the Bell basis."""
        return self.rows - 1 + 2 * (self.kind == "bell")


def plan(rows: int, columns: int, size: int, *, real: bool, lone: Lone | None = None) -> Iterator[Level]:
    """Levels, last data qubit first, that uncompute ``rows`` rows of ``size`` qubits whose first ``columns`` entries
    are all that may differ from zero. A real row has a sign, which the first level takes away. A ``lone`` row takes
    fewer gates than another one where it is the last, or real and one of two."""
    single = None if lone is None else _Single(lone.row, lone.column, 1, lone.columns, shared=False)
    for place in reversed(range(size)):
        if columns == 1 and not (real and place == size - 1):
            return
        kinds: list[LevelKind] = ["rotation", "bell"] if real else ["gate"]
        levels = [_level(kind, place, rows, columns, single) for kind in kinds if kind != "bell" or place]
        best = min(levels, key=lambda level: level.gates)
        yield best
        columns = best.left
        single = None if single is None else single.after(best)


@dataclass(frozen=True)
class _Single:
    """What is left of a lone row before a level: ``width`` entries from ``start`` on, while the others have the first
    ``columns``. ``shared``: where the others have none but these, they are in proportion to them, and positive."""

    row: int
    start: int
    width: int
    columns: int
    shared: bool

    def prefix(self, group: int) -> int:
        """The only prefix that the row has; groups are never smaller than what is left of it."""
        return self.start // group

    def differs(self, group: int) -> bool:
        """Whether the others may want another gate for that prefix."""
        first = self.prefix(group) * group
        alone = self.shared and first == self.start and self.columns <= self.start + self.width
        return self.columns > first and not alone

    def after(self, level: Level) -> _Single:
        """What a level leaves: a pair of its amplitudes, or one, which is then positive in all rows."""
        group = 4 if level.kind == "bell" else 2
        others = -(-self.columns // group)
        if level.kind != "bell":
            return _Single(self.row, self.prefix(group), 1, others, shared=True)
        alike = level.beside is not None and not level.beside.extra
        return _Single(self.row, 2 * self.prefix(group), 2, 2 * others, shared=alike)


def _level(kind: LevelKind, place: int, rows: int, columns: int, single: _Single | None) -> Level:
    group = 4 if kind == "bell" else 2
    prefixes = -(-columns // group)
    controls, bits = (rows - 1).bit_length(), (prefixes - 1).bit_length()
    ending = single is not None and single.row == rows - 1
    end = single.prefix(group) + 1 if single is not None and ending else prefixes
    last = ((rows - 1) << bits) + end
    first = ((prefixes - 1) << controls) + rows - (end < prefixes)
    if single is not None and rows == 2 and kind != "gate":
        extra = single.differs(group)
        if prefixes + extra < min(first, last):
            beside = Beside(single.row, single.prefix(group), extra)
            return Level(kind, place, prefixes, False, prefixes + extra, beside)
    return Level(kind, place, prefixes, first < last or (first == last and kind != "gate"), min(first, last))


@lru_cache(maxsize=4096)
def planned_gates(rows: int, columns: int, size: int, *, real: bool, lone: Lone | None = None) -> int:
    """Two-qubit gates of all levels of :func:`plan`."""
    return int(sum(level.gates for level in plan(rows, columns, size, real=real, lone=lone)))


def occupied_columns(rows: NDArray[Any]) -> int:
    """One more than the last column in which any of the rows, shape (rows, columns), differs from zero; at least 1."""
    used = np.flatnonzero(np.any(rows, axis=0))
    return int(used[-1]) + 1 if len(used) else 1


def lone_row(rows: NDArray[Any]) -> Lone | None:
    """The row of a table, shape (rows, columns), that :func:`plan` makes use of: the last one, or the first of two, if
    it is a basis state."""
    if len(rows) < 2:
        return None
    for row in (1, 0) if len(rows) == 2 else (len(rows) - 1,):
        used = np.flatnonzero(rows[row])
        if len(used) == 1:
            return Lone(row, int(used[0]), occupied_columns(np.delete(rows, row, axis=0)))
    return None


def is_lone(rows: NDArray[Any], lone: Lone) -> bool:
    """Whether rows, shape (rows, columns), are as :func:`lone_row` says of others."""
    return bool(
        rows[lone.row, lone.column]
        and np.count_nonzero(rows[lone.row]) == 1
        and occupied_columns(np.delete(rows, lone.row, axis=0)) <= lone.columns
    )


def in_order(rows: NDArray[Any], order: Sequence[int]) -> NDArray[Any]:
    """Rows, shape (rows, 2^n), of the same states with the qubits in another order, given by their places (empty: in
    the usual one)."""
    if not order:
        return rows
    split = rows.reshape(len(rows), *(2,) * len(order))
    return np.ascontiguousarray(split.transpose(0, *(1 + place for place in order)).reshape(len(rows), -1))


def columns_in_order(columns: int, order: Sequence[int]) -> int:
    """How many of the first entries may differ from zero after :func:`in_order`, where before it ``columns`` may."""
    if not order:
        return columns
    places = in_order(np.arange(1 << len(order))[None], order)[0]
    return int(np.flatnonzero(places < columns)[-1]) + 1


def place_in_order(column: int, size: int, order: Sequence[int]) -> int:
    """Where an entry of rows of ``size`` entries stands after :func:`in_order`."""
    return int(np.flatnonzero(in_order(np.arange(size)[None], order)[0] == column)[0]) if order else column


def controlled_rows(rows: NDArray[Any], branches: int) -> NDArray[Any]:
    """The row to load for every value of (index, gates) up to the last one that has a row, shape (controls, d).

    ``rows`` are those of the index; of the ``branches`` values of the gates the last one loads, on the others the
    loader is to do nothing: |0...0>. The gates come after the index, so that a ladder for the first rows leaves out
    the tokens that a table does not have.
    """
    full = np.zeros((len(rows), branches, rows.shape[1]), dtype=rows.dtype)
    full[:, :, 0] = 1.0
    full[:, -1] = rows
    return full.reshape(-1, rows.shape[1])


def repetition(rows: NDArray[Any]) -> tuple[tuple[int, ...], NDArray[np.intp]]:
    """The places of the control bits (the first most significant) that the rows depend on, and for each value of those
    up to the last one that occurs, which row it has, -1 where it does not occur.

    Rows that repeat with a power of two as their period do not depend on the bits above it. The rows for control values
    after the last one are open, so they never speak against it.
    """
    bits = (len(rows) - 1).bit_length()
    picked = np.full(1 << bits, -1)
    picked[: len(rows)] = np.arange(len(rows))
    values = np.zeros((1 << bits, rows.shape[1]), dtype=rows.dtype)
    values[: len(rows)] = rows
    kept: list[int] = []
    for bit in range(bits):
        shape = (1 << len(kept), 2, -1)
        places = picked.reshape(shape)
        both = (places >= 0).all(axis=1)
        compared = values.reshape(*shape, rows.shape[1])
        if np.any(np.abs(compared[:, 0] - compared[:, 1])[both] > REPEATED):
            kept.append(bit)
        else:
            first = places[:, 0] >= 0
            values = np.where(first[..., None], compared[:, 0], compared[:, 1]).reshape(-1, rows.shape[1])
            picked = np.where(first, places[:, 0], places[:, 1]).reshape(-1)
    last = int(np.flatnonzero(picked >= 0)[-1]) + 1
    return tuple(kept), picked[:last]


def reduced_values(count: int, kept: Sequence[int]) -> NDArray[np.intp]:
    """For each of the first ``count`` control values the value of the bits ``kept`` of :func:`repetition`, shape
    (count,): which of the rows for those it has."""
    bits = (count - 1).bit_length()
    values, reduced = np.arange(count), np.zeros(count, dtype=np.intp)
    for bit in kept:
        reduced = 2 * reduced + (values >> (bits - 1 - bit) & 1)
    return reduced


def picked_rows(rows: NDArray[Any], picked: NDArray[np.intp]) -> NDArray[Any]:
    """The rows of :func:`repetition`'s places, |0...0> where none occurs."""
    taken = rows[picked]
    taken[picked < 0] = 0
    taken[picked < 0, 0] = 1.0
    return taken


def without_repetition(rows: NDArray[Any]) -> tuple[tuple[int, ...], NDArray[Any]]:
    """The places of the control bits that the rows depend on, as :func:`repetition` says, and the rows for those."""
    kept, picked = repetition(rows)
    return kept, picked_rows(rows, picked)


def pruned_controls(
    level: int, bits: int, cutoffs: Sequence[int], rows: int, *, real: bool
) -> tuple[bool, tuple[int, ...]]:
    """Whether a pruned loader's level is a gate in a Bell basis, and which controls it looks at.

    The controls are places among the ``bits`` index qubits and then the data qubits; ``cutoffs`` says for each how many
    levels look at it (see :mod:`qsac.lowering.pruned`).
    """
    before = max(level - 1, 0) if real else level
    controls = tuple(place for place in range(bits + before) if cutoffs[place] > level)
    if not real:
        return False, controls
    count = pruned_row_count(rows, bits, controls)
    if level and count + 1 < 2 * count - 1:
        return True, controls
    return False, (*controls, bits + level - 1) if level else controls


def pruned_row_count(rows: int, bits: int, controls: tuple[int, ...]) -> int:
    """How many values the controls have for the first ``rows`` values of the index: the first ones."""
    kept = [place for place in controls if place < bits]
    last = rows - 1
    # The largest value: that of the last index, or of one before it, which has a zero where the last has a one that
    # nobody looks at, and ones from there on.
    candidates = [last] + [
        (last >> place << place) - 1 for place in range(bits) if last >> place & 1 and bits - 1 - place not in kept
    ]
    seen = [
        sum((value >> (bits - 1 - place) & 1) << at for at, place in enumerate(reversed(kept))) for value in candidates
    ]
    return (max(seen) + 1) << (len(controls) - len(kept))
