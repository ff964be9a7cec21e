"""Overlaps by maximum likelihood over echoes."""

import numpy as np
import pytest

from qsac.numerics.echo_estimation import Noise, echo, fibonacci, loads, most_likely, planned

ORDERS = fibonacci(21)


def _errors(
    orders: tuple[int, ...], shots: int, draws: int, noise: Noise | None = None, told: bool = True
) -> np.ndarray:
    """Of s = 2 overlap - 1, uniform, with the share of those within twice the error that was told appended."""
    rng = np.random.default_rng(2)
    errors, within = [], 0
    for s in rng.uniform(-1, 1, draws):
        shares = [echo((1 + s) / 2, k) for k in orders]
        if noise is not None:
            kept = [noise.kept**k for k in orders]
            shares = [f * p + (1 - f) * noise.floor for f, p in zip(kept, shares, strict=True)]
        hits = [rng.binomial(shots, p) for p in shares]
        counts = [shots] * len(orders)
        found = most_likely(orders, hits, counts, noise) if noise and told else most_likely(orders, hits, counts)
        errors.append(abs(2 * found.overlap - 1 - s))
        within += errors[-1] <= 2 * found.error
    return np.array([*sorted(errors), within / draws])


def test_errors_are_those_of_the_table() -> None:
    """rms 0.0040, 99% 0.011 to 0.014; the told intervals hold 99%."""
    *errors, within = _errors(ORDERS, 64, 400)
    assert np.sqrt(np.mean(np.square(errors))) < 0.0050
    assert np.quantile(errors, 0.99) < 0.017
    assert within > 0.97


def test_powers_of_two_have_blind_spots() -> None:
    fine, blind = (_errors(orders, 64, 300)[:-1] for orders in (fibonacci(13), (1, 2, 4, 8, 16)))
    assert np.quantile(blind, 0.99) > 3 * np.quantile(fine, 0.99)


def test_noise_is_taken_into_account() -> None:
    noise = Noise(0.999**3, 0.25)
    aware, blind = (_errors(ORDERS, 128, 250, noise, told)[:-1] for told in (True, False))
    assert np.sqrt(np.mean(np.square(aware))) < 0.0045
    assert np.sqrt(np.mean(np.square(blind))) > 1.2 * np.sqrt(np.mean(np.square(aware)))


def test_exact_shares_give_the_overlap() -> None:
    for overlap in (0.0, 0.1, 0.5, 0.93, 1.0):
        hits = [float(echo(overlap, k)) * 1e6 for k in ORDERS]
        assert most_likely(ORDERS, hits, [1e6] * len(ORDERS)).overlap == pytest.approx(overlap, abs=1e-6)


def test_plans_take_the_fewest_loads() -> None:
    assert fibonacci(13) == (1, 2, 3, 5, 8, 13)
    assert loads(ORDERS, 128) == 6784
    assert loads(*planned(0.008)) <= 7000
    assert planned(1.0) == (fibonacci(5), 64)
    assert planned(1.0, 200) == (fibonacci(5), 200)
    needed = [loads(*planned(error)) for error in (0.05, 0.02, 0.008, 0.002)]
    assert needed == sorted(needed)


@pytest.mark.parametrize("error", [0.04, 0.02, 0.012, 0.008, 0.005])
def test_plans_reach_their_error(error: float) -> None:
    """Of 4,000 uniform values about 99% are nearer (the number that are not has a standard deviation of 6)."""
    orders, shots = planned(error)
    rng = np.random.default_rng(5)
    s = rng.uniform(-1, 1, 4000)
    shares = np.stack([echo((1 + s) / 2, order) for order in orders], axis=1)
    hits = rng.binomial(shots, np.clip(shares, 0.0, 1.0))
    grid = np.linspace(0.0, np.pi / 2, 8001)
    given = np.stack([echo(np.cos(grid), order) for order in orders])
    ones, zeros = (np.log(np.clip(p, 1e-300, 1.0)) for p in (given, 1 - given))
    found = np.concatenate(
        [grid[(some @ ones + (shots - some) @ zeros).argmax(axis=1)] for some in np.array_split(hits, 16)]
    )
    assert np.mean(np.abs(2 * np.cos(found) - 1 - s) > error) < 0.0125
