"""Gradients of batches, as training asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.qsa.reading import read
from qsac.families.qsa.schema import ModelFile
from qsac.machine.registry import target
from qsac.training.from_circuits import work
from qsac.training.from_circuits.forecast import check_gradient
from qsac.training.from_circuits.parameter_shift import ParameterShift
from qsac.training.from_circuits.spsa import Spsa
from qsac.training.from_circuits.weights import Goal
from qsac.training.gradients import Estimate
from tests.cases import some
from tests.strategies import unitary_entries

Array = NDArray[np.float64]
PARAMETERS = {"angles": np.array([0.7, -0.4])}
WITH_KERNEL = {**PARAMETERS, "coefficients": np.array([0.3, 0.8])}
BATCH = np.random.default_rng(4).normal(size=(2, 3, 2))


def _read(fields: dict[str, Any]) -> Model:
    """The model of a file, without looking for families of other packages each time."""
    return read(ModelFile.model_validate(fields), fields, Path())


class Stub:
    """Quantum attention with two angles of V, and a kernel of two coefficients where they are learned; real tokens."""

    angles = ("angles",)

    def model(self, trained: Mapping[str, Any], sequence: NDArray[Any], name: str) -> Model:
        one, other = trained["angles"].tolist()
        value = {"type": "hardware-efficient", "rotations": ["ry", "rz"], "layers": 1, "parameters": [[[one, other]]]}
        kernel: dict[str, Any] = {"type": "monomial", "degree": 1}
        if "coefficients" in trained:
            kernel = {"type": "polynomial", "coefficients": trained["coefficients"].tolist()}
        attention = {"type": "overlap", "mask": "causal", "kernel": kernel, "value": value}
        attention |= {"score": {"type": "identity"}, "phases": "optimal"}
        tokens = {"type": "inline", "values": sequence.tolist()}
        return _read({"qsac": 1, "name": name, "tokens": tokens, "attention": attention})


LEARNER: Any = Stub()


def _loss(parameters: Mapping[str, Array], goal: Goal) -> float:
    """The mean of the closed form."""
    total = 0.0
    for sequence in BATCH:
        model = LEARNER.model(parameters, sequence, "closed")
        metrics = model.readout.closed_form(model).metrics
        total += metrics[goal.metric] - goal.success_weight * np.log(metrics["success_probability"])
    return total / len(BATCH)


def _gradient(parameters: Mapping[str, Array], goal: Goal) -> dict[str, Array]:
    found = {}
    for name, values in parameters.items():
        slopes = np.zeros(values.shape)
        for place in range(len(values)):
            for at, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
                moved = values.copy()
                moved[place] += 1e-3 * at
                slopes[place] += weight * _loss({**parameters, name: moved}, goal) / 12e-3
        found[name] = slopes
    return found


LOSS = Goal("loss")


def _shift(goal: Goal = LOSS, **options: Any) -> ParameterShift:
    return ParameterShift(LEARNER, lambda _step: goal, target(options.pop("on", "statevector")), seed=3, **options)


@pytest.mark.parametrize("goal", [Goal("loss", 0.3), Goal("cross_entropy")])
def test_the_mean_over_a_batch_and_its_gradient(goal: Goal) -> None:
    """Angles, and coefficients, which no table holds."""
    found = _shift(goal, fold=True).value_and_gradient(WITH_KERNEL, BATCH, 0)
    assert found.value == pytest.approx(_loss(WITH_KERNEL, goal), abs=1e-10)
    for name, slopes in _gradient(WITH_KERNEL, goal).items():
        np.testing.assert_allclose(found.gradient[name], slopes, atol=1e-6)
        assert np.abs(slopes).max() > 0.01
    assert found.facts["circuits"] == 2 * (1 + 2 * 3 + 2 * 2)
    assert found.facts["shots"] == 0


def test_coefficients_by_shots() -> None:
    found = _shift(shots=20_000, fold=True).value_and_gradient(WITH_KERNEL, BATCH[:1], 0)
    exact = _shift(fold=True).value_and_gradient(WITH_KERNEL, BATCH[:1], 0)
    off = np.concatenate([found.gradient[name] - exact.gradient[name] for name in exact.gradient])
    assert 0 < np.linalg.norm(off) < 4 * found.facts["gradient_error"] < 1


def test_shots_are_within_their_error_bars() -> None:
    shots = _shift(shots=4000)
    found = [shots.value_and_gradient(PARAMETERS, BATCH, step) for step in range(8)]
    exact = _gradient(PARAMETERS, LOSS)
    scaled = []
    for one in found:
        assert abs(one.value - _loss(PARAMETERS, LOSS)) < 4 * one.facts["value_error"]
        off = np.concatenate([one.gradient[name] - exact[name] for name in exact])
        scaled.append(float(off @ off) / one.facts["gradient_error"] ** 2)
        assert scaled[-1] < 16
        assert one.facts["shots"] == 4000 * one.facts["circuits"]
    assert 0.2 < np.mean(scaled) < 3  # 1 is expected: errors are neither too small nor too large


def test_numbers_depend_on_seed_and_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not on the number of processes, or on what was run before."""
    monkeypatch.setattr(work, "FEW", 1)
    monkeypatch.setattr(work, "CHUNK", 2)
    one, other = _shift(shots=500), _shift(shots=500, workers=2)
    first, second = (one.value_and_gradient(PARAMETERS, BATCH, step) for step in (1, 2))
    try:
        elsewhere = other.value_and_gradient(PARAMETERS, BATCH, 1)
        assert other.workers.started
    finally:
        other.close()
    again = one.value_and_gradient(PARAMETERS, BATCH, 1)
    assert first.value == again.value == elsewhere.value != second.value
    for name, values in first.gradient.items():
        np.testing.assert_array_equal(values, again.gradient[name])
        np.testing.assert_array_equal(values, elsewhere.gradient[name])


