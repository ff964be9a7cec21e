"""What is compiled for a target satisfies pytket's predicates of that device, and means the model.

Here are those without a coupling graph; IBM's devices are in test_every_device.py.
"""

from __future__ import annotations

import pytest
from pytket.backends import Backend
from pytket.circuit import OpType
from pytket.extensions.qiskit import AerBackend
from pytket.extensions.quantinuum import QuantinuumAPIOffline, QuantinuumBackend
from pytket.extensions.quantinuum.backends.data import QuantinuumBackendData
from pytket.predicates import GateSetPredicate, MaxNQubitsPredicate, Predicate

import qsac
from qsac.families.reading import load
from qsac.machine.registry import target, target_names
from qsac.targets import quantinuum
from tests.cases import seeds
from tests.strategies import random_model
from tests.targets.agreement import assert_closed_form

UNCOUPLED = [name for name in target_names() if target(name).coupling is None]
FEW, MANY = seeds(5, one_of=3), seeds(100, 5, one_of=19)


def predicates(name: str) -> list[Predicate]:
    """Those of the device in pytket; where pytket has no backend for it, those of the target's own gates."""
    backend: Backend | None = None
    if name == "aer":
        backend = AerBackend()
    elif name == "helios":
        backend = QuantinuumBackend("Helios", data=QuantinuumBackendData(n_qubits=98, n_cl_reg=4000))
    elif name in quantinuum.names():
        backend = QuantinuumBackend(quantinuum.MACHINES[name], api_handler=QuantinuumAPIOffline())
    if backend is not None:
        return backend.required_predicates
    machine = target(name)
    gates = GateSetPredicate({getattr(OpType, gate) for gate in machine.gates})
    return [gates] if machine.qubits is None else [gates, MaxNQubitsPredicate(machine.qubits)]


@pytest.mark.parametrize("name", UNCOUPLED)
def test_generated_models(name: str) -> None:
    required = predicates(name)
    assert required
    for seed in FEW:
        _check(name, seed, required)


@pytest.mark.parametrize("seed", MANY)
def test_many_generated_models_on_h2(seed: int) -> None:
    _check("h2", seed, predicates("h2"))


def _check(name: str, seed: int, required: list[Predicate]) -> None:
    model = load(random_model(seed))
    compiled = qsac.compile(model, name, verify=False)
    circuit = compiled.circuits[0]
    limit = target(name).qubits
    assert limit is None or len(circuit.qubits) <= limit
    assert [predicate for predicate in required if not predicate.verify(compiled.to_tket())] == []
    assert_closed_form(model, circuit)
