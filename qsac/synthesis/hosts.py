"""Blocks in the terms of other packages, their global phase included."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING, Any

from qsac.errors import InvalidInputError
from qsac.export.circuit_dict import to_dict
from qsac.native.circuit import GATES, NativeCircuit
from qsac.optional import optional_package

if TYPE_CHECKING:
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
    qml: Any = optional_package("pennylane", "writing PennyLane operations", "pip install pennylane")
    names = list(range(len(circuit.qubits))) if wires is None else list(wires)
    if len(names) != len(circuit.qubits):
        raise InvalidInputError(
            "the wires are not those of the block's qubits",
            code="option.out-of-range",
            found=f"{len(names)} wires",
            wanted=f"{len(circuit.qubits)} wires",
        )
    operations = []
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles * pi)
    for kind, first, second, (angle, axis) in zip(*(column.tolist() for column in columns), strict=True):
        on = [names[first], names[second]] if GATES[kind].qubits == 2 else names[first]
        match GATES[kind].name:
            case "PhasedX":
                # Rz(phi) Rx(theta) Rz(-phi), Rx being Ry between quarter turns about z.
                operations.append(qml.Rot(pi / 2 - axis, angle, axis - pi / 2, wires=on))
            case "Rz":
                operations.append(qml.RZ(angle, wires=on))
            case "ZZPhase":
                operations.append(qml.IsingZZ(angle, wires=on))
            case name:
                operations.append(getattr(qml, name)(wires=on))
    operations.append(qml.GlobalPhase(-phase * pi, wires=names))
    return operations
