"""Unary states in fewer qubits: which circuits become that, and that they give what the unary ones give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.families.steps.evaluation import traced
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.unary import unary_of
from tests.families.steps.models import loaded
from tests.families.steps.test_circuits import agrees

UNARY: dict[str, Any] = {"type": "unary"}
KEPT: dict[str, Any] = {"type": "unary", "prefer": "unary"}
PROBABILITIES = {"type": "probabilities"}


def normal(seed: int) -> dict[str, Any]:
    return {"init": "normal", "scale": 1.0, "seed": seed}


def pyramid(seed: int = 1) -> dict[str, Any]:
    return {"type": "rbs", "parameters": normal(seed)}


def gates(*given: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "gates", "gates": list(given), **fields}


BUTTERFLY = gates(
    *[["rbs", pair, {"parameter": place}] for place, pair in enumerate(([0, 2], [1, 3], [0, 1], [2, 3]))],
    parameters=[0.4, -1.1, 0.9, 0.3],
)
KEEPS = {
    "pyramid": [pyramid()],
    "butterfly": [BUTTERFLY],
    "real": [gates(["swap", [0, 3]], ["cz", [0, 1]], ["z", [2]], ["rbs", [3, 1], 0.7]), pyramid()],
    "exchange": [gates(["xx", [0, 2], 0.6], ["yy", [2, 0], 0.6], ["rbs", [1, 2], -0.8], ["s", [1]])],
    "phases": [
        pyramid(),
        gates(["rz", [1], 0.4], ["zz", [0, 2], 1.1], ["crz", [1, 3], 0.7], ["t", [0]], ["sdg", [3]]),
        pyramid(2),
    ],
    "matrix": [
        pyramid(),
        gates(
            [
                "unitary",
                [2, 0],
                [
                    [[1, 0], *[[0, 0]] * 3],
                    *[[[0, 0], [0.6, 0], [0, 0.8], [0, 0]]],
                    [[0, 0], [0, 0.8], [0.6, 0], [0, 0]],
                    [*[[0, 0]] * 3, [0, 1]],
                ],
            ]
        ),
    ],
}
LEAVES = {
    "other rotations": [{"type": "hardware-efficient", "rotations": ["ry"], "parameters": normal(3)}],
    "half of a pair": [gates(["xx", [0, 1], 0.4])],
    "unequal pair": [gates(["xx", [0, 1], 0.4], ["yy", [0, 1], 0.5])],
    "pair that adds": [gates(["xx", [0, 1], 0.4], ["yy", [0, 1], -0.4])],
    "controls": [gates(["cx", [0, 1]])],
    "projection": [gates(["project", [0], 0])],
    "reset": [gates(["reset", [0]])],
    "matrix": [gates(["unitary", [0], [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]])],
}
ROW = [0.3, -0.8, 0.5, 0.6]


def circuit(blocks: list[Any], measure: dict[str, Any], qubits: int = 4) -> dict[str, Any]:
    return {"type": "circuit", "qubits": qubits, "blocks": blocks, "measure": measure}


def made(blocks: list[Any], measure: dict[str, Any], sample: list[float] = ROW, qubits: int = 4) -> Model:
    return loaded({"qsac": 1, "steps": [circuit(blocks, measure, qubits)]}, sample)


def sizes(compiled: Compiled) -> set[int]:
    return {len(one.qubits) for one in compiled.circuits}


@pytest.mark.parametrize("name", KEEPS)
@pytest.mark.parametrize("measure", [PROBABILITIES, {"type": "pauli", "observables": ["ZIIZ", "IZII", "ZZZI"]}])
def test_what_keeps_states_unary_takes_two_qubits_for_four(name: str, measure: dict[str, Any]) -> None:
    model = made([UNARY, *KEEPS[name]], measure)
    compiled = agrees(model, "h2")
    assert sizes(compiled) == {2}
    assert [one.two_qubit_gates for one in compiled.circuits] == [1]
    kept = made([KEPT, *KEEPS[name]], measure)
    assert np.array_equal(model.trace.output, kept.trace.output)
    assert qsac.run(compiled).values["outputs"][0] == pytest.approx(model.trace.output[0], abs=1e-9)


@pytest.mark.parametrize("name", LEAVES)
def test_what_leaves_them_stays_as_it_is(name: str) -> None:
    model = made([UNARY, *LEAVES[name]], PROBABILITIES)
    step = model.steps[0]
    assert isinstance(step, CircuitOf)
    assert unary_of(step.measured.circuit) is None


def test_a_load_stays_unary_where_that_is_preferred() -> None:
    compiled = agrees(made([KEPT, pyramid()], PROBABILITIES), "h2")
    assert sizes(compiled) == {4}
    canonical = made([UNARY], PROBABILITIES).canonical["steps"][0]["blocks"][0]
    assert canonical == UNARY
    assert made([KEPT], PROBABILITIES).canonical["steps"][0]["blocks"][0] == KEPT


def test_other_bases_stay_and_groups_are_decided_one_by_one() -> None:
    observables = {"type": "pauli", "observables": ["ZZII", "XXII"]}
    compiled = agrees(made([UNARY, pyramid()], observables), "h2")
    assert [len(one.qubits) for one in compiled.circuits] == [2, 4]


def test_some_of_the_qubits_and_numbers_that_are_no_power_of_two() -> None:
    """Three loaded of five qubits, four of them turned, and one that is not touched among those measured."""
    blocks = [{**UNARY, "qubits": [3, 0, 1]}, {**pyramid(), "qubits": [0, 4, 1, 3]}]
    compiled = agrees(made(blocks, {"type": "probabilities", "qubits": [2, 4, 0]}, ROW[:3], 5), "h2")
    assert sizes(compiled) == {2}
    padded = agrees(made([UNARY, pyramid()], PROBABILITIES, [*ROW, -0.2], 5), "h2")
    assert sizes(padded) == {3}


# Scores


def scored(score: str, query: list[Any], key: list[Any], *, qubits: int = 4) -> Model:
    state = {"qubits": qubits, "measure": {"type": "state"}}
    attention = {
        "type": "measured",
        "query": {**state, "blocks": query},
        "key": {**state, "blocks": key},
        "score": {"type": score},
        "value": {"type": "identity"},
    }
    sample = np.random.default_rng(5).normal(size=(2, qubits)).tolist()
    return loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]}, sample)


PHASED = [gates(["rz", [1], 0.4], ["xx", [0, 2], 0.6], ["yy", [0, 2], 0.6])]


@pytest.mark.parametrize("score", ["overlap-squared", "overlap-real"])
@pytest.mark.parametrize("key", [[pyramid()], PHASED], ids=["real", "complex"])
def test_scores_of_unary_states(score: str, key: list[Any]) -> None:
    compiled = agrees(scored(score, [UNARY, pyramid(7)], [UNARY, *key]), "h2")
    assert sizes(compiled) == {2 if score == "overlap-squared" else 3}


def test_one_that_stays_keeps_the_other() -> None:
    compiled = agrees(scored("overlap-squared", [UNARY], [KEPT, pyramid()]), "h2")
    assert sizes(compiled) == {4}


def test_gates_of_both_forms() -> None:
    """A loader takes d - 1 - n gates, of real numbers, in place of 2d - 3, and a pyramid none in place of d(d - 1)."""
    found = []
    for load in (UNARY, KEPT):
        compiled = qsac.compile(scored("overlap-squared", [load], [load, pyramid()]), "h2", verify=False)
        found.append(max(one.two_qubit_gates for one in compiled.circuits))
        stated = compiled.stats.get("unary_states")
        assert stated == (None if load is KEPT else {"0": {"score": {"amplitudes": 4, "qubits": 2}}})
    assert found[0] <= 2
    assert found[1] >= 12


# Bindings, and what is learned


def test_samples_are_bindings_of_one_template() -> None:
    model = loaded({"qsac": 1, "steps": [circuit([UNARY, pyramid()], {"type": "pauli", "each": "Z"})]})
    samples = np.random.default_rng(2).normal(size=(3, 4))
    wanted = traced(model, samples).output
    found = qsac.run(model, inputs=samples.tolist(), target="h2")
    assert np.array(found.values["outputs"]) == pytest.approx(wanted, abs=1e-9)
    counted = qsac.run(model, inputs=samples.tolist(), target="h2", shots=4000, seed=3)
    assert np.array(counted.values["outputs"]) == pytest.approx(wanted, abs=0.1)
    errors = np.array(counted.value_errors["outputs"])
    assert (np.abs(np.array(counted.values["outputs"]) - wanted) <= 5 * errors + 1e-3).all()


def test_what_a_template_binds_is_what_a_compilation_makes() -> None:
    model = made([UNARY, pyramid(), *PHASED], PROBABILITIES)
    template = qsac.template(model, "h2")
    other = {"steps.0.blocks.1.parameters": np.linspace(-1, 1, 6), "sample": np.array([0.0, 0.0, 1.0, 0.0])}
    bound = template.bind(parameters=other)
    assert bound.verified is not None
    assert sizes(bound) == {2}


def test_an_estimate_counts_what_is_compiled() -> None:
    found = qsac.estimate(made([UNARY, pyramid()], PROBABILITIES), target="h2").counts
    assert (found["two_qubit_gates"], found["qubits"]) == (1, 2)
