"""Numbers that are linear in the probabilities of what a circuit measures: read from them, and as a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qsac.families.steps.normal_form import Places, Real


class Reading(Protocol):
    """``size`` numbers of the probabilities (K,) of the values that are measured."""

    @property
    def size(self) -> int:
        """How many numbers there are."""

    def numbers(self, shares: Real) -> Real:
        """The numbers (G,)."""

    def matrix(self) -> Real:
        """(G, K): what the probabilities are multiplied by."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """The numbers are ``weights`` (G, K) times the probabilities."""

    weights: Real

    @property
    def size(self) -> int:
        return len(self.weights)

    def numbers(self, shares: Real) -> Real:
        found: Real = self.weights @ shares
        return found

    def matrix(self) -> Real:
        return self.weights


@dataclass(frozen=True, eq=False)
class Parities:
    """Expectation values: each is the mean sign of the parity of some bits, a ``mask``, of ``values`` (K,)."""

    values: Places
    masks: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.masks)

    def numbers(self, shares: Real) -> Real:
        return np.array([self._signs(mask) @ shares for mask in self.masks])

    def matrix(self) -> Real:
        return np.stack([self._signs(mask) for mask in self.masks])

    def _signs(self, mask: int) -> Real:
        signs: Real = 1.0 - 2.0 * (np.bitwise_count(self.values & mask) % 2)
        return signs


@dataclass(frozen=True, eq=False)
class Shares:
    """The probabilities of ``size`` values, of which ``values`` (K,) says for each measured one which it is."""

    values: Places
    size: int

    def numbers(self, shares: Real) -> Real:
        return np.bincount(self.values, weights=shares, minlength=self.size).astype(np.float64)

    def matrix(self) -> Real:
        result = np.zeros((self.size, len(self.values)))
        result[self.values, np.arange(len(self.values))] = 1.0
        return result
