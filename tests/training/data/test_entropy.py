"""The floor that a vocabulary has in a dimension: water-filling, against what it is the least of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.families.learning import Given
from qsac.training.data.contract import Data
from qsac.training.data.entropy import entropy, floor, least_cross_entropy, said_of_floor


@given(st.integers(0, 2**32), st.integers(2, 60), st.floats(0.05, 5))
def test_the_floor_is_that_of_its_own_frame_and_no_other_is_lower(seed: int, words: int, concentration: float) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(words, concentration))
    shares[rng.random(words) < 0.2] = 0
    if shares.sum() == 0:
        return
    shares /= shares.sum()
    dimension = int(rng.integers(1, words))
    found = least_cross_entropy(shares, dimension)
    shares = shares[shares > 0]
    if len(shares) <= dimension:
        assert found == 0
        return
    # The squared lengths of the best frame: min(1, c p), with ln c by bisection.
    low, high = -800.0, 800.0
    for _ in range(200):
        middle = (low + high) / 2
        too_large = np.exp(np.minimum(0, middle + np.log(shares))).sum() > dimension
        low, high = (low, middle) if too_large else (middle, high)
    assert found == pytest.approx(-(shares * np.minimum(0, low + np.log(shares))).sum(), abs=1e-9)
    for _ in range(20):
        other = rng.dirichlet(np.full(len(shares), rng.choice([0.3, 1, 10]))) * dimension
        if other.max() <= 1:
            assert -(shares * np.log(np.maximum(other, 1e-300))).sum() >= found - 1e-9


def test_special_cases() -> None:
    even = np.full(64, 1 / 64)
    assert least_cross_entropy(even, 16) == pytest.approx(np.log(4))
    assert least_cross_entropy(even, 64) == 0
    assert least_cross_entropy(np.array([0.5, 0.5, 0, 0]), 2) == 0
    assert entropy(even) == pytest.approx(np.log(64))
    assert entropy(np.array([1.0, 0.0])) == 0
    assert least_cross_entropy(np.array([1.0, 0.0]), 1) == 0


def test_the_floor_holds_for_parseval_frames() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(12, 0.7))
    found = least_cross_entropy(shares, 5)
    for _ in range(50):
        frame = np.linalg.qr(rng.normal(size=(12, 5)) + 1j * rng.normal(size=(12, 5)))[0]
        np.testing.assert_allclose(frame.conj().T @ frame, np.eye(5), atol=1e-12)
        states = frame / np.linalg.norm(frame, axis=1, keepdims=True)  # each word foreseen as well as can be
        probabilities = (np.abs(np.einsum("le,le->l", frame.conj(), states))) ** 2
        assert -(shares * np.log(probabilities)).sum() >= found


def test_what_is_said_of_it() -> None:
    words = np.zeros((1, 2), dtype=np.int64)
    labels = tuple(map(str, range(128)))
    data = Data(words, words.copy(), Given(2, None, labels=labels), shares=np.full(128, 1 / 128))
    assert floor(data, 16) == pytest.approx(np.log(8))
    facts, warnings = said_of_floor(data, 16)
    assert "2.08 nats" in dict(facts)["floor"]
    (warning,) = warnings
    assert "too large for 16 entries" in warning
    assert "above 2.08 nats a word" in warning
    assert "give 4.85" in warning
    assert said_of_floor(data, 64)[1] == []
    assert said_of_floor(data, 128) == ([("floor", said_of_floor(data, 128)[0][0][1])], [])
    assert floor(data, 128) == 0
    states = np.ones((1, 2, 1))
    assert floor(Data(states, states, Given(2, 1)), 4) is None
    assert said_of_floor(Data(states, states, Given(2, 1)), 4) == ([], [])
