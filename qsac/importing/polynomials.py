"""Polynomials in place of functions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from qsac.importing.original import Real

GRID = 2001
"""Places of an interval at which functions and their polynomials are compared."""


def fitted(function: Callable[[Real], Real], degree: int, limit: float) -> tuple[float, ...]:
    """c_0..c_p of the polynomial of least squares on [-limit, limit].

    Terms that are rounding errors are zero, and zeros after the last other term are left out.
    """
    grid = np.linspace(-limit, limit, GRID)
    series = np.polynomial.Chebyshev.fit(grid, function(grid), degree, domain=[-limit, limit])
    powers = np.array(series.convert(kind=np.polynomial.Polynomial).coef)
    sizes = np.abs(powers) * limit ** np.arange(len(powers))
    powers[sizes < 1e-12 * sizes.max()] = 0
    return tuple(float(number) for number in np.trim_zeros(powers, "b"))


def taylor(temperature: float, degree: int) -> tuple[float, ...]:
    """c_p = temperature^p / p!, p = 0..degree: the beginning of the series of exp(temperature s)."""
    return tuple(temperature**power / math.factorial(power) for power in range(degree + 1))


def factors(coefficients: tuple[float, ...]) -> tuple[tuple[complex, complex], ...]:
    """(a_i, b_i) with sum_{p >= 1} c_p x^p = prod_i (a_i x + b_i): the constant term is left out.

    The first one is (1, 0) up to a sign, the others share the leading coefficient's size. They are real, with a zero
    imaginary part, where all roots of the polynomial over x are.
    """
    rest = np.trim_zeros(np.array(coefficients[1:], dtype=float), "b")
    if not len(rest):
        raise ValueError("a polynomial that is constant has no factors")
    if len(rest) == 1:
        return ((complex(rest[0]), 0j),)
    roots = np.roots(rest[::-1])
    share = abs(rest[-1]) ** (1 / len(roots))
    return ((complex(np.sign(rest[-1])), 0j), *((complex(share), complex(-share * root)) for root in roots))
