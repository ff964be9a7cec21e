"""Real states from shots, signs included."""

import numpy as np
import pytest

from qsac.numerics.tomography import accepted_shots, estimated, split, turned_probabilities


def _error(dimension: int, shots: int, draws: int) -> float:
    """The 95% quantile of the largest error of a component, of Gaussian states."""
    rng, qubits, errors = np.random.default_rng(4), dimension.bit_length() - 1, []
    for _ in range(draws):
        state = rng.normal(size=dimension)
        state /= np.linalg.norm(state)
        straight, each = split(shots, qubits)
        basis = rng.multinomial(straight, state**2).astype(float)
        shares = [turned_probabilities(state, qubit) for qubit in range(qubits)]
        turned = [rng.multinomial(each, p / p.sum()).astype(float) for p in shares]
        values = estimated(basis, turned).values
        errors.append(np.abs(values * np.sign(values @ state) - state).max())
    return float(np.quantile(errors, 0.95))


@pytest.mark.parametrize(("dimension", "shots", "error"), [(8, 4000, 0.033), (32, 3500, 0.04), (32, 16000, 0.019)])
def test_errors_are_those_of_the_table(dimension: int, shots: int, error: float) -> None:
    assert _error(dimension, shots, 80) < error


def test_planned_shots_do() -> None:
    for dimension, error in ((4, 0.05), (8, 0.04), (16, 0.05)):
        assert _error(dimension, accepted_shots(dimension, error), 60) < error


def test_exact_probabilities_give_the_state() -> None:
    rng = np.random.default_rng(0)
    for dimension in (2, 4, 8, 16):
        state = rng.normal(size=dimension)
        state /= np.linalg.norm(state)
        turned = [turned_probabilities(state, qubit) for qubit in range(dimension.bit_length() - 1)]
        found = estimated(state**2, turned)
        np.testing.assert_allclose(found.values * np.sign(found.values @ state), state, atol=1e-12)
        assert found.undetermined == ()


def test_signs_that_nothing_tells_are_named() -> None:
    """|00> + |11>: no pair that differs in one qubit."""
    state = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    found = estimated(state**2, [turned_probabilities(state, qubit) for qubit in range(2)])
    assert found.undetermined == (3,)
    with pytest.raises(ValueError, match="no shot"):
        estimated(np.zeros(4), [np.zeros(4)] * 2)
