"""Polynomials as products of factors that cost little together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, log

import numpy as np
from numpy.typing import NDArray

RECONSTRUCTION = 1e-12
"""Most that a coefficient of the product may be off, the polynomial's absolute coefficients summing to 1."""

EXHAUSTIVE = 9
"""Most roots and pairs of roots of which every grouping is compared."""

POLISHING = 4
"""Newton's steps that a root gets."""

Polynomial = tuple[complex, ...]
"""Coefficients of s^0, s^1, ..; only linear factors may have complex ones."""


@dataclass(frozen=True)
class Factors:
    """A polynomial c(s) = s^``zeros`` times the ``factors``, in order; ``lam`` is the product of the sums of their
    absolute coefficients, by which the amplitude of c is divided."""

    zeros: int
    factors: tuple[Polynomial, ...]

    @property
    def lam(self) -> float:
        return float(np.prod([sum(map(abs, factor)) for factor in self.factors]))


def factorised(coefficients: Sequence[float], price: float, *, linear: bool = False) -> Factors | None:
    """The factors of a real polynomial with the least 2 ln(lam) + ``price`` x (two-qubit gates of their registers).

    Real roots and conjugate pairs are put into groups, each a factor; a pair may also be two complex factors. A factor
    of degree j in unary takes 2 (j - 1) gates. ``linear``: one factor a root, whatever it costs. None where the
    product would not be the polynomial to :data:`RECONSTRUCTION`, or the last coefficient is zero.
    """
    values = np.asarray(coefficients, dtype=float) / np.sum(np.abs(coefficients))
    if values[-1] == 0:
        return None
    zeros = int(np.flatnonzero(values)[0])
    atoms = min(
        (_atoms(values[zeros:], steps) for steps in (POLISHING, 0)), key=lambda found: _off(found, values[zeros:])
    )
    if linear:
        chosen = [factor for atom in atoms for factor in _linear(atom)]
    elif len(atoms) <= EXHAUSTIVE:
        chosen = _best_grouping(atoms, price)
    else:
        chosen = _merged_greedily(atoms, price)
    lead = float(values[-1])
    if chosen:
        chosen[0] = tuple(lead * coefficient for coefficient in chosen[0])
    product = _product(chosen) if chosen else np.array([lead + 0j])
    if np.max(np.abs(product - values[zeros:])) > RECONSTRUCTION:
        return None
    scale = float(np.sum(np.abs(coefficients)))
    if chosen:
        chosen[0] = tuple(scale * coefficient for coefficient in chosen[0])
    return Factors(zeros, tuple(chosen))


def _off(atoms: Sequence[Polynomial], values: NDArray[np.float64]) -> float:
    """How far the product of monic factors is from the polynomial of these coefficients."""
    product = values[-1] * _product(atoms)
    return float(np.max(np.abs(product - values))) if len(product) == len(values) else inf


def _atoms(values: NDArray[np.float64], steps: int) -> list[Polynomial]:
    """The monic real factors of degree one and two, none with a root at zero, in a fixed order; each root is polished
    by at most so many ``steps``, which clustered roots do not always gain by."""
    roots = [_polished(values, complex(root), steps) for root in np.roots(values[::-1])]
    pairs = sorted((root for root in roots if root.imag > 0), key=lambda root: (root.real, root.imag))
    real = sorted(root.real for root in roots if root.imag == 0)
    return [(-root, 1.0) for root in real] + [(abs(root) ** 2, -2 * root.real, 1.0) for root in pairs]


def _polished(values: NDArray[np.float64], root: complex, steps: int) -> complex:
    """A root after Newton's steps, as long as they make the polynomial smaller there."""
    polynomial = np.polynomial.Polynomial(values)
    slope = polynomial.deriv()
    size = abs(polynomial(root))
    for _ in range(steps):
        gradient = slope(root)
        if gradient == 0:
            break
        step = root - complex(polynomial(root) / gradient)
        if not abs(polynomial(step)) < size:
            break
        root, size = step, abs(polynomial(step))
    return root


def _product(factors: Sequence[Polynomial]) -> NDArray[np.complex128]:
    product = np.ones(1, dtype=complex)
    for factor in factors:
        product = np.convolve(product, np.asarray(factor, dtype=complex))
    return product


def _linear(atom: Polynomial) -> list[Polynomial]:
    """A real factor of degree two as two complex ones."""
    if len(atom) == 2:
        return [atom]
    middle = -complex(atom[1]).real / 2
    height = np.sqrt(max(complex(atom[0]).real - middle**2, 0.0))
    return [(-complex(middle, height), 1.0), (-complex(middle, -height), 1.0)]


def _cost(factors: Sequence[Polynomial], price: float) -> float:
    return sum(2 * log(sum(map(abs, factor))) + 2 * price * (len(factor) - 2) for factor in factors)


def _grouped(atoms: Sequence[Polynomial], price: float) -> list[Polynomial]:
    """One group of atoms as one factor, or a pair alone as two if that costs less."""
    whole: list[Polynomial] = [tuple(_product(atoms).real.tolist())]
    if len(atoms) == 1 and _cost(apart := _linear(atoms[0]), price) < _cost(whole, price):
        return apart
    return whole


def _best_grouping(atoms: Sequence[Polynomial], price: float) -> list[Polynomial]:
    """The cheapest of all groupings, by the cheapest groupings of subsets."""

    @cache
    def best(rest: int) -> tuple[float, tuple[Polynomial, ...]]:
        if not rest:
            return 0.0, ()
        first = rest & -rest
        others = rest ^ first
        found: tuple[float, tuple[Polynomial, ...]] | None = None
        part = others
        while True:
            members = [atom for place, atom in enumerate(atoms) if (part | first) >> place & 1]
            group = _grouped(members, price)
            cost, after = best(others ^ part)
            cost += _cost(group, price)
            if found is None or cost < found[0] - 1e-12:
                found = cost, (*group, *after)
            if not part:
                break
            part = (part - 1) & others
        return found

    return list(best((1 << len(atoms)) - 1)[1])


def _merged_greedily(atoms: Sequence[Polynomial], price: float) -> list[Polynomial]:
    """Groups that are joined two by two as long as that makes them cheaper."""
    groups = [[atom] for atom in atoms]
    while len(groups) > 1:
        costs = [_cost(_grouped(group, price), price) for group in groups]
        gains = [
            (_cost(_grouped([*groups[one], *groups[two]], price), price) - costs[one] - costs[two], one, two)
            for one in range(len(groups))
            for two in range(one + 1, len(groups))
        ]
        gain, one, two = min(gains)
        if gain >= 0:
            break
        groups[one] += groups.pop(two)
    return [factor for group in groups for factor in _grouped(group, price)]
