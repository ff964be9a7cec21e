"""What measurements mean: outcomes that are drawn or made by hand, without a circuit."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qsac.families.outcomes import Index, Outcomes
from qsac.families.transformer.model import Model
from qsac.families.transformer.readouts.cross_entropy import cross_entropy
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.families.transformer.readouts.state_fidelity import StateFidelity
from tests.families.transformer.models import changed, loaded

WORDS = [[1, 0], [0, 1], [0.6, 0.8]]


def predicting(**readout: Any) -> tuple[Model, NextToken]:
    """The minimal model with targets, if its readout has no other positions."""
    given = {"type": "next-token", "vocabulary": WORDS, "positions": "targets", **readout}
    rows = [[0.8, 0.6], [0.6, -0.8], [0.3, 0.9]]
    model = loaded(changed("/tokens/embedding", rows, changed("/readout", given)))
    assert isinstance(model.readout, NextToken)
    return model, model.readout


def comparing() -> tuple[Model, StateFidelity]:
    given = {"type": "state-fidelity", "targets": [[1, 0.5], [0.5, 1], [1, 1], [1, 0]]}
    model = loaded(changed("/readout", given))
    assert isinstance(model.readout, StateFidelity)
    return model, model.readout


def sampled(exact: Outcomes, shots: int, rng: np.random.Generator) -> Outcomes:
    """Shots of a circuit whose index is measured."""
    assert exact.index is not None
    numbers = rng.multinomial(shots, [*exact.index.joint, 1 - exact.given])[:-1].astype(float)
    given = float(numbers.sum())
    return Outcomes(shots, given, {"predictions": given}, Index(numbers, numbers))


def drawn(expected: Mapping[str, Outcomes], shots: int, seed: int) -> dict[str, Outcomes]:
    rng = np.random.default_rng(seed)
    return {name: sampled(exact, shots, rng) for name, exact in expected.items()}


def test_the_outcomes_of_each_circuit_are_words() -> None:
    model, readout = predicting()
    expected = readout.expected(model)
    assert list(expected) == ["position-1", "position-2", "position-3"]
    for found, position in zip(expected.values(), readout.positions, strict=True):
        assert found.index is not None
        assert len(found.index.joint) == 1 << readout.index_qubits(model) == 4
        np.testing.assert_array_equal(found.index.joint, found.index.marginal)
        amplitudes = np.array(WORDS) @ model.outputs[position - 1]
        np.testing.assert_allclose(found.index.joint[:3] / found.given, amplitudes**2 / (amplitudes**2).sum())
        assert found.index.joint[3] == 0
        assert found.success == {"predictions": found.given}
        assert readout.branch(model, f"position-{position}", found) == found.given


def test_shots_spread_as_their_standard_errors_say() -> None:
    """300 runs of 400 shots: the spread of each metric is its standard error, to a fifth."""
    model, readout = predicting()
    expected, exact = readout.expected(model), readout.closed_form(model)
    results = [readout.result(model, drawn(expected, 400, seed)) for seed in range(300)]
    for name in ("cross_entropy", "perplexity", "success_probability"):
        values = np.array([result.metrics[name] for result in results])
        errors = np.array([result.standard_errors[name] for result in results])
        assert values.std() == pytest.approx(errors.mean(), rel=0.2), name
        bias = abs(values.mean() - (exact.metrics[name] or 0.0))
        assert bias < 0.5 * errors.mean(), name
    probabilities = np.array([[one["probabilities"] for one in result.values["predictions"]] for result in results])
    spreads = np.array([[one["probabilities"] for one in result.value_errors["predictions"]] for result in results])
    assert probabilities.std(axis=0) == pytest.approx(spreads.mean(axis=0), rel=0.25)


def test_the_error_of_a_logarithm() -> None:
    """sqrt((1 - P) / (P n)) for n accepted shots, in quadrature over the circuits."""
    index = Index(np.array([30.0, 70.0, 0, 0]), np.array([30.0, 70.0, 0, 0]))
    one = Outcomes(500, 100, {"predictions": 100}, index)
    found = cross_entropy({"a": one, "b": one}, {"targets": {"a": 0, "b": 1}, "words": 3})["cross_entropy"]
    assert found["value"] == pytest.approx(-(math.log(0.3) + math.log(0.7)) / 2)
    assert found["standard_error"] == pytest.approx(math.sqrt(0.7 / 30 + 0.3 / 70) / 2)
    assert found["perplexity"] == pytest.approx(math.exp(found["value"]))
    assert found["perplexity_error"] == pytest.approx(found["perplexity"] * found["standard_error"])
    assert found["warnings"] == []


def test_enough_shots_reach_the_error_that_was_asked_for() -> None:
    model, readout = predicting()
    expected = readout.expected(model)
    shots = readout.shots(model, expected, 0.02)
    assert shots is not None
    result = readout.result(model, drawn(expected, shots, 1))
    assert result.standard_errors["cross_entropy"] == pytest.approx(0.02, rel=0.1)


def test_without_targets_there_is_no_cross_entropy() -> None:
    model, readout = predicting(positions=[2, 4])
    assert readout.closed_form(model).metrics.keys() == {"success_probability"}
    assert readout.row_count(model, readout.closed_form(model)) == 6


def test_without_targets_shots_are_for_the_least_known_probability() -> None:
    model, readout = predicting(positions=[2, 4])
    assert readout.precise == "least known probability"
    expected = readout.expected(model)
    shots = readout.shots(model, expected, 0.01)
    assert shots is not None
    result = readout.result(model, drawn(expected, shots, 1))
    assert readout.reached(result) == pytest.approx(0.01, rel=0.1)
    spreads = [max(one["probabilities"]) for one in result.value_errors["predictions"]]
    assert readout.reached(result) == max(spreads)
    # Twice the error takes a quarter of the shots.
    assert readout.shots(model, expected, 0.02) == pytest.approx(shots / 4, abs=1)
    never = {name: replace(one, given=0.0, success={"predictions": 0.0}) for name, one in expected.items()}
    assert readout.shots(model, never, 0.01) is None
    missed = drawn(expected, 1000, 1) | {"position-4": Outcomes(1000, 0, {"predictions": 0}, Index(*np.zeros((2, 4))))}
    assert readout.reached(readout.result(model, missed)) is None


def test_values_that_are_no_word_are_left_out() -> None:
    model, readout = predicting()
    expected = drawn(readout.expected(model), 1000, 2)
    plain = readout.result(model, expected)
    first = expected["position-1"]
    assert first.index is not None
    noisy = first.index.joint + np.array([0, 0, 0, 50.0])
    expected["position-1"] = Outcomes(1050, first.given + 50, {"predictions": first.given + 50}, Index(noisy, noisy))
    found = readout.result(model, expected)
    assert found.values["predictions"][0]["probabilities"] == plain.values["predictions"][0]["probabilities"]
    assert found.metrics["cross_entropy"] == plain.metrics["cross_entropy"]
    assert any("position 1" in warning and "no word" in warning for warning in found.warnings)
    assert plain.warnings == ()


def test_what_shots_do_not_resolve_is_null_with_a_warning() -> None:
    model, readout = predicting()
    seen = drawn(readout.expected(model), 1000, 3)
    never = np.zeros(4)
    seen["position-2"] = Outcomes(1000, 0, {"predictions": 0}, Index(never, never))
    found = readout.result(model, seen)
    assert found.values["predictions"][1]["probabilities"] == [None] * 3
    assert found.value_errors["predictions"][1]["probabilities"] == [None] * 3
    assert found.metrics["cross_entropy"] is None
    assert found.standard_errors["perplexity"] is None
    assert len(found.warnings) == 2
    missed = np.array([10.0, 0, 0, 0])
    seen["position-2"] = Outcomes(1000, 10, {"predictions": 10}, Index(missed, missed))
    (warning,) = readout.result(model, seen).warnings
    assert "none of 10 accepted shots of position 2 gave the word 2" in warning


def test_rows_name_words_by_their_labels() -> None:
    given = changed("/tokens/labels", ["the", "cat", "line\n"])
    model = loaded(changed("/readout/positions", "targets", given))
    result = model.readout.closed_form(model)
    labels = [label for label, _ in model.readout.rows(model, result)]
    assert labels[:5] == ["cross_entropy", "perplexity", "P(the | 1)", "P(cat | 1)", "P(line\\n | 1)"]
    assert len(labels) == model.readout.row_count(model, result)


def test_deviations_are_those_of_loss_and_success() -> None:
    model, readout = predicting()
    expected = readout.expected(model)
    assert readout.deviation(model, expected) == {"loss_deviation": 0.0, "success_probability_deviation": 0.0}
    smaller = {
        name: replace(found, given=found.given / 4, index=Index(found.index.marginal / 4, found.index.joint / 4))
        for name, found in expected.items()
        if found.index is not None
    }
    found = readout.deviation(model, smaller)
    assert found["loss_deviation"] == pytest.approx(0, abs=1e-12)
    assert found["success_probability_deviation"] == pytest.approx(-0.75)
    twice = {name: replace(one, subnormalisation=2.0) for name, one in smaller.items()}
    assert readout.deviation(model, twice)["success_probability_deviation"] == pytest.approx(0)


def test_fidelity_of_shots() -> None:
    """200 runs of 2,000 shots: the spread of each metric is its standard error, to a fifth."""
    model, readout = comparing()
    exact, wanted = readout.expected(model)["fidelity"], readout.closed_form(model)
    rng = np.random.default_rng(0)
    results = []
    for _ in range(200):
        fidelity, token, given = exact.success["fidelity"], exact.success["token_fidelity"], exact.given
        numbers = rng.multinomial(2000, [fidelity, token - fidelity, given - token, 1 - given])
        reached = np.cumsum(numbers).astype(float)
        seen = Outcomes(2000, reached[2], {"fidelity": reached[0], "token_fidelity": reached[1]})
        results.append(readout.result(model, {"fidelity": seen}))
    for name in results[0].metrics:
        values = np.array([result.metrics[name] for result in results])
        errors = np.array([result.standard_errors[name] for result in results])
        assert values.std() == pytest.approx(errors.mean(), rel=0.2), name
        assert values.mean() == pytest.approx(wanted.metrics[name], abs=0.5 * errors.mean()), name
    assert results[0].metrics.keys() == {"fidelity", "token_fidelity", "loss", "success_probability"}


def test_fidelity_without_success() -> None:
    model, readout = comparing()
    none = Outcomes(100, 0, {"fidelity": 0, "token_fidelity": 0})
    found = readout.result(model, {"fidelity": none})
    assert found.metrics["loss"] is None
    assert "none of 100 shots were accepted" in found.warnings[0]
    some = Outcomes(100, 10, {"fidelity": 0, "token_fidelity": 2})
    found = readout.result(model, {"fidelity": some})
    assert (found.metrics["token_fidelity"], found.metrics["loss"]) == (0.2, None)
    assert "at least" in found.warnings[0]


def test_the_index_of_the_fidelity_is_the_position() -> None:
    model, readout = comparing()
    found = readout.expected(model)["fidelity"]
    assert found.index is not None
    assert found.index.marginal.sum() == pytest.approx(found.given)
    assert found.index.joint.sum() == pytest.approx(found.success["token_fidelity"])
    lengths = (np.abs(model.outputs) ** 2).sum(axis=1)
    np.testing.assert_allclose(found.index.marginal / found.given, lengths / lengths.sum())
    assert readout.shots(model, {"fidelity": found}, 0.1) == math.ceil(
        (1 - found.share("fidelity")) / (found.share("fidelity") * found.given * 0.01)
    )


def test_influence_is_the_derivative() -> None:
    """A bit string that is a little more frequent moves each metric by its influence, whose sign does not matter."""
    model, readout = comparing()
    exact = replace(readout.expected(model)["fidelity"], exact=False, index=None)
    step = 1e-6
    weights = {"given": 1.0, "fidelity": 0.0, "token_fidelity": 1.0}
    moved = Outcomes(
        1.0,
        exact.given * (1 - step) + step,
        {
            "fidelity": exact.success["fidelity"] * (1 - step),
            "token_fidelity": exact.success["token_fidelity"] + step * (1 - exact.success["token_fidelity"]),
        },
    )
    before, after = (readout.result(model, {"fidelity": one}).metrics for one in (exact, moved))
    for name, value in before.items():
        assert value is not None
        numbers = {key: np.array([number]) for key, number in weights.items()}
        influence = readout.influence(name, value, {"fidelity": exact}, numbers)
        base = {"fidelity": 0, "loss": 0, "token_fidelity": 0}.get(name, value)
        moved_by = abs((after[name] or 0.0) - value) / step
        assert moved_by == pytest.approx(abs(influence[0] - base), rel=1e-3, abs=1e-3), name
