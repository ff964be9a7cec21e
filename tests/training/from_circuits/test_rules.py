"""Shift rules against derivatives of trigonometric polynomials."""

import numpy as np
import pytest

from qsac.training.from_circuits.rules import FOUR, TWO, Rule, spread


@pytest.mark.parametrize(("rule", "frequencies"), [(TWO, (1.0,)), (FOUR, (0.5, 1.0))])
def test_rules_are_exact(rule: Rule, frequencies: tuple[float, ...]) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        constant, *parts = rng.normal(size=1 + 2 * len(frequencies))
        cosines, sines = np.array(parts[::2]), np.array(parts[1::2])
        speeds = np.array(frequencies)
        shifted = [constant + cosines @ np.cos(speeds * t) + sines @ np.sin(speeds * t) for t, _ in rule]
        found = sum(weight * value for (_, weight), value in zip(rule, shifted, strict=True))
        assert found == pytest.approx(sines @ speeds, abs=1e-14)


def test_two_values_do_not_do_for_half_frequencies() -> None:
    assert sum(weight * np.sin(t / 2) for t, weight in TWO) != pytest.approx(0.5, abs=0.1)


def test_spread() -> None:
    assert spread(TWO) == pytest.approx(0.5)
    assert spread(FOUR) == pytest.approx(0.375)
