"""Quantum registers are called after the program's, in every package that has names for them."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from qiskit import qasm2

import qsac
from qsac.errors import InvalidInputError
from qsac.export.guppy import function_name, to_guppy
from qsac.export.names import named_qubits, qubit_names
from qsac.export.qasm import to_qasm2
from qsac.native.circuit import KIND, NativeCircuit
from tests.cli.conftest import MODELS

NAMES = [
    f"q_{register}[{index}]" for register, size in (("query", 3), ("key", 3), ("score_0", 2)) for index in range(size)
]


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return qsac.compile("docs/examples/tfim.json", "h2", optimisation=1, verify=False)


def _circuit(
    measured: list[tuple[int, int]], qubits: list[tuple[str, int]], bits: list[tuple[str, int]]
) -> NativeCircuit:
    first, second = (np.array(column, np.int32) for column in zip(*measured, strict=True))
    kind = np.full(len(measured), KIND["Measure"], np.int8)
    return NativeCircuit("4 you-é", tuple(qubits), tuple(bits), kind, first, second, np.zeros((len(measured), 2)))


def test_a_qubit_is_called_after_what_it_holds_first(compiled: qsac.Compiled) -> None:
    (circuit,) = compiled.circuits
    assert qubit_names(circuit) == NAMES
    assert [f"{one.name}[{index}]" for one in compiled.to_qiskit().qregs for index in range(one.size)] == NAMES
    read = qasm2.loads(to_qasm2(circuit), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    assert [(one.name, one.size) for one in read.qregs] == [("q_query", 3), ("q_key", 3), ("q_score_0", 2)]


def test_cirqs_qubits_and_pennylanes_wires(compiled: qsac.Compiled) -> None:
    cirq, qml = pytest.importorskip("cirq"), pytest.importorskip("pennylane")
    circuit = compiled.to_cirq()
    assert circuit.all_qubits() == set(map(cirq.NamedQubit, NAMES))
    bits = {f"{register}[{index}]" for register, index in compiled.circuits[0].bits}
    assert {str(key) for key in circuit.all_measurement_key_names()} == bits
    assert set(qml.tape.make_qscript(compiled.to_pennylane)().wires) == set(NAMES)


def test_indices_have_no_gaps_and_unread_qubits_a_name() -> None:
    qubits = [("q", index) for index in (0, 2, 5, 6)]
    circuit = _circuit([(3, 2), (0, 1), (3, 0)], qubits, [("key", 0), ("key", 1), ("key", 2)])
    assert named_qubits(circuit) == (("q_key", 0), ("q_work", 0), ("q_work", 1), ("q_key", 1))


def test_qubits_of_a_machine_stay_what_they_are() -> None:
    compiled = qsac.compile(MODELS["small"], "ibm-fez", optimisation=1, verify=False)
    (circuit,) = compiled.circuits
    assert named_qubits(circuit) == circuit.qubits
    assert [one.name for one in compiled.to_qiskit().qregs] == ["q"]
    assert all(name.startswith("node[") for name in qubit_names(circuit))


@pytest.mark.parametrize(
    ("package", "method"), [("cirq", "to_cirq"), ("pennylane", "to_pennylane"), ("guppylang", "to_guppy")]
)
def test_without_the_package(
    package: str, method: str, compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError) as error:
        getattr(compiled, method)()
    assert error.value.code in ("package.missing", "package.broken")
    assert package in str(error.value)


def test_names_of_functions(compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Guppy is handed, without it: a circuit with one register of qubits for each of the program's."""
    assert function_name(_circuit([(0, 0)], [("q", 0)], [("key", 0)])) == "circuit_4_you__"
    assert function_name(compiled.circuits[0]) == "loss"

    class Guppy:
        @staticmethod
        def load_pytket(name: str, circuit: object) -> tuple[str, object]:
            return name, circuit

    monkeypatch.setitem(sys.modules, "guppylang", type(sys)("guppylang"))
    sys.modules["guppylang"].guppy = Guppy  # type: ignore[attr-defined]
    name, circuit = to_guppy(compiled.circuits[0])
    assert name == "loss"
    assert {str(qubit) for qubit in circuit.qubits} == set(NAMES)
    assert circuit.n_2qb_gates() == compiled.circuits[0].two_qubit_gates
    assert {bit.reg_name for bit in circuit.bits} == {"key", "query", "score_0", "value"}
    device = qsac.compile(MODELS["small"], "ibm-fez", optimisation=1, verify=False).circuits[0]
    _, placed = to_guppy(device)
    assert [str(qubit) for qubit in placed.qubits] == [f"q[{place}]" for place in range(len(device.qubits))]
