"""A real state from shots, signs included, without a reference state.

Of 2^q components: shots in the computational basis give magnitudes; shots with a Hadamard gate on one qubit give
P(0, rest) - P(1, rest) = 2 x_u x_v for all pairs u, v that differ in that qubit. The signs follow along the maximum
spanning tree of |2 x_u x_v| over the hypercube. A fit of the largest likelihood over all settings then uses every shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

FACTOR = 6.0
"""Accepted shots are FACTOR ln D / error^2: with these 95% of states have no component further off (measured, before
the fit: 5.2 at worst from N >= 60 D on)."""

_ITERATIONS, _SETTLED = 50, 1e-6

_MOST_FITTED = 256
"""Most components that are fitted to all counts at once; more keep their magnitudes of the computational basis."""


class StateEstimate(NamedTuple):
    """``values``: the components, of unit norm, up to one sign, shape (D,). ``undetermined``: those whose sign no pair
    of counts tells, relative to the largest component."""

    values: Real
    undetermined: tuple[int, ...]


REFERENCE_FACTOR = 36.0
"""The same with a reference state, as published (arXiv 1812.00954, theorem 4.3)."""


def accepted_shots(dimension: int, error: float, *, reference: bool = False) -> int:
    """Accepted shots, of all settings together, for an error of at most ``error`` in every component (95%)."""
    return ceil((REFERENCE_FACTOR if reference else FACTOR) * log(max(2, dimension)) / error**2)


def split(shots: int, qubits: int) -> tuple[int, int]:
    """Shots in the computational basis, about half of all, and of each Hadamard setting."""
    each = shots // (2 * qubits)
    return shots - qubits * each, each


def estimated(basis: Real, turned: Sequence[Real]) -> StateEstimate:
    """The state of counts, or of exact probabilities: ``basis`` (D,) of the computational basis, ``turned`` (D,) of a
    Hadamard gate on each qubit, the first one most significant. All zero counts of the basis raise ValueError."""
    if not basis.sum() > 0:
        raise ValueError("no shot was accepted in the computational basis")
    magnitudes = np.sqrt(basis / basis.sum())
    products = [_products(counts, qubit) for qubit, counts in enumerate(turned)]
    signs, known = _signs(magnitudes, products)
    values = _fitted(signs * magnitudes, basis, turned)
    return StateEstimate(values, tuple(int(place) for place in np.flatnonzero(~known & (magnitudes > 0))))


def by_reference(basis: Real, interfered: Real, reference: Real) -> StateEstimate:
    """The state of counts in the computational basis, (D,), which give magnitudes, and of counts of its interference
    with a ``reference`` of known positive amplitudes, (2, D): those of the sum and of the difference, whose larger one
    says the sign (the two stages of Kerenidis and Prakash, arXiv 1812.00954, section 4). Zero counts raise
    ValueError."""
    if not basis.sum() > 0:
        raise ValueError("no shot was accepted in the computational basis")
    magnitudes = np.sqrt(basis / basis.sum())
    apart = interfered[0] - interfered[1]
    undetermined = np.flatnonzero((apart == 0) & (magnitudes > 0) & (reference > 0))
    return StateEstimate(np.where(apart < 0, -magnitudes, magnitudes), tuple(int(place) for place in undetermined))


def turned_probabilities(values: Real, qubit: int) -> Real:
    """The probabilities with a Hadamard gate on a qubit, (D,), of components (D,)."""
    return np.asarray(_turned(values, qubit) ** 2)


def _turned(values: Real, qubit: int) -> Real:
    """H on one qubit of a real state."""
    parts = values.reshape(1 << qubit, 2, -1)
    both = np.stack((parts[:, 0] + parts[:, 1], parts[:, 0] - parts[:, 1]), axis=1)
    return np.asarray(both.reshape(-1) / np.sqrt(2), dtype=np.float64)


def _products(counts: Real, qubit: int) -> Real:
    """Estimates of x_u x_v for all u, (D,), v the one that differs from u in the qubit."""
    shares = (counts / max(float(counts.sum()), 1e-300)).reshape(1 << qubit, 2, -1)
    half = (shares[:, 0] - shares[:, 1]) / 2
    return np.stack((half, half), axis=1).reshape(-1)


def _signs(magnitudes: Real, products: Sequence[Real]) -> tuple[Real, NDArray[np.bool_]]:
    """Signs by a maximum spanning tree from the largest component on (Prim), and which are told by counts."""
    size, qubits = len(magnitudes), len(products)
    signs, known = np.ones(size), np.zeros(size, dtype=bool)
    strength, sign_to = np.zeros(size), np.ones(size)
    open_ = np.ones(size, dtype=bool)
    place = int(magnitudes.argmax())
    known[place] = True
    for _ in range(size):
        open_[place] = False
        for qubit in range(qubits):
            other = place ^ (1 << (qubits - 1 - qubit))
            product = float(products[qubit][place])
            if open_[other] and abs(product) > strength[other]:
                strength[other] = abs(product)
                sign_to[other] = signs[place] * (1.0 if product > 0 else -1.0)
        rest = np.flatnonzero(open_)
        if not len(rest):
            break
        place = int(rest[strength[rest].argmax()])
        signs[place] = sign_to[place]
        known[place] = strength[place] > 0
    return signs, known


def _fitted(start: Real, basis: Real, turned: Sequence[Real]) -> Real:
    """The components whose probabilities fit all counts best, each weighed by the variance of its count: to first order
    the maximum of the likelihood. Gauss-Newton steps pass amplitudes of the wrong sign, where the likelihood has a
    barrier."""
    size = len(start)
    if size > _MOST_FITTED:
        return start / np.linalg.norm(start)
    counts = [basis, *turned]
    rows = np.concatenate([np.eye(size), *(_turned_rows(size, qubit) for qubit in range(len(turned)))])
    totals = np.concatenate([np.full(size, max(float(one.sum()), 1e-300)) for one in counts])
    shares = np.concatenate(counts) / totals
    exact = bool(np.allclose(shares, (rows @ start) ** 2, rtol=0, atol=1e-14))
    if exact:
        return start / np.linalg.norm(start)
    weights = totals / np.sqrt(np.concatenate(counts) + 1.0)
    values, best = start, np.inf
    trial = start
    for _ in range(_ITERATIONS):
        amplitudes = rows @ trial
        missing = weights * (shares - amplitudes**2)
        distance = float(missing @ missing)
        if distance >= best * (1 - _SETTLED):
            break
        values, best = trial, distance
        step = np.linalg.lstsq(2 * (weights * amplitudes)[:, None] * rows, missing, rcond=None)[0]
        trial = values + step
    return values / np.linalg.norm(values)


def _turned_rows(size: int, qubit: int) -> Real:
    """H on one qubit as a matrix, (D, D)."""
    return np.stack([_turned(row, qubit) for row in np.eye(size)])
