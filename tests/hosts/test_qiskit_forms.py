"""What the plug-in leaves to Qiskit: other forms of gates, qubits that may not be in zero, machines unknown to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import AnnotatedOperation, ControlModifier, Gate, InverseModifier, PowerModifier
from qiskit.circuit.library import DiagonalGate, Isometry, StatePreparation, UCGate
from qiskit.quantum_info import Operator
from qiskit.transpiler import CouplingMap, Target
from qiskit.transpiler.passes.synthesis.high_level_synthesis import HLSConfig
from scipy.stats import unitary_group

from qsac import DoesNotFitError, InvalidInputError
from qsac.hosts.qiskit import BlockSynthesis, RowsGate, hls_config
from tests.hosts.in_qiskit import MACHINES, compiled, entangling
from tests.structured_states import generic

FREE: dict[str, Any] = {"from_zero": True}
STATE = generic(np.random.default_rng(0), 3)


def _run(gate: object, **options: Any) -> Any:
    return BlockSynthesis().run(gate, **FREE | options)


def test_it_gives_a_circuit() -> None:
    """With the same options that other tests add to."""
    circuit = _run(StatePreparation(STATE))
    assert entangling(circuit) == 3
    assert np.abs(Operator(circuit).data[:, 0] - STATE).max() < 1e-12
    assert BlockSynthesis().run(StatePreparation(STATE)) is None, "no one says that the qubits are in zero"


GATES = unitary_group.rvs(2, size=4, random_state=np.random.default_rng(1))

FORMS = {
    "a label": StatePreparation("+r0"),
    "an integer": StatePreparation(5, num_qubits=3),
    "the inverse": StatePreparation(STATE, inverse=True),
    "an isometry of more columns": Isometry(unitary_group.rvs(8, random_state=np.random.default_rng(2))[:, :2], 0, 0),
    "an isometry with ancillas": Isometry(STATE, 1, 0),
    "up to a diagonal": UCGate(list(GATES), up_to_diagonal=True),
    "as many gates as Qiskit": UCGate(list(GATES)),
    "another gate of that name": Gate("state_preparation", 3, STATE.real.tolist()),
    "no gate": object(),
    "too many qubits": StatePreparation(np.eye(1 << 11)[3] * 0.6 + np.eye(1 << 11)[4] * 0.8),
    "no entanglement": StatePreparation([0.6, 0, 0, 0, 0.8, 0, 0, 0]),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_forms(form: str) -> None:
    assert _run(FORMS[form]) is None


MACHINES_UNKNOWN = {
    "a gate of its own": {"target": Target.from_configuration(["u", "iswap"], num_qubits=3)},
    "placed qubits": {
        "target": Target.from_configuration(["u", "cx"], coupling_map=CouplingMap.from_line(3)),
        "qubits": [0, 1, 2],
    },
    "an option that it refuses": {"optimisation": 7},
}


@pytest.mark.parametrize("machine", list(MACHINES_UNKNOWN))
def test_machines(machine: str) -> None:
    assert _run(StatePreparation(STATE), **MACHINES_UNKNOWN[machine]) is None


def test_it_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("qsac.hosts.candidates._block", fault)
    assert _run(StatePreparation(STATE)) is None
    circuit = QuantumCircuit(3)
    circuit.append(StatePreparation(STATE), range(3))
    assert compiled(circuit, True, **MACHINES["CX"]) == compiled(circuit, False, **MACHINES["CX"])


def _modified(*modifiers: Any) -> QuantumCircuit:
    controls = sum(getattr(modifier, "num_ctrl_qubits", 0) for modifier in modifiers)
    circuit = QuantumCircuit(3 + controls)
    for control in range(controls):
        circuit.h(control)
    circuit.append(AnnotatedOperation(StatePreparation(STATE), list(modifiers)), range(3 + controls))
    return circuit


def _after(*names: str) -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for name in names:
        getattr(circuit, name)(1)
    circuit.append(StatePreparation(STATE), range(3))
    return circuit


def _reflection() -> QuantumCircuit:
    """Amplitude amplification: the preparation, a phase of zero, the inverse preparation in another state than zero."""
    prepare = StatePreparation(STATE)
    circuit = QuantumCircuit(3)
    circuit.append(prepare, range(3))
    circuit.rx(0.3, range(3))
    circuit.append(prepare.inverse(), range(3))
    circuit.append(DiagonalGate([-1, *[1] * 7]), range(3))
    circuit.append(prepare, range(3))
    return circuit


def _in_a_gate() -> QuantumCircuit:
    inner = QuantumCircuit(3)
    inner.append(StatePreparation(STATE), range(3))
    inner.append(StatePreparation(STATE), range(3))
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate(), range(3))
    return circuit


CIRCUITS = {
    "controlled": _modified(ControlModifier(1)),
    "inverted": _modified(InverseModifier()),
    "a power": _modified(PowerModifier(2)),
    "after another gate": _after("x"),
    "a reflection": _reflection(),
    "twice in a gate": _in_a_gate(),
    "alone": _after(),
}


@pytest.mark.parametrize("name", list(CIRCUITS))
def test_states_of_whole_circuits(name: str) -> None:
    """Another circuit for the same state differs on other inputs than zero, where nobody may see it."""
    circuit = CIRCUITS[name]
    usual, own = (compiled(circuit, plugin, **MACHINES["CX"], optimization_level=1) for plugin in (False, True))
    wanted = Operator.from_circuit(usual).data[:, 0]
    assert np.abs(Operator.from_circuit(own).data[:, 0] - wanted).max() < 1e-8
    assert entangling(own) <= entangling(usual)
    better = name in ("alone", "a reflection", "twice in a gate")
    assert (entangling(own) < entangling(usual)) == better


def test_after_a_reset() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.initialize(STATE, range(3))
    usual, own = (compiled(circuit, plugin, **MACHINES["CX"]) for plugin in (False, True))
    assert (entangling(own), entangling(usual)) == (3, 4)
    assert own.count_ops()["reset"] == 3


def test_in_a_branch() -> None:
    bits, qubits = ClassicalRegister(1), QuantumRegister(3)
    circuit = QuantumCircuit(qubits, bits)
    circuit.measure(0, 0)
    with circuit.if_test((bits, 1)):
        circuit.append(StatePreparation(STATE), range(3))
    options = {"basis_gates": ["cx", "u", "if_else"]}
    assert compiled(circuit, True, **options) == compiled(circuit, False, **options)


def test_the_callers_methods_are_kept() -> None:
    circuit = _after()
    options = MACHINES["CX"] | {"hls_config": HLSConfig(state_preparation=[], isometry=[])}
    assert entangling(compiled(circuit, True, **options)) == 4
    assert entangling(compiled(circuit, False, **MACHINES["CX"] | {"hls_config": hls_config()})) == 3


def test_rows_gate() -> None:
    rng = np.random.default_rng(5)
    table = np.array([generic(rng, 2) for _ in range(3)])
    gate = RowsGate(table)
    assert (gate.name, gate.num_qubits) == ("qsac_rows", 4)
    found = Operator(gate.definition).data.reshape(4, 4, 4, 4)
    for index, row in enumerate(table):
        assert np.abs(found[index, :, index, 0] - row).max() < 1e-12
    assert gate == RowsGate(table)
    assert gate != RowsGate(table[::-1])
    assert np.abs(Operator(gate).compose(gate.inverse()).data - np.eye(16)).max() < 1e-10
    with pytest.raises(InvalidInputError) as error:
        RowsGate([[1.0, 1.0]])
    assert error.value.code == "block.not-normalised"
    assert RowsGate([[1.0, 1.0]], normalise=True).table[0, 0] == pytest.approx(0.5**0.5)
    with pytest.raises(DoesNotFitError):
        RowsGate(np.ones((2, 1 << 14)))
