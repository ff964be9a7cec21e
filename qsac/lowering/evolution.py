"""Token loaders by time evolution (Construction, section 8)."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import LoadEvolution, LoadTokens
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.table import Table
from qsac.lowering import tokens
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.pauli import Axis
from qsac.numerics.product_states import factors

Block = PauliRotation | Multiplexor | UniformlyControlledGate | Diagonal | Unitary
Letters = list[tuple[str, Axis]]
"""The qubits that a Pauli string acts on, and how."""


@lowering.register(LoadEvolution)
def lower(op: LoadEvolution, place: LoweringContext) -> list[Block]:
    """The fixed state without controls, then each stage; the inverse load is all of it backwards."""
    data, index = place.qubits(op.data), place.qubits(*op.index)
    blocks = _prepared(op, place)
    reversal = _letters(op.reversal, data)
    for bit, turns in op.stages(len(index)):
        controlled = bit is not None and any(not op.signed(term) for term in range(len(op.terms)))
        turning: list[Block] = []
        if controlled and bit is not None:
            flip = Table([pi, 0.0])
            turning = [Multiplexor(axis, (index[bit],), qubit, flip) for qubit, axis in reversal]
        blocks += turning
        for term, angle in turns:
            sign = index[bit] if bit is not None and op.signed(term) else None
            blocks += _turn(_letters(op.terms[term], data), angle, sign)
        blocks += [block.adjoint() for block in reversed(turning)]
    blocks += [
        Diagonal((qubit,), Table([0.0, phase])) for qubit, phase in zip(index, op.phases, strict=bool(op.phases))
    ]
    return [block.adjoint() for block in reversed(blocks)] if op.inverse else blocks


def _prepared(op: LoadEvolution, place: LoweringContext) -> list[Block]:
    """The blocks that bring the data from zero into the fixed state, up to a global phase."""
    qubits = factors(place.scope.tables[op.table].values[0])
    if qubits is None:
        return list(tokens.lower(LoadTokens(op.data, (), op.table, by_structure=True), place))
    return [Unitary(name, Table(_to_state(state))) for name, state in zip(place.qubits(op.data), qubits, strict=True)]


def _to_state(state: NDArray[np.complex128]) -> NDArray[Any]:
    return np.array([[state[0], -state[1].conjugate()], [state[1], state[0].conjugate()]])


def _letters(string: str, data: tuple[str, ...]) -> Letters:
    axes: dict[str, Axis] = {"x": "x", "y": "y", "z": "z"}
    return [(qubit, axes[letter]) for qubit, letter in zip(data, string, strict=bool(string)) if letter != "i"]


def _turn(letters: Letters, angle: float, sign: str | None) -> list[Block]:
    """exp(-i angle P / 2), the angle negated where the qubit ``sign`` is 0.

    Quarter turns about Z Z (each Pauli turned to Z's place by its letters) take the qubits of a long string one by
    one: with A B = -B A, exp(i pi/4 A) exp(-i angle B / 2) exp(-i pi/4 A) turns about i A B.
    """
    kept = 2 if sign is None else 1
    before: list[PauliRotation] = []
    rest = list(letters)
    flips = 1.0
    while len(rest) > kept:
        qubit, axis = rest.pop()
        other, letter = rest[-1]
        # i A B = P with A = axis on the qubit and Q on the other one, B = R on the other one: i Q R = +- letter.
        first, second = _CYCLE[letter]
        before.append(PauliRotation(axis + first, (qubit, other), pi / 2))
        rest[-1] = (other, second)
        flips = -flips
    middle: Block
    if sign is None:
        paulis = "".join(axis for _, axis in rest)
        middle = PauliRotation(paulis, tuple(qubit for qubit, _ in rest), flips * angle)
    else:
        ((target, axis),) = rest
        middle = Multiplexor(axis, (sign,), target, Table([-flips * angle, flips * angle]))
    return [*before, middle, *(block.adjoint() for block in reversed(before))]


_CYCLE: dict[str, tuple[Axis, Axis]] = {"x": ("y", "z"), "y": ("z", "x"), "z": ("x", "y")}
"""Q and R with Q R = i letter."""
