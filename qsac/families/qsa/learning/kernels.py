"""What is learned of a head's kernel and weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A kernel g(s) = sum_p c_p s^p: its coefficients, or those that learning starts from. ``places``: the powers whose
    coefficients are learned, none where it stays; ``fields``: its field in a model file where it stays."""

    coefficients: tuple[float, ...]
    places: tuple[int, ...]
    fields: dict[str, Any]

    @property
    def is_learned(self) -> bool:
        """Whether coefficients are learned."""
        return bool(self.places)

    @property
    def degree(self) -> int:
        """The highest power."""
        return len(self.coefficients) - 1

    @property
    def is_linear(self) -> bool:
        """Whether it is s, and stays so."""
        return not self.places and self.coefficients == (0.0, 1.0)

    def initial(self) -> Array:
        """The coefficients that learning starts from."""
        return np.array([self.coefficients[place] for place in self.places])

    def written(self, learned: Array | None) -> dict[str, Any]:
        """The kernel's field in a model file."""
        if learned is None:
            return self.fields
        coefficients = [0.0] * len(self.coefficients)
        for place, value in zip(self.places, learned, strict=True):
            coefficients[place] = float(value)
        return {"type": "polynomial", "coefficients": coefficients}

    def learned_of(self, coefficients: tuple[float, ...]) -> Array | None:
        """What would have to be learned for a kernel with these coefficients; None where it cannot be."""
        padded = coefficients + (0.0,) * (len(self.coefficients) - len(coefficients))
        if len(padded) > len(self.coefficients):
            return None
        if not self.places:
            return np.zeros(0) if padded == self.coefficients else None
        if any(value for place, value in enumerate(padded) if place not in self.places):
            return None
        return np.array([padded[place] for place in self.places])

    def described(self) -> str:
        """What it is, for people."""
        if self.places:
            return f"a kernel of degree {self.degree} with {len(self.places)} coefficients to learn"
        return f"the kernel {self.fields['type']} of degree {self.degree}"


def learned_kernel(degree: int, temperature: float) -> Kernel:
    """A kernel all of whose coefficients are learned, from those of exp(temperature s) on, which add up to 1 here: only
    their ratios matter."""
    logarithms = np.arange(degree + 1) * math.log(temperature) - [math.lgamma(power + 1) for power in range(degree + 1)]
    start = np.exp(logarithms - logarithms.max())
    return Kernel(tuple(float(one) for one in start / start.sum()), tuple(range(degree + 1)), {})
