"""What is compiled for one of IBM's devices keeps to its snapshot's gates and coupling map, and means the model.

The snapshot is read by qiskit-ibm-runtime here, and the rules are pytket's. Many models are compiled at -O1, and some
at -O2, where they are laid out; more on that in tests/layout/test_laid_out.py and tests/layout/test_coupled.py.
"""

from __future__ import annotations

import functools

import pytest
from pytket.architecture import Architecture
from pytket.circuit import OpType
from pytket.predicates import (
    ConnectivityPredicate,
    DirectednessPredicate,
    GateSetPredicate,
    MaxNQubitsPredicate,
    NoClassicalControlPredicate,
    Predicate,
)

import qsac
from qsac.families.reading import load
from qsac.targets import ibm
from tests.cases import ALL, seeds, some
from tests.strategies import random_model
from tests.targets.agreement import assert_closed_form
from tests.targets.test_ibm import fake

pytestmark = pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk:UserWarning")

GATES = {"sx": OpType.SX, "x": OpType.X, "rz": OpType.Rz, "cz": OpType.CZ, "ecr": OpType.ECR, "cx": OpType.CX}
BESIDE = {OpType.Measure, OpType.Reset, OpType.Barrier}
FEW, MANY = some((44, *range(5)), 6), seeds(100, 5, one_of=48)


@functools.lru_cache(maxsize=4)
def predicates(name: str) -> tuple[Predicate, ...]:
    configuration = fake(name)().configuration()
    architecture = Architecture([tuple(pair) for pair in configuration.coupling_map])
    directed = "cz" not in configuration.basis_gates
    return (
        GateSetPredicate({GATES[gate] for gate in configuration.basis_gates if gate in GATES} | BESIDE),
        ConnectivityPredicate(architecture),
        *((DirectednessPredicate(architecture),) if directed else ()),
        MaxNQubitsPredicate(configuration.n_qubits),
        NoClassicalControlPredicate(),
    )


@pytest.fixture
def search(request: pytest.FixtureRequest) -> None:
    """A short search in `make test`, where the many models below are those with a whole one."""
    if not ALL:
        request.getfixturevalue("short_search")


@pytest.mark.usefixtures("search")
@pytest.mark.parametrize("name", ibm.names())
def test_generated_models(name: str) -> None:
    for seed in FEW:
        _check(name, seed)


@pytest.mark.parametrize("seed", MANY)
@pytest.mark.parametrize("name", ["ibm-fez", "ibm-nighthawk"])
def test_many_generated_models(name: str, seed: int) -> None:
    _check(name, seed)


@pytest.mark.parametrize("seed", seeds(10))
@pytest.mark.parametrize("name", ["ibm-fez", "ibm-nighthawk", "ibm-torino"])
@pytest.mark.usefixtures("short_search")
def test_generated_models_laid_out(name: str, seed: int) -> None:
    _check(name, 1000 + seed, optimisation=2)


def _check(name: str, seed: int, optimisation: int = 1) -> None:
    model = load(random_model(seed))
    compiled = qsac.compile(model, name, optimisation=optimisation, verify=False)
    written = compiled.to_tket()
    assert [predicate for predicate in predicates(name) if not predicate.verify(written)] == []
    assert_closed_form(model, compiled.circuits[0])
