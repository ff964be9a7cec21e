"""Native circuits in Cirq and PennyLane: the same unitaries, measurements and resets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings

from qsac.errors import InvalidInputError
from qsac.export.cirq import operations, to_cirq
from qsac.export.names import qubit_names
from qsac.export.pennylane import to_pennylane
from qsac.export.qiskit import to_qiskit
from qsac.export.tket import to_tket
from qsac.native.circuit import GATES, KIND, NativeCircuit
from tests.export.outcomes import cirq_paths, distribution, pennylane_paths, qiskit_paths
from tests.export.test_qiskit import without_outcomes
from tests.export.test_tket import native_circuits

cirq = pytest.importorskip("cirq")
qml = pytest.importorskip("pennylane")


@settings(max_examples=60)
@given(native_circuits())
def test_the_unitaries_are_pytkets(circuit: NativeCircuit) -> None:
    assume(len(circuit.qubits) <= 4)
    unitary = without_outcomes(circuit)
    size = len(unitary.qubits)
    order = sorted(range(size), key=lambda place: unitary.qubits[place])
    wanted = to_tket(unitary).get_unitary()
    line = cirq.LineQubit.range(size)
    found = cirq.Circuit(operations(unitary, line)).unitary([line[at] for at in order], line, dtype=np.complex128)
    tape = qml.tape.make_qscript(lambda: to_pennylane(unitary))()
    assert len(tape.operations) == len(unitary)
    names = qubit_names(unitary)
    also = qml.matrix(tape, wire_order=[names[at] for at in order]) if len(unitary) else np.eye(1 << size)
    for one in (found, also):
        assert abs(np.trace(wanted.conj().T @ one)) == pytest.approx(1 << size)


def _circuit(names: list[tuple[str, int, int]], bits: int) -> NativeCircuit:
    kind, first, second = zip(*names, strict=True)
    angles = np.zeros((len(names), 2))
    angles[:, 0] = 0.37
    return NativeCircuit(
        "turns",
        (("q", 0), ("q", 1)),
        tuple(("c", bit) for bit in range(bits)),
        np.array([KIND[name] for name in kind], np.int8),
        np.array(first, np.int32),
        np.array(second, np.int32),
        angles,
    )


def test_measurements_and_resets_in_mid_circuit() -> None:
    """A reset at the start, one right after a measurement, one after another measurement, and one after none."""
    circuit = _circuit(
        [
            ("Reset", 0, -1),
            ("PhasedX", 0, -1),
            ("PhasedX", 1, -1),
            ("ZZPhase", 0, 1),
            ("PhasedX", 0, -1),
            ("Measure", 0, 0),
            ("PhasedX", 1, -1),
            ("Reset", 0, -1),
            ("PhasedX", 0, -1),
            ("ECR", 0, 1),
            ("Measure", 0, 2),
            ("Measure", 1, 1),
            ("Reset", 1, -1),
            ("Reset", 1, -1),
            ("PhasedX", 1, -1),
            ("CX", 1, 0),
            ("Measure", 1, 3),
        ],
        4,
    )
    wanted = distribution(qiskit_paths(to_qiskit(circuit)))
    assert len(wanted) == 16
    assert distribution(cirq_paths(to_cirq(circuit))) == pytest.approx(wanted, abs=1e-12)
    assert distribution(pennylane_paths(circuit)) == pytest.approx(wanted, abs=1e-12)
    measurements = [
        one
        for one in qml.tape.make_qscript(lambda: to_pennylane(circuit))().operations
        if isinstance(one, qml.ops.MidMeasure)
    ]
    assert [one.reset for one in measurements] == [True, True, False, True, True, False]


def test_bits_that_are_never_measured() -> None:
    """Cirq has no key for them; PennyLane's values would not be those of the bits."""
    circuit = _circuit([("Measure", 0, 1)], 2)
    assert to_cirq(circuit).all_measurement_key_names() == {"c[1]"}
    with pytest.raises(InvalidInputError) as error:
        qml.tape.make_qscript(lambda: to_pennylane(circuit))()
    assert error.value.code == "circuit.malformed"
    assert error.value.found == "no measurement into c[0]"


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_every_gate_is_known(gate: object) -> None:
    name, qubits, _ = gate  # type: ignore[misc]
    second = 0 if name == "Measure" else qubits - 1 or -1
    circuit = _circuit([(name, 0, second), ("Measure", 1, 0 if name != "Measure" else 1)], 2)
    bits = {"Measure": 2}.get(name, 1)
    assert sum(1 for _ in to_cirq(circuit).all_operations()) == 2
    shorter = _circuit([(name, 0, second), ("Measure", 1, bits - 1)], bits)
    assert len(qml.tape.make_qscript(lambda: to_pennylane(shorter))().operations) == 2
