"""Gates of Qiskit that ask for numbers, and what Qiskit makes of them with and without the plug-in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate, Instruction
from qiskit.circuit.library import (
    DiagonalGate,
    Isometry,
    StatePreparation,
    UCGate,
    UCRXGate,
    UCRYGate,
    UCRZGate,
)
from qiskit.quantum_info import Operator

from qsac.hosts.qiskit import RowsGate
from tests.hosts.asked import Numbers

ROTATIONS = {"x": UCRXGate, "y": UCRYGate, "z": UCRZGate}

MACHINES: dict[str, dict[str, Any]] = {
    "CX": {"basis_gates": ["cx", "u"]},
    "CZ": {"basis_gates": ["cz", "rz", "sx", "x"]},
    "ECR": {"basis_gates": ["ecr", "rz", "sx", "x"]},
    "RZZ": {"basis_gates": ["rzz", "rz", "r"]},
    "RXX": {"basis_gates": ["rxx", "rz", "rx", "ry"]},
}


def gate_of(asked: Numbers) -> Gate | Instruction:
    """Qiskit's gate; of every other state the isometry that is the same."""
    match asked.kind:
        case "state":
            isometry = len(asked.name) % 2 == 0
            return Isometry(asked.values, 0, 0) if isometry else StatePreparation(asked.values)
        case "rows":
            return RowsGate(asked.values)
        case "gates":
            return UCGate(list(asked.values.astype(complex)))
        case "diagonal":
            return DiagonalGate(np.exp(1j * asked.values).tolist())
        case axis:
            return ROTATIONS[axis](asked.values.tolist())


def circuit_of(asked: Numbers) -> QuantumCircuit:
    """The gate alone."""
    circuit = QuantumCircuit(asked.qubits)
    circuit.append(gate_of(asked), range(asked.qubits))
    return circuit


def compiled(circuit: QuantumCircuit, plugin: bool, **options: Any) -> QuantumCircuit:
    """By Qiskit, with a seed."""
    return transpile(circuit, init_method="qsac" if plugin else "default", **{"seed_transpiler": 1} | options)


def entangling(circuit: QuantumCircuit) -> int:
    """Gates on two qubits, of which there have to be no larger ones."""
    sizes = [len(instruction.qubits) for instruction in circuit.data if instruction.operation.name != "barrier"]
    assert max(sizes, default=1) <= 2
    return sizes.count(2)


def columns(circuit: QuantumCircuit, asked: Numbers) -> NDArray[np.complex128]:
    """The columns of the inputs that a gate is for: all, or those with the data in zero and the index below T."""
    unitary = Operator.from_circuit(circuit).data
    found = unitary[:, :: 1 << asked.data]
    return found[:, : len(asked.values)] if asked.kind == "rows" else found
