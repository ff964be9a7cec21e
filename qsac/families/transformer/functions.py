"""Activation functions as polynomials: least squares on an interval, with the error that is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import NDArray

Real = NDArray[np.float64]

_POINTS = 2048
"""Points of the grid on each side of 0: more change the coefficients by less than 1e-6."""


class Fit(NamedTuple):
    """What a polynomial was fitted to, and its largest difference from the function on [-range, range]."""

    name: str
    degree: int
    range: float
    error: float


class _Function(NamedTuple):
    """A function with f(0) = 0 as ``linear`` x plus a part of one parity, which is what is fitted."""

    value: Callable[[Real], Real]
    linear: float
    odd: bool


def _gelu(x: Real) -> Real:
    # Every model file loads this module: SciPy takes longer to import than most of them to read.
    from scipy.special import erf

    result: Real = x * (1 + erf(x / np.sqrt(2))) / 2
    return result


FUNCTIONS = {
    "gelu": _Function(_gelu, 0.5, odd=False),
    "tanh": _Function(np.tanh, 0.0, odd=True),
    "relu": _Function(lambda x: np.maximum(x, 0.0), 0.5, odd=False),
}
"""The functions that can be fitted. GELU and ReLU are x/2 plus an even function, so no odd power beyond x helps."""


def fitted(name: str, degree: int, radius: float) -> tuple[tuple[float, ...], Fit]:
    """c_0 = 0, c_1 .. c_degree of the polynomial nearest to a function on [-radius, radius], and how near it is.

    Least squares over equidistant points. Powers that the function's symmetry excludes have coefficients that are
    exactly 0, as each power of a feed-forward costs a copy.
    """
    function = FUNCTIONS[name]
    points = np.linspace(0, 1, _POINTS)
    wanted = function.value(radius * points) - function.linear * radius * points
    first = 1 if function.odd else 2
    terms = (degree - first) // 2 + 1
    found = np.zeros(degree + 1)
    if terms > 0:
        # In Chebyshev polynomials of the square, with which least squares are well conditioned.
        squares = points**2
        basis = np.polynomial.chebyshev.chebvander(2 * squares - 1, terms - 1) * (points**first)[:, None]
        weights = np.linalg.lstsq(basis, wanted, rcond=None)[0]
        series: Real = np.asarray(Chebyshev(weights, domain=[0, 1]).convert(kind=Polynomial).coef, dtype=np.float64)
        powers = first + 2 * np.arange(len(series))
        found[powers] = series / radius**powers
    found[1] += function.linear
    everywhere = radius * np.linspace(-1, 1, 2 * _POINTS - 1)
    error = np.abs(np.polynomial.polynomial.polyval(everywhere, found) - function.value(everywhere)).max()
    return tuple(found.tolist()), Fit(name, degree, radius, float(error))
