"""Polynomials of several variables, by their terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Exponents = tuple[int, ...]


@dataclass(frozen=True)
class Polynomial:
    """The sum of ``terms``[e] x_0^e_0 x_1^e_1 .. over exponents e of ``variables`` entries."""

    variables: int
    terms: Mapping[Exponents, float]

    @property
    def degree(self) -> int:
        """The highest sum of exponents of a term."""
        return max((sum(exponents) for exponents in self.terms), default=0)

    def __mul__(self, other: Polynomial) -> Polynomial:
        found: dict[Exponents, float] = {}
        for one, first in self.terms.items():
            for two, second in other.terms.items():
                exponents = tuple(a + b for a, b in zip(one, two, strict=True))
                found[exponents] = found.get(exponents, 0.0) + first * second
        return Polynomial(self.variables, found)

    def plus(self, other: Polynomial, factor: float = 1.0) -> Polynomial:
        """This and ``factor`` times the other one."""
        found = dict(self.terms)
        for exponents, coefficient in other.terms.items():
            found[exponents] = found.get(exponents, 0.0) + factor * coefficient
        return Polynomial(self.variables, found)

    def moved(self, center: Real) -> Polynomial:
        """p(center + u) as a polynomial of u."""
        found: dict[Exponents, float] = {}
        for exponents, coefficient in self.terms.items():
            ways: list[tuple[Exponents, float]] = [((), coefficient)]
            for exponent, at in zip(exponents, center.tolist(), strict=True):
                ways = [
                    ((*kept, k), value * comb(exponent, k) * at ** (exponent - k))
                    for kept, value in ways
                    for k in range(exponent + 1)
                ]
            for kept, value in ways:
                found[kept] = found.get(kept, 0.0) + value
        return Polynomial(self.variables, found)

    def gradient(self, at: Real) -> Real:
        """Its gradient, (variables,)."""
        exponents, coefficients = self._arrays
        result = np.zeros(self.variables)
        for place in range(self.variables):
            lowered = exponents.copy()
            lowered[:, place] = np.maximum(lowered[:, place] - 1, 0)
            result[place] = float((coefficients * exponents[:, place] * np.prod(at**lowered, axis=1)).sum())
        return result

    def symmetric_derivative(self, places: Sequence[int]) -> float:
        """The derivative at 0 by the variables at some places, over the factorial of their number: the entry of the
        symmetric tensor of that degree."""
        counts = Counter(places)
        exponents = tuple(counts.get(place, 0) for place in range(self.variables))
        factor = prod(factorial(k) for k in exponents) / factorial(len(places))
        return self.terms.get(exponents, 0.0) * factor

    def listed(self) -> list[list[object]]:
        """[exponents, coefficient] of every term, by exponents."""
        return [[list(exponents), self.terms[exponents]] for exponents in sorted(self.terms)]

    @cached_property
    def _arrays(self) -> tuple[NDArray[np.int64], Real]:
        exponents = np.array(list(self.terms), dtype=np.int64).reshape(-1, self.variables)
        return exponents, np.array(list(self.terms.values()))


def linear(coefficients: Real) -> Polynomial:
    """The sum of c_p x_p."""
    size = len(coefficients)
    return Polynomial(
        size, {tuple(int(at == place) for at in range(size)): float(c) for place, c in enumerate(coefficients)}
    )


def constant(variables: int, value: float) -> Polynomial:
    """A polynomial of one number."""
    return Polynomial(variables, {(0,) * variables: value})


def squared_loss(activation: Sequence[float], inputs: Real, targets: Real) -> Polynomial:
    """The mean over the inputs (number, n) of (sum_q a_q (theta . x)^q - y)^2 / 2, as a polynomial of theta."""
    variables = inputs.shape[1]
    total = constant(variables, 0.0)
    for row, target in zip(inputs, targets.tolist(), strict=True):
        argument = linear(row)
        missing, power = constant(variables, activation[0] - target), constant(variables, 1.0)
        for coefficient in activation[1:]:
            power = power * argument
            missing = missing.plus(power, coefficient)
        total = total.plus(missing * missing, 0.5 / len(inputs))
    return total
