"""What the benchmark of transformers stands on: circuits by hand and block encodings that give the closed form."""

from dataclasses import replace

import numpy as np
import pytest
from qiskit import QuantumCircuit

import qsac
from qsac.families.reading import load
from tests.bench import jobs
from tests.bench.block_encodings import encoded_scores
from tests.bench.equivalence import measured
from tests.bench.hand_written import Wanted, written
from tests.bench.optimisers import qiskit_3, two_qubit_gates, unrolled
from tests.bench.projecting import deviation
from tests.bench.transformer import CHEBYSHEV, MODELS, TOLERANCE, VECTORS, WAYS, built, document

BY_HAND = ("reach-1-N8", "reach-4-N7-gelu", "reach-7-fused-bilinear", "reach-8-N7-taylor2")
"""One for each kind of op; the others take longer to be simulated, and are when they are measured."""

REACH = {
    "reach-1-N8": 0.6,
    "reach-2-N8-gelu": 0.6,
    "reach-3-N8-cubic": 0.6,
    "reach-5-N15-d8": 0.75,
    "reach-6-two-layers": 0.7,
    "reach-7-fused-residual": 0.7,
    "reach-8-N8-taylor2": 0.5,
    "reach-9-N8-general": 0.5,
}


def test_every_model_is_measured():
    assert set(MODELS) == {path.stem for path in VECTORS.glob("*.json")}


@pytest.mark.parametrize("name", BY_HAND)
def test_circuits_by_hand_give_the_closed_form(name):
    made = built(name, "multiplexed")
    assert made.success > 1e-3
    assert deviation(measured(unrolled(made.circuit)), made.given, made.wanted) < TOLERANCE


def test_controlled_preparations_give_the_closed_form():
    made = built("reach-1-N7", "controlled")
    assert deviation(measured(unrolled(made.circuit)), made.given, made.wanted) < TOLERANCE


OTHERS = {
    way.how: way.model for ways in reversed(WAYS.values()) for way in ways if way.how not in ("qsac", "multiplexed")
}


@pytest.mark.parametrize(("how", "name"), OTHERS.items())
def test_block_encodings_give_the_closed_form(how, name):
    made = built(name, how)
    assert deviation(measured(unrolled(made.circuit)), made.given, made.wanted) < TOLERANCE


def test_a_wrong_circuit_is_noticed():
    made = built("reach-8-N8-taylor2", "encoded-keys")
    circuit = unrolled(measured(made.circuit))
    made.circuit.x(0)
    assert deviation(circuit, made.given, made.wanted) < TOLERANCE
    assert deviation(measured(unrolled(made.circuit)), made.given, made.wanted) > 1e-4


def test_qubits_are_projected_after_their_last_gate_alone():
    """A pair that is measured alike, both zero with probability cos^2: by hand, as by all amplitudes."""
    circuit = QuantumCircuit(2)
    circuit.ry(0.8, 0)
    circuit.cx(0, 1)
    wanted = (Wanted("both", (0, 1), (), 0, np.cos(0.4) ** 2), Wanted("one", (0,), (1,), 1, 0.0))
    assert deviation(measured(circuit), (0,), wanted) < 1e-12
    assert deviation(measured(circuit), (), (replace(wanted[0], zero=(0,), word=(1,), value=1),)) > 0.5


def test_block_encodings_lose_what_is_said():
    """1/sqrt(N) for each copy of the keys, and another one where queries are encoded: degree 2 and N = 8."""
    model = load(document("reach-8-N8-taylor2"))
    own, keys, both = (
        one.success
        for one in (written(model), encoded_scores(model, row_is_known=True), encoded_scores(model, row_is_known=False))
    )
    # The residual 1/2, and half of 1 + 2 s + 2 s^2 with 1, sqrt(N) or N for the powers beyond the shared index's.
    normalisers = [0.5 + 0.5 * (1 + 2 + 2), 0.5 + 0.5 * (1 + 2 + 2 * 8**0.5), 0.5 + 0.5 * (1 + 2 * 8**0.5 + 2 * 8**1.5)]
    assert own / keys == pytest.approx((normalisers[1] / normalisers[0]) ** 2)
    assert own / both == pytest.approx((normalisers[2] / normalisers[0]) ** 2)


@pytest.mark.parametrize("name", REACH)
def test_gates_against_the_same_by_hand(name):
    peer = two_qubit_gates(qiskit_3(measured(built(name, "multiplexed").circuit)))
    gates = qsac.compile(document(name), "h1", verify=False).stats["two_qubit_gates"]
    assert gates <= REACH[name] * peer


def test_controlled_preparations_take_50_times_the_gates():
    peer = two_qubit_gates(qiskit_3(measured(built("reach-1-N7", "controlled").circuit)))
    assert qsac.compile(document("reach-1-N7"), "h1", verify=False).stats["two_qubit_gates"] <= peer / 50


def test_a_job_measures_a_circuit():
    found = jobs.JOBS["transformer"](name=CHEBYSHEV)
    peer = jobs.JOBS["written"](name=CHEBYSHEV, how="chebyshev", optimiser="qiskit-3")
    assert found["deviation"] < 1e-9
    assert peer["deviation"] < TOLERANCE
    # What Chebyshev polynomials cost in copies, sum |c_p|, squared, and QSVT's loss of 1/D.
    assert 5 < peer["success"] / found["success"] < 49 / 4 + 1e-9
