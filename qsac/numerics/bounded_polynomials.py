"""Best polynomials of definite parity that are bounded by 1: what a walk can apply to a score.

A linear programme over Chebyshev coefficients (HiGHS): the least t with |P(x) - target(x)| <= t where there is a
target, and |P(x)| <= cap everywhere on [-1, 1]. The cap is below 1 because phases are singular at |P| = 1
(:mod:`.signal_processing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

CAP = 1 - 1e-4
"""The largest value of |P| that is asked for."""

POINTS = 400
"""Points of a region at which the programme is written, Chebyshev-spaced. Where the polynomial comes too near to 1
between them, the programme is solved again with the points at which it does."""

_BETWEEN, _ROUNDS = 200, 4
"""Points of [0, 1] for each degree at which the bound is looked at, and how often the programme is solved so."""

_DENSE = 20
"""Points for each degree at which a bound of cos(pi/40) of the cap is one of the cap everywhere (Ehlich and Zeller,
Math. Z. 86, 41)."""

LARGEST_DEGREE = 128
"""The highest degree: phases of more are not found."""


@dataclass(frozen=True, eq=False)
class BoundedPolynomial:
    """P(x) = sum_k ``coefficients``[k] T_k(x), all of one parity, and ``error``, the least t of the programme."""

    coefficients: Real
    error: float

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    def __call__(self, x: Real) -> Real:
        return np.asarray(np.polynomial.chebyshev.chebval(x, self.coefficients), dtype=np.float64)


def spaced(low: float, high: float, count: int = POINTS) -> Real:
    """Points of [low, high], both ends among them, denser at the ends as the extrema of Chebyshev polynomials are."""
    return low + (high - low) * (1 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2


def best_polynomial(degree: int, points: Real, targets: Real, *, weights: Real | None = None) -> BoundedPolynomial:
    """The polynomial of the parity of ``degree`` whose largest weighted distance from ``targets`` at ``points`` is
    least, with |P| at most :data:`CAP` on [0, 1], and so on [-1, 1].

    ``weights`` multiply the distances, 1 where they are not given; the error is the weighted one. Raises ValueError
    for a degree below 1 or above :data:`LARGEST_DEGREE`.
    """
    if not 1 <= degree <= LARGEST_DEGREE:
        raise ValueError(f"a polynomial of degree {degree} is not between 1 and {LARGEST_DEGREE}")
    orders = np.arange(degree % 2, degree + 1, 2)
    scale = np.ones(len(points)) if weights is None else weights
    near, bounded = _values(points, orders), spaced(0.0, 1.0, POINTS + 4 * degree)
    between = np.cos(np.linspace(0.0, np.pi / 2, _BETWEEN * degree + 1))
    for _ in range(_ROUNDS):
        found = _solved(degree, orders, near * scale[:, None], targets * scale, _values(bounded, orders))
        beyond = _beyond(found, between)
        if not len(beyond):
            return found
        bounded = np.concatenate((bounded, beyond))
    # Where many polynomials are as good as each other, each of them is beyond the bound elsewhere.
    dense = np.cos((np.arange(_DENSE * degree // 2 + 1) + 0.5) * np.pi / (_DENSE * degree))
    cap = CAP * np.cos(np.pi / (2 * _DENSE))
    return _solved(degree, orders, near * scale[:, None], targets * scale, _values(dense, orders), cap)


def _solved(
    degree: int, orders: NDArray[np.intp], near: Real, targets: Real, everywhere: Real, cap: float = CAP
) -> BoundedPolynomial:
    """The programme, its rows near the targets and of the bound being values of the Chebyshev polynomials."""
    from scipy.optimize import linprog

    slack = np.zeros((len(everywhere), 1))
    rows = np.block(
        [
            [near, -np.ones((len(near), 1))],
            [-near, -np.ones((len(near), 1))],
            [everywhere, slack],
            [-everywhere, slack],
        ]
    )
    limits = np.concatenate((targets, -targets, np.full(2 * len(everywhere), cap)))
    cost = np.append(np.zeros(len(orders)), 1.0)
    bounds = [(None, None)] * len(orders) + [(0, None)]
    found = linprog(cost, A_ub=rows, b_ub=limits, bounds=bounds, method="highs-ds")
    if found.status:
        raise RuntimeError(f"the linear programme of degree {degree} was not solved: {found.message}")
    coefficients = np.zeros(degree + 1)
    coefficients[orders] = found.x[:-1]
    return BoundedPolynomial(coefficients, max(0.0, float(found.x[-1])))


def _beyond(found: BoundedPolynomial, points: Real) -> Real:
    """The points at which |P| is largest, of those where it is nearer to 1 than half of what the cap leaves."""
    size = np.abs(found(points))
    padded = np.pad(size, 1)
    largest = (size >= padded[:-2]) & (size >= padded[2:]) & (size > (1 + CAP) / 2)
    return np.asarray(points[largest])


def threshold_polynomial(degree: int, threshold: float, margin: float) -> BoundedPolynomial:
    """The even polynomial nearest to +1 for |x| <= threshold - margin/2 and to -1 for |x| >= threshold + margin/2.

    Both ends of the margin lie within [0, 1]. Its error is the largest distance from these targets.
    """
    low, high = threshold - margin / 2, threshold + margin / 2
    below, above = spaced(0.0, low), spaced(high, 1.0)
    targets = np.concatenate((np.ones(len(below)), -np.ones(len(above))))
    return best_polynomial(degree, np.concatenate((below, above)), targets)


def inverse_polynomial(degree: int, condition: float) -> tuple[BoundedPolynomial, float]:
    """The odd polynomial nearest to c/x on [1/condition, 1], and c = 0.9/condition. Its error is the largest distance
    of P(x)/c from 1/x."""
    factor = 0.9 / condition
    points = spaced(1 / condition, 1.0)
    found = best_polynomial(degree, points, factor / points, weights=np.full(len(points), 1 / factor))
    between = spaced(1 / condition, 1.0, 10 * POINTS)
    return replace(found, error=float(np.abs(found(between) / factor - 1 / between).max())), factor


def _values(points: Real, orders: NDArray[np.intp]) -> Real:
    """T_k(x) for each point and each k, shape (points, orders)."""
    return np.cos(np.arccos(np.clip(points, -1.0, 1.0))[:, None] * orders)
