"""Cascades as blocks: what uncomputes one data qubit after the other (:mod:`qsac.numerics.cascade`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext
from qsac.numerics.cascade import GateLevel, RotationLevel
from qsac.numerics.plan import Level

Levels = Sequence[GateLevel | RotationLevel]

Block = Multiplexor | UniformlyControlledGate | PauliRotation | Diagonal


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
    if isinstance(step, RotationLevel):
        return [Multiplexor("y", given, target, Table(-step.angles), leaves_zero=True, slots=slots)]
    parities: tuple[int, ...] = ()
    if order is not None:
        given, parities = tuple(given[control] for control in order.order), order.parities
    angles = Table(step.theta), Table(step.phi)
    gate = UniformlyControlledGate(given, target, *angles, parities=parities, slots=slots)
    return [gate] if place.slots_only else gate_of(level, gate, data)


def acting(level: Level, controls: tuple[str, ...], data: Data) -> tuple[tuple[str, ...], str]:
    """The controls and the target of a level's gate."""
    prefix = data.qubits[level.acted_on - level.prefix_bits : level.acted_on]
    given = (*prefix, *controls) if level.prefix_first else (*controls, *prefix)
    # A ladder for one row of many prefixes, or the other way, depends on the last controls only.
    return given[len(given) - (level.rows - 1).bit_length() :], data.qubits[level.acted_on]


def gate_of(level: Level, gate: UniformlyControlledGate, data: Data) -> list[Block]:
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
