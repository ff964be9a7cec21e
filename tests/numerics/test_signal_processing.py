"""Polynomials that walks apply, and their phases."""

import numpy as np
import pytest

from qsac.numerics import bounded_polynomials
from qsac.numerics.bounded_polynomials import CAP, best_polynomial, inverse_polynomial, spaced, threshold_polynomial
from qsac.numerics.signal_processing import RESIDUAL, phases_of, signal, walk_angles

POINTS = np.linspace(0.0, 1.0, 3001)

ERRORS = {
    (0.6, 0.4): {8: 0.119, 12: 0.027, 16: 0.011, 20: 0.0042, 24: 0.0014},
    (0.6, 0.3): {8: 0.224, 12: 0.081, 16: 0.042, 20: 0.021, 24: 0.0091},
    (0.6, 0.2): {8: 0.394, 12: 0.212, 16: 0.139, 20: 0.086, 24: 0.049},
    (0.8, 0.2): {8: 0.237, 12: 0.126, 16: 0.069, 20: 0.032, 24: 0.013},
}
"""By threshold and margin, and by degree; told to two or three digits, for |P| <= 1 where here it is 1 - 1e-4."""


@pytest.mark.parametrize(("threshold", "margin"), ERRORS)
def test_thresholds(threshold: float, margin: float) -> None:
    for degree, wanted in ERRORS[threshold, margin].items():
        found = threshold_polynomial(degree, threshold, margin)
        assert found.error == pytest.approx(wanted, rel=0.03, abs=2e-4)
        values = found(POINTS)
        assert np.abs(values).max() < 1.0
        assert np.abs(values[threshold - margin / 2 >= POINTS] - 1).max() < found.error * 1.01
        assert np.abs(values[threshold + margin / 2 <= POINTS] + 1).max() < found.error * 1.01
        np.testing.assert_allclose(found(-POINTS), values, atol=1e-12)


@pytest.mark.parametrize("degree", [2, 7, 12, 31, 48])
def test_phases(degree: int) -> None:
    """Re P is the polynomial everywhere, not at the points alone that decide it."""
    if degree % 2:
        polynomial, _ = inverse_polynomial(degree, 3.0)
    else:
        polynomial = threshold_polynomial(degree, 0.6, 0.4)
    phases, residual = phases_of(polynomial)
    assert residual < RESIDUAL
    assert len(phases) == degree + 1
    np.testing.assert_array_equal(phases, phases[::-1])
    found = signal(phases, POINTS)
    np.testing.assert_allclose(found.real, polynomial(POINTS), atol=1e-12)
    assert np.abs(found).max() < 1 + 1e-12


def test_reflections_make_the_same_polynomial() -> None:
    """The walk of R = [[s, c], [c, -s]] with projector phases is (-i)^D times P."""
    phases, _ = phases_of(threshold_polynomial(8, 0.6, 0.4))
    angles = walk_angles(phases)
    for s in (0.0, 0.3, 0.9, 1.0):
        c = np.sqrt(1 - s**2)
        state = np.array([1.0, 0.0], dtype=complex)
        for place, angle in enumerate(angles[::-1]):
            if place:
                state = np.array([[s, c], [c, -s]]) @ state
            state = np.exp(1j * angle * np.array([1, -1])) * state
        assert state[0] == pytest.approx((-1j) ** 8 * signal(phases, np.array([s]))[0], abs=1e-12)


def test_inverses() -> None:
    """The error falls by (kappa - 1) / (kappa + 1) in two degrees."""
    for condition in (2.7, 4.5):
        errors = [inverse_polynomial(degree, condition)[0].error for degree in (5, 9)]
        ratio = (condition - 1) / (condition + 1)
        assert (errors[1] / errors[0]) ** 0.5 == pytest.approx(ratio, abs=0.1)


@pytest.mark.parametrize(("degree", "condition", "rounds"), [(31, 1.5, 4), (61, 3.0, 4), (31, 1.5, 0), (61, 3.0, 0)])
def test_polynomials_are_bounded_between_the_points(
    degree: int, condition: float, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Solved once with points of the programme alone these exceed 1, and have no phases; without any round the bound is
    that of many points."""
    few = inverse_polynomial(degree, condition)[0]
    monkeypatch.setattr(bounded_polynomials, "_ROUNDS", rounds)
    found, factor = inverse_polynomial(degree, condition)
    assert np.abs(found(np.cos(np.linspace(0, np.pi / 2, 50_001)))).max() < 1 - 4e-5
    assert phases_of(found)[1] < RESIDUAL
    between = np.linspace(1 / condition, 1.0, 20_001)
    assert np.abs(found(between) / factor - 1 / between).max() == pytest.approx(found.error, rel=0.02)
    assert found.error < 2 * few.error + 1e-7


def test_degrees_and_the_cap() -> None:
    assert np.abs(threshold_polynomial(40, 0.5, 0.5)(POINTS)).max() == pytest.approx(CAP, abs=1e-6)
    with pytest.raises(ValueError, match="degree 130"):
        best_polynomial(130, spaced(0, 1), spaced(0, 1))
