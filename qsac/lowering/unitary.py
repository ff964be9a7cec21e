"""Unitaries on data registers: ansatz gates as they are, matrices synthesised by Qiskit, those of templates by gates
that their numbers do not change."""

from __future__ import annotations

from functools import lru_cache
from math import pi
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention import ApplyUnitary
from qsac.ir.attention.unitary import Entangler
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, Unitary
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.fixed_matrices import fixed_gates
from qsac.numerics.su2 import taken_apart

Block = PauliRotation | Multiplexor | Diagonal | Unitary

INEXACT = 1e-10
"""An error of a synthesised matrix, up to a global phase, that is not rounding: Qiskit's synthesis takes a controlled
gate that is within about 1e-6 of the identity for the identity."""


@lowering.register(ApplyUnitary)
@self_contained
def lower(op: ApplyUnitary, place: LoweringContext) -> list[Block]:
    """The gates of a hardware-efficient unitary, each controlled by ``when`` if given; a matrix by synthesis."""
    data = place.qubits(*op.targets)
    when = place.qubits(*op.when)
    if op.form == "matrix":
        if place.numbers is None or len(data) == len(when) + 1 == 1:
            return _synthesised(op.matrices(place.scope), (*when, *data), place)
        table = place.scope.tables[op.table]
        return [*fixed_gates(op.matrices(place.scope), (*when, *data), place, (table.pattern or table).values)]
    if op.form == "diagonal":
        table = place.scope.tables[op.table]
        if not table.known:
            outline = ShapedTable((1 << len(when) + len(data),), real=True)
            return [Diagonal((*when, *data), outline, slots=place.slot())]
        entries = table.values
        phases = np.zeros(len(entries) << len(when))
        phases[-len(entries) :] = np.angle(entries)
        return [Diagonal((*when, *data), Table(phases), slots=place.slot())]
    blocks: list[Block] = []
    for gate in op.gates(place.scope):
        if isinstance(gate, Entangler):
            blocks += _entangler(when, data[gate.control], data[gate.target], place)
        elif not when:
            blocks.append(PauliRotation(gate.axis, (data[gate.qubit],), gate.angle, slots=place.slot()))
        else:
            angles = np.zeros(1 << len(when))
            angles[-1] = gate.angle
            blocks.append(Multiplexor(gate.axis, when, data[gate.qubit], Table(angles), slots=place.slot()))
    return blocks


def _entangler(when: tuple[str, ...], control: str, target: str, place: LoweringContext) -> list[Block]:
    if not when:
        return list(controlled_x(control, target))
    # A Toffoli: a phase of pi where all are 1, with the target in the X basis.
    phases = np.zeros(1 << (len(when) + 2))
    phases[-1] = pi
    basis = PauliRotation("y", (target,), pi / 2)
    # It has a slot though it is fixed, so that it may join a diagonal that is not.
    diagonal = Diagonal((*when, control, target), Table(phases), slots=place.slot())
    return [basis.adjoint(), diagonal, basis]


def _synthesised(matrices: NDArray[np.complex128], qubits: tuple[str, ...], place: LoweringContext) -> list[Block]:
    """Blocks for the block-diagonal unitary of shape (B, D, D) on all qubits, by quantum Shannon decomposition."""
    count, dimension = matrices.shape[:2]
    unitary = np.zeros((count * dimension, count * dimension), dtype=np.complex128)
    for index, matrix in enumerate(matrices):
        part = slice(index * dimension, (index + 1) * dimension)
        unitary[part, part] = matrix
    if len(qubits) == 1:
        return [Unitary(qubits[0], Table(unitary), slots=place.slot())]
    if len(qubits) == 2 and count == 2 and _error(unitary) > INEXACT:
        return _controlled(matrices[1], qubits[:1], qubits[1])
    blocks: list[Block] = []
    for acted, matrix in _gates(unitary.tobytes(), len(unitary)):
        places = tuple(qubits[place] for place in acted)
        if matrix is None:
            blocks += controlled_x(places[0], places[1])
        else:
            blocks.append(Unitary(places[0], matrix))
    return blocks


@lru_cache(maxsize=64)
def _gates(entries: bytes, dimension: int) -> tuple[tuple[tuple[int, ...], Table | None], ...]:
    """Qiskit's gates for a matrix: the places that each acts on, and a matrix, or None for a CX. Programs of one plan,
    and the uses of a walk, have the same matrices again and again."""
    circuit = _decomposed(entries, dimension)
    # Qiskit counts qubits from the least significant one.
    place = {qubit: number for number, qubit in enumerate(reversed(circuit.qubits))}
    found: list[tuple[tuple[int, ...], Table | None]] = []
    for instruction in circuit.data:
        acted = tuple(place[qubit] for qubit in instruction.qubits)
        if instruction.operation.name == "cx":
            found.append((acted, None))
        elif len(acted) == 1:
            found.append((acted, Table(instruction.operation.to_matrix())))
        else:
            raise RuntimeError(
                f"unitary synthesis returned a gate that is not known here: {instruction.operation.name}"
            )
    return tuple(found)


@lru_cache(maxsize=64)
def _decomposed(entries: bytes, dimension: int) -> Any:
    from qiskit.synthesis import qs_decomposition

    return qs_decomposition(np.frombuffer(entries, dtype=np.complex128).reshape(dimension, dimension).copy())


def _error(unitary: NDArray[np.complex128]) -> float:
    """The largest error of an entry of the synthesised circuit's matrix, up to a global phase."""
    from qiskit.quantum_info import Operator

    found = Operator(_decomposed(unitary.tobytes(), len(unitary))).data
    overlap = np.vdot(unitary, found)
    return float(np.abs(found - unitary * overlap / abs(overlap)).max())


def _controlled(matrix: NDArray[np.complex128], when: tuple[str, ...], target: str) -> list[Block]:
    """A gate on one qubit where another one is 1, to rounding however near it is to the identity: e^(i a) Rz Rx Rz by
    its Euler angles, each rotation multiplexed."""
    phase = float(np.angle(np.linalg.det(matrix)) / 2)
    special = matrix * np.exp(-1j * phase)
    theta, phi, alpha = taken_apart((complex(special[0, 0]), complex(special[1, 0])))
    angles: list[tuple[Literal["x", "z"], float]] = [("z", -phi * pi), ("x", theta * pi), ("z", (phi + alpha) * pi)]
    blocks: list[Block] = [
        Multiplexor(axis, when, target, Table(np.array([0.0, angle]))) for axis, angle in angles if angle
    ]
    return blocks + ([Diagonal(when, Table(np.array([0.0, phase])))] if phase else [])
