"""What qsac promises against baselines: two-qubit gates on the same models, and shots. Times are not asserted."""

from dataclasses import replace

import numpy as np
import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from tests.bench import shots
from tests.bench.cases import Case
from tests.bench.equivalence import measured
from tests.bench.multiplexed import multiplexed
from tests.bench.optimisers import qiskit_3, two_qubit_gates
from tests.bench.published import published
from tests.cases import seeds, some
from tests.strategies import random_model

REACH = {
    Case(8, 4): 0.62,
    Case(16, 8): 0.7,
    Case(8, 4, 3): 0.75,
    Case(32, 4): 0.4,
    Case(8, 16): 0.9,
    Case(16, 8, complex=True): 0.5,
    Case(8, 4, complex=True): 0.5,
    Case(11, 8): 0.95,
    Case(3, 4): 0.95,
    Case(2, 8, 2): 0.95,
    Case(4, 2, complex=True): 0.5,
}


@pytest.mark.parametrize("case", some(REACH, 2), ids=lambda case: f"{case}{case.numbers}")
def test_gates_against_hand_written_multiplexors(case):
    """Qiskit's level 3 is the best of the baselines on all of these (docs/benchmarks.md)."""
    circuit, _ = multiplexed(load(case.model())).circuits[0]
    peer = two_qubit_gates(qiskit_3(measured(circuit)))
    drawn = [replace(case, seed=seed).model() for seed in seeds(3)]
    gates = [compile(model, "h1", verify=False).stats["two_qubit_gates"] for model in drawn]
    assert max(gates) <= REACH[case] * peer


def test_gates_against_the_published_construction():
    case = Case(8, 4)
    circuit, _ = published(load(case.model())).circuits[0]
    gates = compile(case.model(), "h1", verify=False).stats["two_qubit_gates"]
    assert gates <= two_qubit_gates(qiskit_3(measured(circuit))) / 40


@pytest.mark.parametrize(("kernel", "most"), [("monomial", 14), ("softmax-taylor", 16)])
def test_qubits_do_not_grow_with_the_degree(kernel, most):
    model = Case(32, 16).model()
    for degree in (1, 3, 6):
        model["attention"]["kernel"] = {"type": kernel, "degree": degree}
        assert compile(model, "h2", verify=False).stats["qubits"] <= most


def test_analytic_variances_are_those_of_counted_shots():
    generator = np.random.default_rng(0)
    for fidelity, zeta, context in ((0.7, 0.2, 8), (0.3, 0.4, 4), (0.05, 0.3, 16)):
        pairs, number = context * (context + 1) // 2, 40_000
        expected = shots.variances(fidelity, zeta, context, pairs)
        mu = fidelity * zeta * context**2 / pairs
        given = generator.binomial(number, zeta, 4000)
        fused = -np.log(generator.binomial(given, fidelity) / given)
        halves = (generator.binomial(number // 2, share, 4000) for share in (mu, zeta))
        two = -np.log(next(halves) / next(halves))
        # The standard error of a variance of 4,000 draws is 2%; the delta method leaves out about 1% here.
        assert np.var(fused) * number == pytest.approx(expected["fused"], rel=0.1)
        assert np.var(two) * number == pytest.approx(expected["equal"], rel=0.1)
        assert expected["best"] <= expected["equal"] * (1 + 1e-12)


def test_the_fused_readout_takes_fewer_shots_than_two_circuits():
    halved = 0
    for seed in range(60):
        model = load(random_model(seed) | {"readout": {"type": "loss"}})
        exact = closed_form(model)
        fidelity, zeta = exact["fidelity"], exact["zeta"]
        if not fidelity or not zeta:
            continue
        found = shots.variances(fidelity, zeta, model.context, model.pairs)
        assert found["fused"] <= found["equal"]
        share = model.context**2 / model.pairs
        # 2 (1 - F) <= 2/share + 2 F - 4 F zeta: half the shots or fewer, for any zeta up to this.
        if zeta <= 1 - (1 - 1 / share) / (2 * fidelity):
            halved += fidelity >= 0.35
            assert found["fused"] <= found["equal"] / 2 * (1 + 1e-12)
    assert halved > 5
