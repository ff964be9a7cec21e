"""Bounded kernels by walks: what the angles do to a score, by products of 2 x 2 matrices."""

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.numerics.bounded_polynomials import CAP, threshold_polynomial
from qsac.numerics.kernel_walks import KernelWalk, NoWalkError, WalkPart, kernel_walk
from tests.cases import seeds


def _walked(walk: KernelWalk, part: WalkPart, odd: bool, score: float) -> float:
    """What a part multiplies a score's state by, times its bound: the real part."""
    other = np.sqrt(1 - score**2)
    use = np.array([[score, other], [other, -score]])
    state = np.array([1.0, 0.0], dtype=complex)
    for place in range(walk.uses - (walk.uses % 2 != odd)):
        state = use @ state
        if place < len(part.angles):
            state = state * np.exp(1j * part.angles[place] * np.array([1, -1]))
    return float((np.exp(1j * part.last) * state[0]).real * part.bound)


def _of(walk: KernelWalk, score: float) -> float:
    parts = ((False, walk.even), (True, walk.odd))
    return sum(_walked(walk, part, odd, score) for odd, part in parts if part is not None)


def _largest(coefficients: NDArray[np.float64]) -> float:
    return float(np.abs(np.polynomial.polynomial.polyval(np.linspace(-1, 1, 20001), coefficients)).max())


def test_generated_kernels() -> None:
    mixed = 0
    for seed in seeds(100, one_of=4):
        rng = np.random.default_rng(seed)
        coefficients = rng.normal(size=int(rng.integers(2, 14))) * rng.choice([0.01, 1.0, 50.0])
        if rng.random() < 0.5:
            coefficients[len(coefficients) % 2 :: 2] = 0
        walk = kernel_walk(tuple(coefficients.tolist()))
        mixed += len(walk.parts) == 2
        size = np.abs(coefficients).sum()
        for score in (-1.0, -0.4, 0.0, 0.3, 0.9, 1.0):
            wanted = np.polynomial.polynomial.polyval(score, coefficients)
            assert _of(walk, score) == pytest.approx(wanted, abs=1e-12 * size)
        powers = np.arange(len(coefficients)) % 2
        largest = sum(_largest(np.where(powers == parity, coefficients, 0)) for parity in (0, 1))
        assert largest <= walk.bound * (1 + 1e-12)
        assert walk.bound <= largest / CAP * (1 + 1e-6)
    assert mixed > 5


def test_a_threshold_of_many_terms() -> None:
    """Degree 20: coefficients that sum to 7 10^4, and a bound of 1."""
    polynomial = threshold_polynomial(20, 0.6, 0.3)
    terms = -polynomial.coefficients / 2
    terms[0] += 0.5
    coefficients = np.polynomial.chebyshev.cheb2poly(terms)
    coefficients[1::2] = 0
    walk = kernel_walk(tuple(coefficients.tolist()))
    assert np.abs(coefficients).sum() > 5e4
    assert 0.99 < walk.bound < 1.03
    for score in (0.2, 0.44, 0.6, 0.76, 1.0):
        assert _of(walk, score) == pytest.approx((1 - polynomial(np.array(score))) / 2, abs=1e-10)


def test_what_double_precision_does_not_hold() -> None:
    coefficients = np.polynomial.chebyshev.cheb2poly(np.eye(33)[32])
    with pytest.raises(NoWalkError, match="double precision"):
        kernel_walk(tuple(coefficients.tolist()))
