"""Circuits of lists of steps in Qiskit, gate by gate, as their authors write them."""

from __future__ import annotations

from typing import Any

from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    FixedUnitary,
    Flip,
    Gate,
    Load,
    Multiplexor,
    Projection,
    Real,
    Rotation,
)
from qsac.families.steps.statevector import loaded


def as_written(circuit: Circuit, inputs: Real, parameters: Real) -> Any:
    """A ``QuantumCircuit`` of a circuit with these inputs, its qubits in order. Measurements, those of projections too,
    are left to the end. None where it has neurons, which authors nest."""
    from qiskit import QuantumCircuit

    values = circuit.values(inputs, parameters)
    written = QuantumCircuit(circuit.qubits)
    for gate in circuit.gates:
        if not _write(written, gate, values, inputs):
            return None
    return written


def _write(written: Any, gate: Gate, values: Real, inputs: Real) -> bool:
    """Write a gate; false for neurons."""
    if isinstance(gate, Clifford):
        getattr(written, gate.name)(*gate.qubits)
    elif isinstance(gate, Rotation):
        _rotate(written, gate, float(values[gate.value]))
    elif isinstance(gate, Multiplexor):
        if len(gate.controls) != 1 or gate.order:
            return False
        low, high = (float(values[place]) for place in gate.values)
        if low:
            written.x(gate.controls[0])
        getattr(written, f"cr{gate.axis}")(low or high, gate.controls[0], gate.target)
        if low:
            written.x(gate.controls[0])
    elif isinstance(gate, Load):
        # Qiskit counts qubits from the least significant one.
        written.prepare_state(loaded(gate, inputs[None])[0], list(reversed(gate.qubits)))
    elif isinstance(gate, Flip):
        if inputs[gate.input] > 0.5:
            written.x(gate.qubit)
    elif isinstance(gate, FixedUnitary):
        written.unitary(gate.matrix, list(reversed(gate.qubits)))
    else:
        return isinstance(gate, Projection)
    return True


def _rotate(written: Any, gate: Rotation, angle: float) -> None:
    if gate.paulis == "xy":
        # RBS as its authors write it; its other half, "yx", is in it.
        first, second = gate.qubits
        for qubit in gate.qubits:
            written.h(qubit)
        written.cz(first, second)
        written.ry(angle, first)
        written.ry(-angle, second)
        written.cz(first, second)
        for qubit in gate.qubits:
            written.h(qubit)
    elif gate.paulis != "yx":
        getattr(written, f"r{gate.paulis}")(angle, *gate.qubits)
