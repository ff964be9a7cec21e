"""Cascades as blocks: what uncomputes one data qubit after the other (:mod:`qsac.numerics.cascade`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext
from qsac.numerics.cascade import GateLevel, RotationLevel
from qsac.numerics.plan import Beside, Level

Levels = Sequence[GateLevel | RotationLevel]

Block = Multiplexor | UniformlyControlledGate | PauliRotation | Diagonal | Unitary


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


def orders_of(
    levels: Sequence[GateLevel | RotationLevel], place: LoweringContext, *, inverse_load: bool
) -> tuple[LadderOrder | None, ...]:
    """The orders of the levels' ladders, taken in the order in which the gates will stand."""
    taken = [
        next(place.orders, None) if isinstance(level, GateLevel) else None
        for level in (levels if inverse_load else reversed(levels))
    ]
    return tuple(taken if inverse_load else reversed(taken))


def rows_of(orders: Sequence[LadderOrder | None]) -> list[NDArray[np.intp] | None]:
    """The rows of each level's ladder in its order (None: the usual one)."""
    return [None if order is None else order.rows() for order in orders]


def uncompute(
    levels: Levels,
    controls: tuple[str, ...],
    data: Data,
    place: LoweringContext,
    orders: Sequence[LadderOrder | None],
) -> list[Block]:
    """The blocks of the levels, in time order, for rows that the controls select."""
    written = zip(levels, orders or [None] * len(levels), strict=True)
    return [block for level, order in written for block in _uncompute_level(level, order, controls, data, place)]


def _uncompute_level(
    step: GateLevel | RotationLevel,
    order: LadderOrder | None,
    controls: tuple[str, ...],
    data: Data,
    place: LoweringContext,
) -> list[Block]:
    level, slots = step.level, place.slot()
    given, target = acting(level, controls, data)
    if level.beside is not None and level.beside.extra:
        return _beside(step, level.beside, order, (given, target, controls[0]), data, place, slots)
    if isinstance(step, RotationLevel):
        return [Multiplexor("y", given, target, Table(-step.angles), leaves_zero=True, slots=slots)]
    gate = _ladder(given, target, (step.theta, step.phi), order, slots)
    return [gate] if place.slots_only else gate_of(level, [gate], data)


def _ladder(
    given: tuple[str, ...],
    target: str,
    angles: tuple[NDArray[np.float64], NDArray[np.float64]],
    order: LadderOrder | None,
    slots: tuple[int, ...],
) -> UniformlyControlledGate:
    """A ladder, in an order of its own if there is one."""
    parities: tuple[int, ...] = ()
    if order is not None:
        given, parities = tuple(given[control] for control in order.order), order.parities
    theta, phi = angles
    return UniformlyControlledGate(given, target, Table(theta), Table(phi), parities=parities, slots=slots)


def _beside(
    step: GateLevel | RotationLevel,
    at: Beside,
    order: LadderOrder | None,
    where: tuple[tuple[str, ...], str, str],
    data: Data,
    place: LoweringContext,
    slots: tuple[int, ...],
) -> list[Block]:
    """A gate, an entangling gate with the control of both rows, and the ladder: two blocks of numbers."""
    (given, target, control), more = where, place.slot()
    # Where the row beside is that of control 0 the control is taken the other way round.
    sign = 1 if at.row else -1
    between = PauliRotation("zz", (control, target), sign * pi / 2)
    if isinstance(step, GateLevel):
        theta, phi = step.theta, step.phi
        cos, sin, turn = np.cos(theta[0] / 2), np.sin(theta[0] / 2), np.exp(1j * phi[0])
        first = Unitary(target, Table(np.array([[cos, -1j * sin / turn], [-1j * sin * turn, cos]])), slots=slots)
        gate = _ladder(given, target, (theta[1:], phi[1:]), order, more)
        return [first, gate] if place.slots_only else gate_of(step.level, [first, between, gate], data)
    turned = PauliRotation("y", (target,), -float(step.angles[0]), slots=slots)
    rest = Multiplexor("y", given, target, Table(-step.angles[1:]), leaves_zero=True, slots=more)
    if place.slots_only:
        return [turned, rest]
    # The entangling gate as CZ, for the row beside alone.
    return [
        turned,
        between,
        PauliRotation("z", (control,), -sign * pi / 2),
        PauliRotation("z", (target,), -pi / 2),
        rest,
    ]


def outlined_level(level: Level, controls: tuple[str, ...], data: Data, name: str) -> list[Block]:
    """The blocks of a level of rows without numbers: of the same sizes, without numbers either; ``name`` stands for the
    rows."""
    extra = level.beside is not None and level.beside.extra
    rows = level.rows - extra
    theta, phi = (
        ShapedTable((rows,), real=True, spans=[Span(f"{kind} {level.place} {name}", 0, rows)])
        for kind in ("theta", "phi")
    )
    given, target = acting(level, controls, data)
    before: list[Block] = []
    if extra:
        before = [PauliRotation("y", (target,), theta.ends[0]), PauliRotation("zz", (controls[0], target), pi / 2)]
    if level.kind == "rotation":
        return [*before, Multiplexor("y", given, target, theta, leaves_zero=True)]
    return gate_of(level, [*before, UniformlyControlledGate(given, target, theta, phi)], data)


def acting(level: Level, controls: tuple[str, ...], data: Data) -> tuple[tuple[str, ...], str]:
    """The controls and the target of a level's gate."""
    prefix = data.qubits[level.acted_on - level.prefix_bits : level.acted_on]
    if level.beside is not None:
        return prefix, data.qubits[level.acted_on]
    given = (*prefix, *controls) if level.prefix_first else (*controls, *prefix)
    # A ladder for one row of many prefixes, or the other way, depends on the last controls only.
    return given[len(given) - (level.rows - 1).bit_length() :], data.qubits[level.acted_on]


def gate_of(level: Level, blocks: Sequence[Block], data: Data) -> list[Block]:
    """The blocks of a level's gate, in the basis that it is for."""
    if level.kind == "gate":
        return [*blocks]
    target, other = data.qubits[level.acted_on], data.qubits[level.place]
    basis = bell_basis(target, other, turned=data.stands(target) > data.stands(other))
    return [*basis, *blocks, *(block.adjoint() for block in reversed(basis))]


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
