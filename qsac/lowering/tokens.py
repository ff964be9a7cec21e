"""Token loaders as ladders of multiplexed gates (Construction, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.cascade import GateLevel, RotationLevel, complex_cascade, real_cascade
from qsac.numerics.plan import (
    REPEATED,
    Level,
    columns_in_order,
    controlled_rows,
    in_order,
    occupied_columns,
    plan,
    without_repetition,
)

Real = NDArray[np.float64]


class Data(NamedTuple):
    """The qubits of a data register, in the order in which they are loaded and as they stand in the register."""

    qubits: tuple[str, ...]
    register: tuple[str, ...]

    @classmethod
    def of(cls, register: tuple[str, ...], order: Sequence[int] = ()) -> Data:
        """In an order given by places in the register; an empty one is the usual one."""
        return cls(tuple(register[place] for place in order) or register, register)

    def stands(self, qubit: str) -> int:
        """The qubit's place in the register."""
        return self.register.index(qubit)


Block = Multiplexor | UniformlyControlledGate | PauliRotation | Diagonal


@lowering.register(LoadTokens)
def lower(op: LoadTokens, place: LoweringContext) -> list[Block]:
    """The uncomputation of one data qubit after the other, or its adjoint; see :mod:`qsac.numerics.cascade`.

    For complex tables also the diagonal that they leave on the controls.
    """
    controls = place.qubits(*op.index, *op.when)
    data = Data.of(place.qubits(*op.targets), op.order)
    table = place.scope.tables[op.table]
    if isinstance(table, ShapedTable):
        return _outlined(op, table, controls, data, place)
    key = (op.table, op.order, len(op.when), len(controls))
    kept, levels, left = place.cached(key, lambda: _cascade(op, place))
    orders = _orders(levels, place, inverse_load=op.inverse)
    if any(orders):
        _, levels, left = place.cached((*key, orders), lambda: _cascade(op, place, orders))
    controls = tuple(controls[bit] for bit in kept)
    blocks = _turned_round(op, _uncompute(levels, controls, data, place.slot, orders), data)
    if len(left) and controls:
        phases = np.zeros(1 << len(controls))
        phases[: len(left)] = -left if op.inverse else left
        blocks.append(Diagonal(controls, Table(phases), slots=place.slot()))
    return blocks


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
    blocks: list[Block] = []
    for level in plan(rows, columns_in_order(table.columns, op.order), len(data.qubits), real=table.real):
        angles, phi = (
            ShapedTable(
                (level.rows,),
                real=True,
                spans=[Span(f"{kind} {level.place} {op.order} {sorted(table.spans)}", 0, level.rows)],
            )
            for kind in ("theta", "phi")
        )
        given, target = _acting(level, needed, data)
        if level.kind == "rotation":
            blocks.append(Multiplexor("y", given, target, angles, leaves_zero=True))
        else:
            blocks += _gate(level, UniformlyControlledGate(given, target, angles, phi), data)
    blocks = _turned_round(op, blocks, data)
    if not table.real and controls:
        blocks.append(Diagonal(controls, ShapedTable((1 << len(controls),), real=True)))
    return blocks


def _orders(
    levels: Sequence[GateLevel | RotationLevel], place: LoweringContext, *, inverse_load: bool
) -> tuple[LadderOrder | None, ...]:
    """The orders of the levels' ladders, taken in the order in which the gates will stand."""
    taken = [
        next(place.orders, None) if isinstance(level, GateLevel) else None
        for level in (levels if inverse_load else reversed(levels))
    ]
    return tuple(taken if inverse_load else reversed(taken))


def _rows(orders: Sequence[LadderOrder | None]) -> list[NDArray[np.intp] | None]:
    return [None if order is None else order.rows() for order in orders]


def _cascade(
    op: LoadTokens, place: LoweringContext, orders: Sequence[LadderOrder | None] = ()
) -> tuple[tuple[int, ...], Sequence[GateLevel | RotationLevel], Real]:
    """The controls that matter, by position, the levels of the inverse load, and the phases they leave if complex."""
    table, branches = place.scope.tables[op.table], place.scope.dimension(op.when)
    alike = controlled_rows(in_order((table.pattern or table).values, op.order), branches)
    # The bits of the index above those that the rows need are always 0.
    unused = place.scope.dimension(op.controlled_by).bit_length() - 1 - (len(alike) - 1).bit_length()
    given = controlled_rows(in_order(table.values, op.order), branches)
    if place.numbers is not None and occupied_columns(alike) == 1:
        # Of a template's rows of one entry only the signs are known, which other numbers may have otherwise.
        needed, rows = tuple(range((len(given) - 1).bit_length())), given
    else:
        needed, rows = without_repetition(given, alike)
        if table.pattern is not None:
            _check_pattern(given, alike, needed, rows)
    kept = tuple(unused + bit for bit in needed)
    columns = occupied_columns(alike)
    ordered = _rows(orders)
    if np.iscomplexobj(rows):
        return kept, *complex_cascade(rows, columns, ordered)
    return kept, real_cascade(rows, columns, ordered), np.zeros(0)


