"""Blocks in the terms of other packages, their global phase included."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING

from qsac.export.circuit_dict import to_dict
from qsac.native.circuit import NativeCircuit

if TYPE_CHECKING:
    import cirq
    from cirq import Qid
    from pennylane.operation import Operator
    from pytket.circuit import Circuit
    from qiskit import QuantumCircuit


def to_tket(circuit: NativeCircuit, phase: float) -> Circuit:
    """As :meth:`~qsac.synthesis.Block.to_tket`; ``phase`` in half-turns."""
    from pytket.circuit import Circuit

    written = to_dict(circuit)
    written["phase"] = repr(phase)
    return Circuit.from_dict(written)


def to_qiskit(circuit: NativeCircuit, phase: float, index: int) -> QuantumCircuit:
    """As :meth:`~qsac.synthesis.Block.to_qiskit`; the first ``index`` qubits are those of the index."""
    from qiskit import QuantumCircuit, QuantumRegister

    from qsac.export.qiskit import to_qiskit as written

    sizes = {"data": len(circuit.qubits) - index, "index": index}
    registers = [QuantumRegister(size, name) for name, size in sizes.items() if size]
    block = QuantumCircuit(*registers, name=circuit.name, global_phase=phase * pi)
    block.compose(written(circuit), qubits=block.qubits[::-1], inplace=True)
    return block


def to_pennylane(circuit: NativeCircuit, phase: float, wires: Sequence[object] | None) -> list[Operator]:
    """As :meth:`~qsac.synthesis.Block.to_pennylane`."""
    from qsac.export.pennylane import block_operations

    return block_operations(circuit, phase, wires)


def to_cirq(circuit: NativeCircuit, phase: float, qubits: Sequence[Qid] | None) -> cirq.Circuit:
    """As :meth:`~qsac.synthesis.Block.to_cirq`."""
    from qsac.export.cirq import block_operations, cirq_package

    found: cirq.Circuit = cirq_package().Circuit(block_operations(circuit, phase, qubits))
    return found