OPTIONS: list[dict[str, Any]] = [
    {"shots": 200, "on": "h2", "noise": True, "fold": True},
    {"shots": 300, "goal": Goal("cross_entropy")},
    {"fold": False, "goal": Goal("loss", 0.3)},
]


@pytest.mark.parametrize(("kind", "options"), some(product([ParameterShift, Spsa], OPTIONS), 2))
def test_workers_that_are_given_texts_give_the_same_numbers(kind: Any, options: dict[str, Any]) -> None:
    """Of angles and of a kernel, whose models have templates of their own; exact, by shots and with noise."""
    given = dict(options)
    goal, on = given.pop("goal", LOSS), target(given.pop("on", "statevector"))
    if kind is Spsa:
        given.pop("fold", None)
    with ThreadPoolExecutor(1) as executor:
        here, there = (
            kind(LEARNER, lambda _step: goal, on, seed=3, **given, **own) for own in ({}, {"executor": executor})
        )
        one, other = (found.value_and_gradient(WITH_KERNEL, BATCH, 2) for found in (here, there))
    assert not here.workers.started
    assert there.workers.started
    assert one.value == other.value
    assert one.facts == other.facts
    for name, values in one.gradient.items():
        np.testing.assert_array_equal(values, other.gradient[name])


def test_noise_is_simulated() -> None:
    found = _shift(on="h2", shots=400, noise=True, fold=True).value_and_gradient(PARAMETERS, BATCH[:1], 0)
    exact = _shift().value_and_gradient(PARAMETERS, BATCH[:1], 0)
    off = np.concatenate([found.gradient[name] - exact.gradient[name] for name in exact.gradient])
    assert np.linalg.norm(off) < 4 * found.facts["gradient_error"] + 0.1


def test_what_a_step_takes_is_said_before() -> None:
    facts = dict(_shift(shots=1000).facts(PARAMETERS, BATCH))
    assert facts["circuits a step"] == "10"
    assert facts["shots a step"] == "10,000, 1,000 of each circuit"
    told = float(facts["gradient's error"].split()[1].rstrip(","))
    # The first sequence speaks for all of them.
    found = _shift(shots=1000).value_and_gradient(PARAMETERS, np.repeat(BATCH[:1], 2, axis=0), 0)
    assert told == pytest.approx(found.facts["gradient_error"], rel=0.5)


def test_shots_that_resolve_nothing_are_refused() -> None:
    far = {"angles": np.array([3.0, 1.0])}
    with pytest.raises(InvalidInputError, match="do not resolve the loss") as caught:
        _shift(shots=1).facts(far, BATCH)
    assert caught.value.code == "train.unresolved-gradient"
    assert caught.value.wanted is not None
    assert "shots of each circuit" in caught.value.wanted
    # At a minimum there is no gradient to resolve: the first step is refused, a later one only says so.
    flat = ParameterShift(
        LEARNER, lambda _step: Goal("flat", reading=lambda result: 1.0), target("statevector"), shots=50
    )
    found = flat.value_and_gradient(PARAMETERS, BATCH, 1)
    assert found.facts["gradient_error"] == 0


