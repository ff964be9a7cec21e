"""The models that are measured: generic tokens, of which nothing is special but their shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SEED = 2602


@dataclass(frozen=True)
class Case:
    """A model of ``context`` tokens T of dimension d, kernel s^k, causal mask, V = W = 1.

    V and W would cost everyone the same few gates, or nothing where they are folded into the tables.
    """

    context: int
    dimension: int
    degree: int = 1
    complex: bool = False
    seed: int = SEED

    @property
    def numbers(self) -> str:
        return "complex" if self.complex else "real"

    def __str__(self) -> str:
        return f"({self.context}, {self.dimension}, {self.degree})"

    @property
    def size(self) -> float:
        """About the two-qubit gates of the hand-written circuit: the index state twice, and all loaders."""
        loaders = 2 * (self.degree + 1) * self.context * self.dimension
        return 2 * self.context**2 + loaders * (1.5 if self.complex else 1)

    def model(self) -> dict[str, Any]:
        """The model file's content."""
        numbers = (self.context + 1, self.dimension, *((2,) if self.complex else ()))
        generator = np.random.default_rng([self.seed, self.context, self.dimension, self.degree, self.complex])
        return {
            "qsac": 1,
            "name": f"{self.numbers}-{self.context}-{self.dimension}-{self.degree}",
            "tokens": {"type": "inline", "values": generator.normal(size=numbers).tolist()},
            "attention": {
                "type": "overlap",
                "mask": "causal",
                "kernel": {"type": "monomial", "degree": self.degree},
                "value": {"type": "identity"},
                "score": {"type": "identity"},
            },
        }


GATE_CASES = tuple(
    sorted(
        (
            *(Case(4, 2), Case(8, 4), Case(8, 4, 3), Case(8, 16), Case(11, 8), Case(16, 8), Case(32, 4), Case(32, 16)),
            *(Case(*shape, complex=True) for shape in ((4, 4), (8, 4), (8, 8), (16, 4), (16, 8), (32, 4), (32, 16))),
        ),
        key=lambda case: case.size,
    )
)
"""In order of size."""

COUPLED_CASES = tuple(
    Case(*shape, complex=numbers)
    for shape in ((4, 4, 1), (8, 4, 1), (8, 4, 2), (16, 8, 1))
    for numbers in (False, True)
)

SMALL, LARGE = Case(32, 16), Case(1024, 16)

CONTEXTS = (64, 128, 256, 512, 1024)
DIMENSIONS = (16, 32, 64, 128, 256, 512)
