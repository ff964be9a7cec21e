"""Inner products by maximum likelihood over echoes of fixed orders: one job, nothing adaptive.

An echo of order k is measured as zero with p_k = cos^2(k theta), where cos theta is the overlap. Orders must not be
powers of two: these have blind spots in common, so that the likelihood has several maxima. Fibonacci numbers do not.
On a machine whose gates are free of errors with probability f, p_k = f^(g k) cos^2(k theta) + (1 - f^(g k)) / 2^n.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

GRID = 4001
"""Points of [0, pi/2] at which the likelihood is worked out before it is refined in the best cell."""

_NARROWED = 40
"""Steps of a golden section: a cell shrinks by 4e-9."""

_FEWEST = 64
"""Fewest shots of each order that are planned."""

_QUANTILES = {5: 0.053, 8: 0.033, 13: 0.0206, 21: 0.0132, 34: 0.0082, 55: 0.0053, 89: 0.0036}
"""The 99% quantile of the error of s with the Fibonacci numbers up to each order and 64 shots of each (measured on
40,000 uniform values, rounded up). With more shots it falls at least as 1 / sqrt(shots): rarer are also the values for
which a second maximum of the likelihood is taken, by which it exceeds 1 / order."""

_DROP = 3.32
"""How far the logarithm of the likelihood falls at the ends of a 99% interval (half the quantile of chi^2 with one
degree of freedom)."""


class Noise(NamedTuple):
    """``kept``: the probability that an echo of order 1 is free of errors; ``floor``: what it gives otherwise, 2^-n."""

    kept: float = 1.0
    floor: float = 0.0


NOISELESS = Noise()


class Estimate(NamedTuple):
    """An overlap cos theta in [0, 1], and the largest distance to the ends of its 99% likelihood interval."""

    overlap: float
    error: float


def fibonacci(largest: int) -> tuple[int, ...]:
    """1, 2, 3, 5, .. up to ``largest``."""
    found = [1, 2]
    while found[-1] + found[-2] <= largest:
        found.append(found[-1] + found[-2])
    return tuple(order for order in found if order <= largest)


def planned(error: float, shots: int = _FEWEST) -> tuple[tuple[int, ...], int]:
    """Orders, and at least ``shots`` shots of each, with which 99% of the values s = 2 cos theta - 1 are nearer than
    ``error``: those with the fewest loads."""
    plans = [
        (fibonacci(largest), max(shots, ceil(_FEWEST * (reached / error) ** 2)))
        for largest, reached in _QUANTILES.items()
    ]
    return min(plans, key=lambda plan: (loads(*plan), plan))


def loads(orders: Sequence[int], shots: int) -> int:
    """Uses of the walk by all shots of one inner product: each loads one of the two states and undoes the other one."""
    return shots * sum(orders)


def echo(overlap: Real | float, order: int) -> Real:
    """p_k = cos^2(k theta) = T_k(cos theta)^2."""
    return np.asarray(np.cos(order * np.arccos(np.clip(overlap, -1.0, 1.0))) ** 2, dtype=np.float64)


def most_likely(
    orders: Sequence[int], hits: Sequence[float], shots: Sequence[float], noise: Noise = NOISELESS
) -> Estimate:
    """The overlap of the largest likelihood, for so many hits of so many shots of each order.

    Its error is that of the likelihood: how far the interval reaches in which its logarithm is within
    1/2 chi^2(0.99) of the maximum, which also says where there are two maxima.
    """
    k, h, n = (np.asarray(values, dtype=np.float64) for values in (orders, hits, shots))

    def likelihood(theta: Real) -> Real:
        kept = noise.kept**k
        p = kept * np.cos(theta[:, None] * k) ** 2 + (1 - kept) * noise.floor
        p = np.clip(p, 1e-300, 1.0)
        return np.asarray((h * np.log(p) + (n - h) * np.log(np.clip(1 - p, 1e-300, 1.0))).sum(axis=1))

    grid = np.linspace(0.0, np.pi / 2, GRID)
    values = likelihood(grid)
    best = int(values.argmax())
    theta = _refined(likelihood, grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)])
    inside = grid[values >= float(likelihood(np.array([theta]))[0]) - _DROP]
    overlap = float(np.cos(theta))
    ends = np.cos(inside) if len(inside) else np.array([overlap])
    cell = float(np.sin(theta)) * np.pi / (2 * (GRID - 1))
    return Estimate(overlap, max(cell, float(np.abs(ends - overlap).max())))


def _refined(likelihood: Callable[[Real], Real], low: float, high: float) -> float:
    """The maximum within a cell, by a golden section."""
    ratio = (sqrt(5) - 1) / 2
    first, second = high - ratio * (high - low), low + ratio * (high - low)
    one, other = _at(likelihood, first), _at(likelihood, second)
    for _ in range(_NARROWED):
        if one >= other:
            high, second, other = second, first, one
            first = high - ratio * (high - low)
            one = _at(likelihood, first)
        else:
            low, first, one = first, second, other
            second = low + ratio * (high - low)
            other = _at(likelihood, second)
    return (low + high) / 2


def _at(likelihood: Callable[[Real], Real], theta: float) -> float:
    return float(likelihood(np.array([theta]))[0])
