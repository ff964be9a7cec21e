"""The benchmarks are not run by the tests, but what they stand on is; baselines that compute what the model says."""

import pytest

from qsac.families.reading import load
from tests.bench import jobs, measure
from tests.bench.cases import Case
from tests.bench.constructions import NAMES, built
from tests.bench.counts import TOLERANCE
from tests.bench.equivalence import deviation, measured
from tests.bench.multiplexed import multiplexed_fused
from tests.bench.optimisers import unrolled


@pytest.mark.parametrize("construction", NAMES)
@pytest.mark.parametrize("optimiser", ["qiskit-3", "tket-2-cx"])
@pytest.mark.parametrize("case", [Case(3, 4, complex=True), Case(4, 2, 2)], ids=str)
def test_peers_give_the_closed_form(construction, optimiser, case):
    for circuit, expected in built(construction, load(case.model()), optimiser).circuits:
        assert deviation(unrolled(measured(circuit)), expected) < TOLERANCE


def test_a_wrong_circuit_is_noticed():
    circuit, expected = multiplexed_fused(load(Case(4, 2).model())).circuits[0]
    circuit.x(0)
    assert deviation(measured(unrolled(circuit)), expected) > TOLERANCE


def test_pruning_is_measured():
    found = jobs.JOBS["pruned"](sites=2, context=8, dt=0.05, seed=0, budget=0.03)
    assert found["loader"] < found["table"]
    assert found["gates"] < found["exact"]
    assert 0 < found["infidelity"] <= 0.03


def test_a_job_is_stopped_at_its_limit():
    assert measure.run("compile", 0.01, case={}, target="h1", write=False, repeats=1).failure == "did not end in 0.01 s"


def test_a_job_tells_why_it_failed():
    outcome = measure.run("compile", 60, case={"context": 4, "dimension": 2}, target="no", write=False, repeats=1)
    assert outcome.result is None
    assert outcome.failure.startswith("failed: ")
