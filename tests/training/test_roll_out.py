"""Roll-outs by a NumPy loop, phases that go with the context, and baselines."""

from typing import Any

import numpy as np
import pytest

from qsac.training.roll_out import (
    compared,
    expectations,
    fidelities,
    least_squares,
    phase_from_context,
    rolled,
)

States = np.ndarray[Any, Any]


def _evolutions(count: int, length: int, dimension: int = 4, *, real: bool = False) -> States:
    """Trajectories (count, length, d) of random unitaries, each with its own."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(count):
        matrix = rng.normal(size=(dimension, dimension)) + (0 if real else 1j * rng.normal(size=(dimension, dimension)))
        unitary = np.linalg.qr(matrix)[0]
        state = unitary[0] + 0.3 * unitary[1]
        states = [state / np.linalg.norm(state)]
        for _ in range(length - 1):
            states.append(unitary @ states[-1])
        found.append(states)
    return np.array(found)


def _turned(context: States) -> States:
    """The next state of a model that errs in the phase alone."""
    return least_squares(context) * np.exp(0.7j)


def test_predictions_are_fed_back() -> None:
    sequences = _evolutions(3, 9)

    def shortened(context: States) -> States:
        found = context[:, -1] + 0.5 * context[:, -2] + 0.1j * context[:, 0]
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    found = rolled(sequences, 4, shortened)
    for number, sequence in enumerate(sequences):
        known = list(sequence)
        for step in range(4):
            state = known[-1] + 0.5 * known[-2] + 0.1j * known[0]
            known.append(state / np.linalg.norm(state))
            assert found[number, step] == pytest.approx(known[-1], abs=1e-12)


@pytest.mark.parametrize("real", [False, True])
def test_least_squares_is_exact_for_an_evolution(real: bool) -> None:
    sequences = _evolutions(4, 14, real=real)
    assert fidelities(sequences[:, 8:], rolled(sequences[:, :8], 6, least_squares)) == pytest.approx(1, abs=1e-9)


def test_the_phase_of_the_context_is_that_of_the_evolution() -> None:
    sequences = _evolutions(5, 12)
    context, true = sequences[:, :8], sequences[:, 8:]
    lost = rolled(context, 4, _turned)
    kept = rolled(context, 4, _turned, "context")
    assert np.abs(kept - true).max() < 1e-8
    assert np.abs(lost - true).max() > 0.5


def test_the_phase_of_real_tokens_is_a_sign() -> None:
    sequences = _evolutions(6, 9, real=True)
    state = sequences[:, 8] * np.array([1, -1, 1, -1, -1, 1])[:, None]
    factor = phase_from_context(sequences[:, :8], sequences[:, :8], state)
    assert factor.dtype == np.float64
    assert factor.tolist() == [1, -1, 1, -1, -1, 1]


def test_a_context_of_one_token_says_nothing_of_phases() -> None:
    sequences = _evolutions(2, 2)
    factor = phase_from_context(sequences[:, :1], sequences[:, :1], sequences[:, 1])
    assert factor == pytest.approx(1)


def test_what_is_compared() -> None:
    sequences = _evolutions(3, 10)
    context, true = sequences[:, :8], sequences[:, 8:]
    observable = np.diag([1.0, 1, -1, -1])
    states = rolled(context, 2, lambda known: known[:, -1])
    found = compared(context, states, true, {"m": observable}, "model")
    assert found.fidelity is not None
    assert found.persistence is not None
    assert found.fidelity == pytest.approx(found.persistence)
    for number in range(3):
        for step in range(2):
            overlap = abs(np.vdot(true[number, step], context[number, -1])) ** 2
            assert found.persistence[number, step] == pytest.approx(overlap)
    seen = found.observables["m"]
    wanted = np.abs(expectations(true, observable) - expectations(context[:, -1:], observable)).mean()
    assert seen.error("persistence") == pytest.approx(wanted)
    assert seen.error("predicted") == pytest.approx(wanted)
    assert seen.known.shape == (3, 8)


def test_without_the_truth_nothing_is_compared() -> None:
    sequences = _evolutions(2, 6)
    found = compared(sequences, rolled(sequences, 2, least_squares), None, {"m": np.eye(4)}, "model")
    assert found.fidelity is None
    assert found.observables["m"].error("predicted") is None
