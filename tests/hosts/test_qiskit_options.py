"""The stage does with Qiskit's other options what Qiskit's own does."""

from __future__ import annotations

from typing import Any

import dill
import numpy as np
import pytest
from qiskit import QuantumCircuit, generate_preset_pass_manager, transpile
from qiskit.circuit.library import StatePreparation
from qiskit.transpiler import CouplingMap

from tests.hosts.in_qiskit import compiled, entangling
from tests.structured_states import generic

BASIS = ["cz", "rz", "sx", "x"]


def _circuit(seed: int = 0, qubits: int = 4) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.append(StatePreparation(generic(np.random.default_rng(seed), qubits)), range(qubits))
    circuit.measure_all()
    return circuit


OPTIONS: dict[str, dict[str, Any]] = {
    "no coupling": {},
    "a line": {"coupling_map": CouplingMap.from_line(6)},
    "a chosen layout": {"coupling_map": CouplingMap.from_line(6), "initial_layout": [5, 3, 1, 0]},
    "another router": {"coupling_map": CouplingMap.from_line(6), "routing_method": "basic"},
    "qubits that are not in zero": {"qubits_initially_zero": False},
}


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("name", list(OPTIONS))
def test_options(name: str, level: int) -> None:
    options = {"basis_gates": BASIS, "optimization_level": level} | OPTIONS[name]
    usual, own = (compiled(_circuit(), plugin, **options) for plugin in (False, True))
    assert entangling(own) <= entangling(usual)
    assert (entangling(own) < entangling(usual)) == (name != "qubits that are not in zero")
    if "initial_layout" in options:
        assert own.layout.initial_index_layout()[:4] == options["initial_layout"]
    assert own.count_ops()["measure"] == 4
    assert set(own.count_ops()) <= {*BASIS, "barrier", "measure"}


def test_it_reaches_other_processes() -> None:
    """Qiskit sends pass managers to where several circuits are transpiled at once."""
    manager = generate_preset_pass_manager(2, basis_gates=BASIS, init_method="qsac", seed_transpiler=1)
    sent = dill.loads(dill.dumps(manager))
    assert sent.run(_circuit()) == manager.run(_circuit())
    assert entangling(sent.run(_circuit())) == 7
    circuits = [_circuit(seed, 3) for seed in range(2)]
    together = transpile(circuits, basis_gates=BASIS, seed_transpiler=1, init_method="qsac", num_processes=1)
    assert [entangling(circuit) for circuit in together] == [3, 3]


def test_a_pass_manager() -> None:
    manager = generate_preset_pass_manager(2, basis_gates=BASIS, init_method="qsac", seed_transpiler=1)
    assert entangling(manager.run(_circuit())) == 7
    assert manager.run(_circuit()) == manager.run(_circuit())


def test_without_any_gates_named() -> None:
    """Qiskit leaves the preparation as it is then, and so does the stage."""
    assert compiled(_circuit(), True) == compiled(_circuit(), False)