def _check_pattern(given: NDArray[Any], alike: NDArray[Any], needed: tuple[int, ...], rows: NDArray[Any]) -> None:
    """Whether the rows of a binding repeat, and are zero, where those that the template was compiled with are."""
    bits = (len(given) - 1).bit_length()
    places = np.zeros(len(given), dtype=np.intp)
    for bit in needed:
        places = 2 * places + (np.arange(len(given)) >> (bits - 1 - bit) & 1)
    columns = occupied_columns(alike)
    if np.abs(rows[places] - given).max() <= REPEATED and not np.any(given[:, columns:]):
        return
    raise InvalidInputError(
        "these numbers make other circuits than those that the template has",
        code="template.other-circuits",
        found="rows that differ, or entries that are not zero, where those of the template's model repeat or are",
        wanted="numbers that repeat and are zero where the template's are",
        help="compile a template of a model with these numbers",
    )


def load_row(row: Real, data: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """Bring fresh ``data`` into one real state of unit norm, shape (2^data,)."""
    levels = real_cascade(row[None])
    orders = _orders(levels, place, inverse_load=False)
    if any(orders):
        levels = real_cascade(row[None], orders=_rows(orders))
    inverse_load = _uncompute(levels, (), Data.of(data), orders=orders)
    return [block.adjoint() for block in reversed(inverse_load)]


def _uncompute(
    levels: Sequence[GateLevel | RotationLevel],
    controls: tuple[str, ...],
    data: Data,
    slot: Callable[[], tuple[int, ...]] = tuple,
    orders: Sequence[LadderOrder | None] = (),
) -> list[Block]:
    written = zip(levels, orders or [None] * len(levels), strict=True)
    return [block for level, order in written for block in _uncompute_level(level, order, controls, data, slot())]


def _uncompute_level(
    step: GateLevel | RotationLevel,
    order: LadderOrder | None,
    controls: tuple[str, ...],
    data: Data,
    slots: tuple[int, ...],
) -> list[Block]:
    level = step.level
    given, target = _acting(level, controls, data)
    if isinstance(step, RotationLevel):
        return [Multiplexor("y", given, target, Table(-step.angles), leaves_zero=True, slots=slots)]
    parities: tuple[int, ...] = ()
    if order is not None:
        given, parities = tuple(given[place] for place in order.order), order.parities
    angles = Table(step.theta), Table(step.phi)
    gate = UniformlyControlledGate(given, target, *angles, parities=parities, slots=slots)
    return _gate(level, gate, data)


def _acting(level: Level, controls: tuple[str, ...], data: Data) -> tuple[tuple[str, ...], str]:
    """The controls and the target of a level's gate."""
    prefix = data.qubits[level.acted_on - level.prefix_bits : level.acted_on]
    given = (*prefix, *controls) if level.prefix_first else (*controls, *prefix)
    # A ladder for one row of many prefixes, or the other way, depends on the last controls only.
    return given[len(given) - (level.rows - 1).bit_length() :], data.qubits[level.acted_on]


def _gate(level: Level, gate: UniformlyControlledGate, data: Data) -> list[Block]:
    """A level's gate, in the basis that it is for."""
    if level.kind == "gate":
        return [gate]
    other = data.qubits[level.place]
    basis = bell_basis(gate.target, other, turned=data.stands(gate.target) > data.stands(other))
    return [*basis, gate, *(block.adjoint() for block in reversed(basis))]


def bell_basis(first: str, second: str, *, turned: bool = False) -> list[PauliRotation]:
    """CX (H S (x) S), up to a global phase: a basis of Bell states in which real amplitudes are the quaternion of an
    SU(2) matrix on the first qubit (the magic basis, Hill and Wootters, quant-ph/9703041).

    ``turned``: the same, with the CX from the second qubit to the first; the two differ by gates on single qubits.
    Where a load acts on one qubit and its inverse load on the other, their CX are then the same, and nothing is between
    them.
    """
    if turned:
        return [
            *bell_basis(second, first),
            PauliRotation("y", (second,), -pi / 2),
            PauliRotation("z", (first,), pi),
            PauliRotation("y", (first,), pi / 2),
        ]
    return [
        PauliRotation("z", (first,), -pi / 2),
        PauliRotation("z", (second,), pi / 2),
        PauliRotation("y", (first,), pi / 2),
        *controlled_x(first, second),
    ]
