"""Schedules of searches that are not adaptive."""

import numpy as np
import pytest

from qsac.numerics.search_schedule import calls, conclusive, dearness, ideal_success, missed, schedule, success

SCHEDULES = {
    (8, 1): {2: 2},
    (8, 2): {1: 8},
    (8, 4): {0: 45},
    (16, 2): {1: 11},
    (64, 1): {6: 1},
    (64, 4): {1: 1, 2: 23},
    (1024, 4): {9: 16, 10: 8},
}


@pytest.mark.parametrize(("keys", "most"), SCHEDULES)
def test_known_schedules(keys: int, most: int) -> None:
    found = schedule(keys, most, 0.01)
    assert dearness(found) == dearness(SCHEDULES[keys, most])
    assert missed(found, keys, most) <= 0.01 * (1 + 1e-6)


def test_a_large_one() -> None:
    assert calls(schedule(4096, 4, 0.01)) == 458


@pytest.mark.parametrize(("keys", "most", "wanted"), [(8, 1, {1: 5}), (8, 2, {1: 10}), (16, 1, {0: 1, 2: 5})])
def test_an_oracle_that_loses(keys: int, most: int, wanted: dict[int, int]) -> None:
    assert dearness(schedule(keys, most, 0.01, loss=0.09)) == dearness(wanted)


def test_noise_takes_more_shots() -> None:
    costs = [dearness(schedule(16, 2, 0.01, error_free=e)) for e in (1.0, 0.9, 0.6, 0.2)]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]
    assert success(1, 8, 3, error_free=0.0) == pytest.approx(1 / 8)


def test_the_failure_is_kept() -> None:
    """Of draws by the probabilities of the model: at most as many rows miss a key as are allowed."""
    rng = np.random.default_rng(3)
    for keys, most in ((8, 2), (16, 2), (8, 3)):
        shots = schedule(keys, most, 0.02)
        lost = 0
        for _ in range(2000):
            found: set[int] = set()
            for rounds, number in shots.items():
                hits = rng.binomial(number, ideal_success(most, keys, rounds))
                found |= set(rng.integers(most, size=hits).tolist())
            lost += len(found) < most
        # Five standard deviations above 2%.
        assert lost <= 2000 * 0.02 + 5 * np.sqrt(2000 * 0.02)


@pytest.mark.parametrize(
    ("keys", "most", "known", "loss"), [(8, 2, 2, 0.0), (8, 2, 1, 0.09), (16, 1, 4, 0.05), (64, 2, 2, 0.02)]
)
def test_finding_nothing_says_something(keys: int, most: int, known: int, loss: float) -> None:
    """However many keys are marked, shots that all miss those that were not known are as rare as is asked. Those of a
    schedule for a few marked keys are not: some number of them is turned past."""

    def in_vain(shots: dict[int, int], marked: int) -> float:
        angle, others, found = np.arcsin(np.sqrt(marked / keys)), max(1, marked - known), 1.0
        for rounds, number in shots.items():
            amplitude = max(0.0, abs(np.sin((2 * rounds + 1) * angle)) - rounds * loss)
            found *= (1 - amplitude**2 * others / marked) ** number
        return float(found)

    shots = conclusive(keys, most, 0.005, known, loss=loss)
    assert len(set(shots.values())) == 1
    worst = max(in_vain(shots, marked) for marked in range(1, keys + 1))
    assert worst <= 0.005 * (1 + 1e-9)
    assert worst <= missed(shots, keys, most, loss=loss, known=known) * (1 + 1e-9) <= 0.005 * (1 + 1e-6)
    assert missed(shots, keys, most, loss=loss) <= 0.005 * (1 + 1e-6)
    few = schedule(keys, most, 0.005, loss=loss)
    assert max(in_vain(few, marked) for marked in range(1, keys + 1)) > 0.1


def test_the_bound_counts_what_is_there() -> None:
    assert missed({}, 8, 1) == 1.0
    assert missed({0: 1}, 2, 2) == 1.0
    assert missed({6: 1}, 64, 1) == pytest.approx(1 - ideal_success(1, 64, 6))
    assert schedule(1, 3, 0.01) == {0: 1}
