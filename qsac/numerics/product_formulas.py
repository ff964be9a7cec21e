"""Time evolution under a sum of Pauli strings: exactly, and by product formulas.

A Pauli string is a text of ``i``, ``x``, ``y``, ``z``, one letter a qubit, the first one most significant. Energies
and times are in units with hbar = 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.complex128]
Formula = Literal["lie-trotter", "strang", "mclachlan", "blanes-moan"]

ACTION_LIMIT = 1e5
"""Largest norm of H t of an exact evolution: its series takes about as many terms."""

_LAMBDA = 0.1931833275037836
_ALPHA = (
    0.0792036964311957,
    0.1303114101821663,
    0.2228614958676077,
    -0.3667132690474257,
    0.3246481886897062,
    0.1096884778767498,
)
STAGES: dict[Formula, tuple[float, ...]] = {
    "lie-trotter": (1.0,),
    "strang": (0.5, 0.5),
    "mclachlan": (_LAMBDA, 0.5 - _LAMBDA, 0.5 - _LAMBDA, _LAMBDA),
    "blanes-moan": (*_ALPHA, *reversed(_ALPHA)),
}
"""A formula is X(a_1 t) X*(a_2 t) X(a_3 t) ..., with X the product of the groups' exponentials and X* the same in
reverse order (McLachlan, SIAM J. Sci. Comput. 16, 151 (1995)): order 1; order 2; order 2 with the least error of its
length; order 4 (the six-stage method of Blanes and Moan, J. Comput. Appl. Math. 142, 313 (2002))."""


class Turn(NamedTuple):
    """exp(-i angle P / 2) with P the given term of a sum; angle in radians."""

    term: int
    angle: float


@dataclass(frozen=True)
class Evolution:
    """exp(-i H dt) with H = sum_k coefficients[k] terms[k]: what takes one row of a table to the next."""

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    dt: float

    def problem(self, size: int) -> str | None:
        """Why this is no evolution of ``size`` qubits, or None."""
        if len(self.terms) != len(self.coefficients):
            return f"{len(self.terms)} Pauli strings and {len(self.coefficients)} coefficients"
        if any(len(term) != size or not set(term) <= set("ixyz") for term in self.terms):
            return f"a term is not a Pauli string of {size} letters among i, x, y, z"
        if not all(map(isfinite, (*self.coefficients, self.dt))):
            return "a coefficient or dt is not finite"
        return None

    @property
    def norm(self) -> float:
        """An upper bound of the norm of H."""
        return float(sum(map(abs, self.coefficients)))

    def evolved(self, states: NDArray[Any], time: float) -> States:
        """exp(-i H time) on each row of ``states`` (..., d), by a Chebyshev series, to rounding.

        Raises ValueError where norm x time is beyond :data:`ACTION_LIMIT`.
        """
        from scipy.special import jv

        reach = self.norm * time
        current = states.astype(np.complex128)
        if not reach:
            return current
        if not abs(reach) <= ACTION_LIMIT:
            raise ValueError(f"an evolution over a norm of {abs(reach):g} is too long")
        # Beyond |reach| the Bessel functions fall faster than exponentially.
        count = int(abs(reach) + 12 * abs(reach) ** (1 / 3) + 24)
        weights = jv(np.arange(count), reach)
        total = weights[0] * current
        before, current = current, -1j * self._scaled(current)
        total = total + 2 * weights[1] * current
        for factor in weights[2:]:
            before, current = current, -2j * self._scaled(current) + before
            total += 2 * factor * current
        return np.asarray(total, dtype=np.complex128)

    def _scaled(self, states: States) -> States:
        """H / norm on each row."""
        result = np.zeros_like(states)
        for term, coefficient in zip(self.terms, self.coefficients, strict=True):
            result += coefficient / self.norm * pauli_applied(term, states)
        return result

    def turns(self, time: float, formula: Formula, steps: int) -> Iterator[Turn]:
        """The rotations, in time order, of ``steps`` steps of a product formula for exp(-i H time).

        Neighbouring exponentials of one group are one, across steps too.
        """
        groups = commuting_groups(self.terms)
        layers: list[tuple[int, float]] = []
        one_step: list[tuple[int, float]] = []
        for place, share in enumerate(STAGES[formula]):
            order = range(len(groups)) if place % 2 == 0 else range(len(groups) - 1, -1, -1)
            one_step += [(group, share * time / steps) for group in order]
        for group, duration in one_step * steps:
            if layers and layers[-1][0] == group:
                layers[-1] = (group, layers[-1][1] + duration)
            else:
                layers.append((group, duration))
        for group, duration in layers:
            for term in groups[group]:
                if self.coefficients[term]:
                    yield Turn(term, 2 * self.coefficients[term] * duration)


def weight(term: str) -> int:
    """The number of qubits that a Pauli string acts on."""
    return len(term) - term.count("i")


def anticommute(first: str, second: str) -> bool:
    """Whether two Pauli strings anticommute: they differ on an odd number of qubits that both act on."""
    differing = sum(1 for a, b in zip(first, second, strict=True) if a != b and "i" not in (a, b))
    return differing % 2 == 1


@lru_cache(maxsize=256)
def commuting_groups(terms: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """Indices of the terms that act on something, in groups that commute, the cheapest group first.

    A formula turns its first group twice as often as its last one. In a group terms come in layers of disjoint
    qubits: the even and the odd bonds of a chain.
    """
    groups: list[list[int]] = []
    for term in sorted(range(len(terms)), key=lambda term: weight(terms[term])):
        if not weight(terms[term]):
            continue
        home = next(
            (group for group in groups if not any(anticommute(terms[term], terms[other]) for other in group)), None
        )
        if home is None:
            groups.append([term])
        else:
            home.append(term)
    groups.sort(key=lambda group: sum(2 * weight(terms[term]) - 2 for term in group))
    return tuple(tuple(_in_layers(group, terms)) for group in groups)


def _in_layers(group: list[int], terms: Sequence[str]) -> Iterator[int]:
    layers: list[tuple[set[int], list[int]]] = []
    for term in group:
        support = {qubit for qubit, letter in enumerate(terms[term]) if letter != "i"}
        home = next((layer for layer in layers if not layer[0] & support), None)
        if home is None:
            layers.append((support, [term]))
        else:
            home[0].update(support)
            home[1].append(term)
    for _, members in layers:
        yield from members


@lru_cache(maxsize=256)
def _action(term: str) -> tuple[NDArray[np.intp], States]:
    """Where each amplitude comes from under a Pauli string, and the factor it comes with."""
    index = np.arange(1 << len(term))
    flips, factors = 0, np.ones(len(index), dtype=np.complex128)
    for qubit, letter in enumerate(term):
        bit = len(term) - 1 - qubit
        sign = 1 - 2 * ((index >> bit) & 1)
        if letter in "xy":
            flips |= 1 << bit
        if letter == "z":
            factors *= sign
        elif letter == "y":
            factors *= -1j * sign
    return index ^ flips, factors


def pauli_applied(term: str, states: States) -> States:
    """A Pauli string on each row of ``states``, shape (..., 2^n)."""
    source, factors = _action(term)
    if source[0] == 0:
        return np.asarray(states * factors, dtype=np.complex128)
    return np.asarray(np.take(states, source, axis=-1) * factors, dtype=np.complex128)


def turned(states: States, term: str, angle: Any) -> States:
    """exp(-i angle P / 2) on each row; ``angle`` in radians, one for all rows or of shape (rows, 1)."""
    source, factors = _action(term)
    cos, sin = np.cos(angle / 2), -1j * np.sin(angle / 2)
    if source[0] == 0:
        return np.asarray(states * (cos + sin * factors), dtype=np.complex128)
    result = np.take(states, source, axis=-1)
    result *= sin * factors
    result += cos * states
    return np.asarray(result, dtype=np.complex128)
