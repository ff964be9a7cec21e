"""From a ``QuantumCircuit`` of Qiskit to a step, without importing Qiskit: the circuit brings it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qsac.importing.measured_at_the_end import MeasuredAtTheEnd
from qsac.importing.symbolic_gates import Angle, Gates, ImportedCircuit, affine

_NAMES = {"u1": "p", "u3": "u", "cu1": "cp", "cnot": "cx"}


def read(
    circuit: Any, inputs: Sequence[str], values: Mapping[str, float] | None, measure: Mapping[str, Any] | None
) -> ImportedCircuit:
    """See :func:`qsac.importing.circuits.from_circuit`."""
    symbols = sorted(parameter.name for parameter in circuit.parameters)
    gates = Gates(circuit.num_qubits, tuple(inputs), [name for name in symbols if name not in inputs])
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    ends = MeasuredAtTheEnd()
    for instruction in circuit.data:
        operation = instruction.operation
        qubits = [places[qubit] for qubit in instruction.qubits]
        if operation.name == "measure":
            ends.measured(qubits[0])
            continue
        if operation.name == "barrier":
            continue
        ends.check(operation.name, qubits)
        if operation.name == "unitary":
            gates.unitary(operation.to_matrix(), qubits[::-1])  # the first one is the least significant there
            continue
        angles = [_angle(parameter) for parameter in operation.params]
        gates.add(_NAMES.get(operation.name, operation.name), qubits, *angles)
    return gates.finished(measure or ends.measure(), values)


def _angle(given: Any) -> Angle:
    if not hasattr(given, "parameters"):
        return Angle(float(given))
    by_name = {parameter.name: parameter for parameter in given.parameters}

    def evaluated(numbers: Mapping[str, float]) -> float:
        return float(given.bind({by_name[name]: number for name, number in numbers.items()}))

    return affine(sorted(by_name), evaluated, str(given))
