"""Native circuits as Qiskit circuits."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING, Any

from qsac.export.names import named_qubits
from qsac.native.circuit import GATES, NativeCircuit, Unit

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def to_named_qiskit(circuit: NativeCircuit) -> QuantumCircuit:
    """As :func:`to_qiskit`, but for circuits of no machine with the quantum registers of
    :func:`~qsac.export.names.named_qubits`, in the order in which they come in ``circuit.qubits``."""
    named = named_qubits(circuit)
    return to_qiskit(circuit, units=None if named == circuit.qubits else named)


def to_qiskit(circuit: NativeCircuit, *, units: Sequence[Unit] | None = None) -> QuantumCircuit:
    """The circuit with one quantum register ``q`` (in the order of ``circuit.qubits``) and its classical registers.

    With ``units``, the qubits have these registers and indices, with idle qubits in between. Equal up to a global
    phase. PhasedX is Qiskit's ``r``, ZZPhase its ``rzz``.
    """
    from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

    registers = {name: ClassicalRegister(size, name) for name, size in circuit.registers.items()}
    if units is None:
        units = [("q", place) for place in range(len(circuit.qubits))]
    widths: dict[str, int] = {}
    for register, index in units:
        widths[register] = max(widths.get(register, 0), index + 1)
    quantum = {name: QuantumRegister(size, name) for name, size in widths.items()}
    qubits = [quantum[register][index] for register, index in units]
    written = QuantumCircuit(*quantum.values(), *registers.values(), name=circuit.name)
    bits = [registers[register][index] for register, index in circuit.bits]
    writers: dict[str, Any] = {
        "PhasedX": lambda first, _second, angle, phase: written.r(angle * pi, phase * pi, qubits[first]),
        "Rz": lambda first, _second, angle, _phase: written.rz(angle * pi, qubits[first]),
        "SX": lambda first, _second, _angle, _phase: written.sx(qubits[first]),
        "X": lambda first, _second, _angle, _phase: written.x(qubits[first]),
        "ZZPhase": lambda first, second, angle, _phase: written.rzz(angle * pi, qubits[first], qubits[second]),
        "CZ": lambda first, second, _angle, _phase: written.cz(qubits[first], qubits[second]),
        "ECR": lambda first, second, _angle, _phase: written.ecr(qubits[first], qubits[second]),
        "CX": lambda first, second, _angle, _phase: written.cx(qubits[first], qubits[second]),
        "Measure": lambda first, second, _angle, _phase: written.measure(qubits[first], bits[second]),
        "Reset": lambda first, _second, _angle, _phase: written.reset(qubits[first]),
    }
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    for kind, first, second, angles in zip(*(column.tolist() for column in columns), strict=True):
        writers[GATES[kind].name](first, second, *angles)
    return written


def outcome_of(circuit: NativeCircuit, key: str) -> str:
    """Qiskit's text of an outcome of :func:`to_qiskit` with one character for each bit of ``circuit``, in its order.

    Qiskit writes the registers from the last to the first, blanks between, and each from its last bit to its first.
    """
    values = dict(zip(circuit.registers, reversed(key.split(" ")), strict=True))
    return "".join(values[register][-1 - index] for register, index in circuit.bits)
