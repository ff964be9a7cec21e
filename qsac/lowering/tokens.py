"""Token loaders as ladders of multiplexed gates (Construction, section 2)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, PauliRotation
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.op import Op
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.lowering.cascades import Block, Data, Levels, orders_of, outlined_level, rows_of, uncompute
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.structured import unload
from qsac.numerics.cascade import complex_cascades, real_cascades
from qsac.numerics.plan import (
    REPEATED,
    Lone,
    columns_in_order,
    controlled_rows,
    in_order,
    is_lone,
    lone_row,
    occupied_columns,
    picked_rows,
    plan,
    reduced_values,
    repetition,
)

Real = NDArray[np.float64]

_STACKED = 1 << 14
"""Most numbers of a table whose cascade is worked out together with others: the calls of a larger one cost little."""


@lowering.register(LoadTokens)
@self_contained
def lower(op: LoadTokens, place: LoweringContext) -> list[Block]:
    """The uncomputation of one data qubit after the other, or its adjoint; see :mod:`qsac.numerics.cascade`.

    For complex tables also the diagonal that they leave on the controls.
    """
    controls = place.qubits(*op.index, *op.when)
    data = Data.of(place.qubits(*op.targets), op.order)
    table = place.scope.tables[op.table]
    if isinstance(table, ShapedTable):
        return _outlined(op, table, controls, data, place)
    structure = op.structure(place.scope)
    if structure is not None:
        inverse_load, left = unload(op, structure, place)
        if structure.diagonal:
            return [*_turned_round(op, inverse_load, data), _diagonal(op, controls, left, place)]
        return _turned_round(op, inverse_load, data)
    key = _key(op, place)
    kept, levels, left = place.cached(key, lambda: _cascade(op, place))
    orders = orders_of(levels, place, inverse_load=op.inverse)
    if any(orders):
        _, levels, left = place.cached((key, orders), lambda: _cascade(op, place, orders))
    controls = tuple(controls[bit] for bit in kept)
    blocks = _turned_round(op, uncompute(levels, controls, data, place, orders), data)
    if len(left) and controls:
        blocks.append(_diagonal(op, controls, left, place))
    return blocks


def _diagonal(op: LoadTokens, controls: tuple[str, ...], left: Real, place: LoweringContext) -> Diagonal:
    """What takes back the phases that the inverse load leaves on the first values of the controls."""
    phases = np.zeros(1 << len(controls))
    phases[: len(left)] = -left if op.inverse else left
    return Diagonal(controls, Table(phases), slots=place.slot())


def work_out(ops: Iterable[Op], place: LoweringContext) -> None:
    """Derive what the loads among some ops need of their tables, those of one size at once: the same numbers, in less
    time."""
    stacks: dict[Hashable, dict[Hashable, _Loaded]] = {}
    loads = [
        op
        for op in ops
        if isinstance(op, LoadTokens) and place.scope.tables[op.table].known and op.structure(place.scope) is None
    ]
    for key, op in {_key(op, place): op for op in loads}.items():
        if key in place.derived:
            continue
        loaded = _loaded(op, place)
        if loaded.rows.size <= _STACKED:
            kind = loaded.rows.shape, loaded.rows.dtype, loaded.columns, loaded.lone
            stacks.setdefault(kind, {})[key] = loaded
    for stack in stacks.values():
        for key, found in zip(stack, _cascades([*stack.values()]), strict=True):
            place.derived[key] = found


def _turned_round(op: LoadTokens, inverse_load: list[Block], data: Data) -> list[Block]:
    """The blocks of a load, or of an inverse load, from those that uncompute."""
    if op.inverse:
        return inverse_load
    blocks = [block.adjoint() for block in reversed(inverse_load)]
    # Qubits that are zero in every row take no gate, but are live from here on: an observation may read them.
    touched = {name for block in blocks for name in block.targets}
    return blocks + [PauliRotation("z", (name,), 0.0) for name in data.qubits if name not in touched]


def _outlined(
    op: LoadTokens, table: ShapedTable, controls: tuple[str, ...], data: Data, place: LoweringContext
) -> list[Block]:
    """The blocks for a table without numbers: of the same sizes, without numbers either."""
    rows = table.shape[0] * place.scope.dimension(op.when)
    needed = controls[len(controls) - (rows - 1).bit_length() :]
    columns = columns_in_order(table.columns, op.order)
    lone = table.loaded_lone(op.order, place.scope.dimension(op.when))
    blocks: list[Block] = []
    for level in plan(rows, columns, len(data.qubits), real=table.real, lone=lone):
        blocks += outlined_level(level, needed, data, f"{op.order} {sorted(table.spans)}")
    blocks = _turned_round(op, blocks, data)
    if not table.real and controls:
        blocks.append(Diagonal(controls, ShapedTable((1 << len(controls),), real=True)))
    return blocks


class _Loaded(NamedTuple):
    """What a load brings about: the controls that matter, by position, the rows for those, shape (controls, d), how
    many of their first entries may differ from zero, and which row is a basis state."""

    kept: tuple[int, ...]
    rows: NDArray[Any]
    columns: int
    lone: Lone | None


class _Pattern(NamedTuple):
    """What the rows of a table, or of its pattern, decide of a load: ``kept``, ``columns`` and ``lone`` as above; which
    row each value of those controls has (None: every row once); and which of these values each row is for."""

    kept: tuple[int, ...]
    columns: int
    lone: Lone | None
    picked: NDArray[np.intp] | None
    places: NDArray[np.intp]


def _key(op: LoadTokens, place: LoweringContext) -> Hashable:
    return op.table, op.order, len(op.when), len(place.qubits(*op.index, *op.when))


def _cascade(
    op: LoadTokens, place: LoweringContext, orders: Sequence[LadderOrder | None] = ()
) -> tuple[tuple[int, ...], Levels, Real]:
    """The controls that matter, by position, the levels of the inverse load, and the phases they leave if complex."""
    return _cascades([_loaded(op, place)], orders)[0]


def _cascades(
    stack: Sequence[_Loaded], orders: Sequence[LadderOrder | None] = ()
) -> list[tuple[tuple[int, ...], Levels, Real]]:
    """:func:`_cascade` of some loads of one size."""
    rows, columns, ordered = np.stack([one.rows for one in stack]), stack[0].columns, rows_of(orders)
    if np.iscomplexobj(rows):
        complex_ones = complex_cascades(rows, columns, ordered, stack[0].lone)
        return [(one.kept, *found) for one, found in zip(stack, complex_ones, strict=True)]
    real_ones = real_cascades(rows, columns, ordered, stack[0].lone)
    return [(one.kept, found, np.zeros(0)) for one, found in zip(stack, real_ones, strict=True)]


def _loaded(op: LoadTokens, place: LoweringContext) -> _Loaded:
    """Raises :class:`~qsac.errors.InvalidInputError` where a binding's rows do not fit their pattern."""
    table = place.scope.tables[op.table]
    given = controlled_rows(in_order(table.values, op.order), place.scope.dimension(op.when))
    if table.pattern is None:
        pattern = _pattern(op, place, table)
    else:
        pattern = place.of_pattern(_key(op, place), lambda: _pattern(op, place, table.pattern or table))
    rows = given if pattern.picked is None else picked_rows(given, pattern.picked)
    if table.pattern is not None:
        _check_pattern(given, pattern, rows)
    return _Loaded(pattern.kept, rows, pattern.columns, pattern.lone)


