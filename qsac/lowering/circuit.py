"""Circuits of gates as blocks: rotations as they are, those of an index as multiplexors."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import ApplyCircuit
from qsac.ir.attention.circuit import CLIFFORDS, CircuitGate
from qsac.ir.blocks import Multiplexor, PauliRotation, Unitary
from qsac.ir.blocks.rotation import controlled_x, controlled_z
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering

Block = PauliRotation | Multiplexor | Unitary
Real = NDArray[np.float64]

_HADAMARD = np.array([[1, 1], [1, -1]]) * np.sqrt(0.5)
_TURNS = {"x": ("x", pi), "y": ("y", pi), "z": ("z", pi), "s": ("z", pi / 2), "sdg": ("z", -pi / 2)}


@lowering.register(ApplyCircuit)
def lower(op: ApplyCircuit, place: LoweringContext) -> list[Block]:
    """The gates in time order. A rotation whose angle depends on the index is a multiplexor controlled by it, and a
    multiplexor one with more controls."""
    data, index = place.qubits(*op.data), place.qubits(*op.index)
    values = op.sign * place.scope.tables[op.table].values
    blocks: list[Block] = []
    for gate in op.steps():
        qubits = tuple(data[number] for number in gate.qubits)
        if gate.name in CLIFFORDS:
            blocks += _fixed(gate.name, qubits)
        elif gate.value is None:
            blocks.append(PauliRotation(gate.paulis, qubits, op.sign * gate.angle))
        else:
            blocks += _turned(gate, qubits, index, values, place)
    return blocks


def _fixed(name: str, qubits: tuple[str, ...]) -> list[Block]:
    if name == "h":
        return [Unitary(qubits[0], Table(_HADAMARD))]
    if name in _TURNS:
        axis, angle = _TURNS[name]
        return [PauliRotation(axis, qubits, angle)]
    first, second = qubits
    if name == "cx":
        return list(controlled_x(first, second))
    if name == "cz":
        return list(controlled_z(first, second))
    if name == "cy":
        return [
            PauliRotation("zy", (first, second), pi / 2),
            PauliRotation("z", (first,), -pi / 2),
            PauliRotation("y", (second,), -pi / 2),
        ]
    # A swap is exp(i pi/4 (XX + YY + ZZ)).
    return [PauliRotation(letter * 2, (first, second), -pi / 2) for letter in "xyz"]


def _turned(
    gate: CircuitGate, qubits: tuple[str, ...], index: tuple[str, ...], values: Real, place: LoweringContext
) -> list[Block]:
    controls = () if gate.alike else index
    rows = values[:1] if gate.alike or not index else values
    angles = np.zeros((1 << len(controls), len(gate.values)))
    angles[: len(rows)] = rows[:, gate.values.start : gate.values.stop]
    if gate.is_multiplexor:
        return _multiplexed(gate.paulis, (*controls, *qubits[:-1]), qubits[-1], angles.reshape(-1), place)
    if not controls:
        return [PauliRotation(gate.paulis, qubits, float(angles[0, 0]), slots=place.slot())]
    if len(qubits) == 1:
        return _multiplexed(gate.paulis, controls, qubits[0], angles[:, 0], place)
    # The parity of both, in their bases, is collected on the second one.
    bases = [block for letter, qubit in zip(gate.paulis, qubits, strict=True) for block in _to_z(letter, qubit)]
    parity = controlled_x(*qubits)
    back = [block.adjoint() for block in reversed((*bases, *parity))]
    return [*bases, *parity, *_multiplexed("z", controls, qubits[1], angles[:, 0], place), *back]


def _multiplexed(
    axis: str, controls: tuple[str, ...], target: str, angles: Real, place: LoweringContext
) -> list[Block]:
    if not controls:
        return [PauliRotation(axis, (target,), float(angles[0]), slots=place.slot())]
    return [Multiplexor(axis, controls, target, Table(angles), slots=place.slot())]  # type: ignore[arg-type]  # x, y, z


def _to_z(letter: str, qubit: str) -> list[PauliRotation]:
    """What turns a Pauli into Z: B with B P B^dagger = Z."""
    if letter == "z":
        return []
    return [PauliRotation("y", (qubit,), -pi / 2)] if letter == "x" else [PauliRotation("x", (qubit,), pi / 2)]
