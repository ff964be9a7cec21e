"""Qubits that are measured, whatever comes, and brought back to zero: QuDDPM's ancillas on the way."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import DoesNotFitError, InvalidInputError
from tests.families.steps.models import loaded
from tests.families.steps.test_circuits import agrees

SAMPLE = [0.4, -0.9, 1.3]


def normal(seed: int) -> dict[str, Any]:
    return {"init": "normal", "scale": 1.0, "seed": seed}


def denoising(ends: list[list[Any]], measure: dict[str, Any]) -> dict[str, Any]:
    """A model whose steps end with some gates on the ancilla, qubit 0."""
    blocks: list[dict[str, Any]] = [{"type": "angle", "qubits": [1, 2], "rotations": ["ry"]}]
    for place, end in enumerate(ends):
        blocks.append({"type": "brickwork", "layers": 2, "parameters": normal(place)})
        blocks.append({"type": "gates", "gates": end})
    blocks.append({"type": "brickwork", "parameters": normal(9)})
    blocks.append({"type": "angle", "qubits": [1], "rotations": ["rx"]})
    return {"qsac": 1, "steps": [{"type": "circuit", "qubits": 3, "blocks": blocks, "measure": measure}]}


def numbers(fields: dict[str, Any]) -> tuple[np.ndarray[Any, Any], float]:
    found = loaded(fields, SAMPLE)
    values = found.readout.closed_form(found).values
    return np.array(values["outputs"][0]), values.get("success_probability", [1.0])[0]


@pytest.mark.parametrize(
    "measure",
    [{"type": "probabilities", "qubits": [2, 1]}, {"type": "pauli", "observables": ["XZY", "IIZ", "ZXI"]}],
    ids=["probabilities", "pauli"],
)
def test_every_outcome_is_kept(measure: dict[str, Any]) -> None:
    """The mean over the outcomes of projections, by their probabilities; as by the programs and the circuits."""
    fields = denoising([[["reset", [0]]]] * 2, measure)
    wanted = np.zeros(4 if measure["type"] == "probabilities" else 3)
    total = 0.0
    for outcomes in product((0, 1), repeat=2):
        ends = [[["project", [0], bit], *([["x", [0]]] if bit else [])] for bit in outcomes]
        found, share = numbers(denoising(ends, measure))
        wanted += share * found
        total += share
    assert total == pytest.approx(1)
    assert numbers(fields)[0] == pytest.approx(wanted, abs=1e-12)
    compiled = agrees(loaded(fields, SAMPLE), "h2")
    assert np.array(qsac.run(compiled).values["outputs"][0]) == pytest.approx(wanted, abs=1e-9)
    assert "success_probability" not in qsac.run(compiled).values
    for circuit in compiled.circuits:
        assert len(circuit.qubits) == 3
        assert circuit.count("Reset") == 2


def test_shots_have_no_outcome_that_is_lost() -> None:
    fields = denoising([[["reset", [0]]]], {"type": "probabilities", "qubits": [1, 2]})
    compiled = qsac.compile(loaded(fields, SAMPLE), "h2")
    seen = qsac.run(compiled, shots=2000, seed=1)
    told = np.array(seen.value_errors["outputs"][0])
    assert np.all(np.abs(np.array(seen.values["outputs"][0]) - numbers(fields)[0]) < 5 * told)
    assert np.all(told < 0.012)


def test_a_projection_before_a_reset_is_a_condition_still() -> None:
    measure = {"type": "probabilities", "qubits": [1]}
    ends = [[["project", [0], 1], ["reset", [0]]]]
    plain = [[["project", [0], 1], ["x", [0]]]]
    for found, wanted in zip(numbers(denoising(ends, measure)), numbers(denoising(plain, measure)), strict=True):
        assert found == pytest.approx(wanted, abs=1e-12)
    agrees(loaded(denoising(ends, measure), SAMPLE), "h2")


def test_a_reset_of_what_nothing_was_done_to_is_nothing() -> None:
    gates = [["reset", [1]], ["h", [0]], ["reset", [1]], ["cx", [0, 1]]]
    blocks = [{"type": "gates", "gates": gates}]
    step = {"type": "circuit", "qubits": 2, "blocks": blocks, "measure": {"type": "pauli", "observables": ["XX"]}}
    compiled = qsac.compile(loaded({"qsac": 1, "steps": [step]}), "h2")
    assert qsac.run(compiled).values["outputs"][0] == pytest.approx([1.0])
    assert compiled.circuits[0].count("Reset") == 0


def test_too_many_resets_are_refused_before_a_state_is_made() -> None:
    blocks = [{"type": "repeat", "times": 30, "blocks": [{"type": "gates", "gates": [["h", [0]], ["reset", [0]]]}]}]
    step = {"type": "circuit", "qubits": 1, "blocks": blocks, "measure": {"type": "pauli", "each": "Z"}}
    with pytest.raises(DoesNotFitError, match="too many qubits") as refused:
        loaded({"qsac": 1, "steps": [step]})
    assert refused.value.pointer == "/steps/0/blocks/0/blocks/0/gates/1"
    assert "20 of them for resets" in str(refused.value)


def test_scores_compare_states_that_nothing_is_forgotten_of() -> None:
    query = {
        "qubits": 2,
        "blocks": [{"type": "angle"}, {"type": "gates", "gates": [["cx", [0, 1]], ["reset", [0]]]}],
        "measure": {"type": "state"},
    }
    attention = {"type": "measured", "query": query, "score": {"type": "overlap-real"}, "value": {"type": "identity"}}
    with pytest.raises(InvalidInputError, match="not measured as the score wants it") as refused:
        loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]})
    assert "with resets" in str(refused.value)