def _pattern(op: LoadTokens, place: LoweringContext, table: Table) -> _Pattern:
    alike = controlled_rows(in_order(table.values, op.order), place.scope.dimension(op.when))
    bits, columns = (len(alike) - 1).bit_length(), occupied_columns(alike)
    values = np.arange(len(alike))
    # Of a template's rows of one entry only the signs are known, which other numbers may have otherwise.
    template = place.numbers is not None
    needed, picked = (tuple(range(bits)), values) if template and columns == 1 else repetition(alike)
    places = reduced_values(len(alike), needed)
    # The bits of the index above those that the rows need are always 0.
    unused = place.scope.dimension(op.controlled_by).bit_length() - 1 - bits
    kept = tuple(unused + bit for bit in needed)
    lone = lone_row(picked_rows(alike, picked))
    return _Pattern(kept, columns, lone, None if np.array_equal(picked, values) else picked, places)


def _check_pattern(given: NDArray[Any], pattern: _Pattern, rows: NDArray[Any]) -> None:
    """Whether the rows of a binding repeat, and are zero, where those that the template was compiled with are."""
    repeated = rows is given or np.abs(rows[pattern.places] - given).max() <= REPEATED
    if repeated and not np.any(given[:, pattern.columns :]) and (pattern.lone is None or is_lone(rows, pattern.lone)):
        return
    raise InvalidInputError(
        "these numbers make other circuits than those that the template has",
        code="template.other-circuits",
        found="rows that differ, or entries that are not zero, where those of the template's model repeat or are",
        wanted="numbers that repeat and are zero where the template's are",
        help="compile a template of a model with these numbers",
    )