def test_a_gradient_that_is_mostly_noise_is_refused() -> None:
    facts = {"signal": 1.1, "gradient_error": 0.2}
    with pytest.raises(InvalidInputError, match="do not resolve the gradient") as caught:
        check_gradient(Estimate(1.0, {}, facts), 1000)
    assert caught.value.wanted == "about 20,000 shots of each circuit"  # four times 1000 / (1.1^2 - 1)
    assert caught.value.found is not None
    assert "a gradient of length 0.22 with a standard error of 0.2" in caught.value.found
    check_gradient(Estimate(1.0, {}, {**facts, "signal": 1.5}), 1000)


def test_simultaneous_perturbation() -> None:
    """Its mean over directions is the gradient, up to the square of the step."""
    spsa = Spsa(LEARNER, lambda _step: LOSS, target("statevector"), seed=1)
    found = [spsa.value_and_gradient(PARAMETERS, BATCH, step) for step in range(12)]
    assert all(one.facts["circuits"] == 4 for one in found)
    exact = _gradient(PARAMETERS, LOSS)
    signs = np.array([np.sign(one.gradient["angles"]) for one in found])
    assert np.linalg.matrix_rank(signs) == 2
    slopes = np.array([signs[place] @ one.gradient["angles"] / 2 for place, one in enumerate(found)])
    # The gradient of which all slopes are the components along their directions.
    solved = np.linalg.lstsq(signs, slopes, rcond=None)[0]
    np.testing.assert_allclose(solved, exact["angles"], atol=0.05)
    counted = Spsa(LEARNER, lambda _step: LOSS, target("statevector"), seed=1, shots=1000)
    assert dict(counted.facts(PARAMETERS, BATCH))["circuits a step"] == "4"
    assert counted.value_and_gradient(PARAMETERS, BATCH, 0).facts["slope_error"] > 0


def test_an_ansatz_is_gates_where_that_takes_fewer_circuits() -> None:
    """Two angles of a gate take four circuits; the three Pauli strings of a table would take six."""
    goal, machine = (lambda _step: LOSS), target("statevector")
    counts = []
    for fold in (True, False, None):
        shift = ParameterShift(LEARNER, goal, machine, fold=fold)
        found = shift.value_and_gradient(PARAMETERS, np.concatenate([BATCH, BATCH[:, ::-1]], axis=1)[:1], 0)
        counts.append(found.facts["circuits"])
    assert counts[0] > counts[1] == counts[2] == 1 + 4


def test_a_matrix_beside_an_ansatz_stays_folded() -> None:
    """A matrix on two qubits is no gate of a template, so that the ansatz is not either."""

    class Mixed(Stub):
        def model(self, trained: Mapping[str, Any], sequence: NDArray[Any], name: str) -> Model:
            score = {"type": "matrix", "entries": unitary_entries(np.random.default_rng(0), 4)}
            parameters = [[[angle] for angle in trained["angles"].tolist()]]
            value = {"type": "hardware-efficient", "rotations": ["ry"], "layers": 1, "parameters": parameters}
            kernel = {"type": "monomial", "degree": 1}
            attention = {"type": "overlap", "mask": "causal", "kernel": kernel, "value": value, "score": score}
            tokens = {"type": "inline", "values": sequence.tolist()}
            return _read({"qsac": 1, "name": name, "tokens": tokens, "attention": attention})

    mixed: Any = Mixed()
    rows = np.random.default_rng(1).normal(size=(1, 3, 4))
    found = ParameterShift(mixed, lambda _step: LOSS, target("statevector")).value_and_gradient(PARAMETERS, rows, 0)
    folded = ParameterShift(mixed, lambda _step: LOSS, target("statevector"), fold=True)
    np.testing.assert_array_equal(
        found.gradient["angles"], folded.value_and_gradient(PARAMETERS, rows, 0).gradient["angles"]
    )


def test_targets_without_noise() -> None:
    with pytest.raises(InvalidInputError) as caught:
        _shift(noise=True)
    assert caught.value.code == "run.no-noise"
