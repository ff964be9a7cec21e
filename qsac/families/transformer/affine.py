"""The affine copies that a layer's feed-forward is made of, and what they are put together by.

A feed-forward multiplies copies C a + b entry by entry. One without a feed-forward is a single copy, C the identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qsac.families.transformer.model import Gated, Layer
from qsac.files.numbers import Numbers


@dataclass(frozen=True, eq=False)
class Affine:
    """x -> C x + b: ``matrix`` C (D, d) and ``bias`` b (D,)."""

    matrix: Numbers
    bias: Numbers

    @classmethod
    def linear(cls, matrix: Numbers) -> Affine:
        """Without a bias."""
        return cls(matrix, np.zeros(len(matrix)))

    def with_rows(self, matrix: Numbers, bias: Numbers) -> Affine:
        """With more entries of an image after its own: of C (any number, d), and of b."""
        return Affine(np.concatenate((self.matrix, matrix)), np.concatenate((self.bias, bias)))

    def of(self, rows: Numbers) -> Numbers:
        """C x for every row x, (any number, D)."""
        return rows @ self.matrix.T

    @property
    def rows(self) -> int:
        """D, the length of an image."""
        return len(self.matrix)


def has_bias(maps: Sequence[Affine]) -> bool:
    """Whether one of the maps is not linear."""
    return any(bool(np.any(one.bias)) for one in maps)


def copies(layer: Layer, dimension: int) -> tuple[Affine, ...]:
    """The copies of a layer, in order; of a polynomial the one that each power has.

    A residual past a gated feed-forward is one more block of d rows: a itself in the first copy, a constant in others.
    """
    found = layer.feed_forward
    if found is None:
        return (Affine.linear(np.eye(dimension)),)
    if not isinstance(found, Gated):
        return (Affine(found.input, found.bias),)
    made = tuple(Affine(factor.matrix, factor.bias) for factor in found.factors)
    if not layer.feed_forward_residual[0]:
        return made
    first, *others = made
    nothing, passed = np.zeros((dimension, dimension)), np.full(dimension, found.passing)
    return (
        first.with_rows(np.eye(dimension), np.zeros(dimension)),
        *(other.with_rows(nothing, passed) for other in others),
    )


def powers(layer: Layer) -> tuple[float, ...]:
    """c_0 .. c_p of the polynomial of the copies' product: of a gated feed-forward of p factors x^p alone."""
    found = layer.feed_forward
    if found is None:
        return (0.0, 1.0)
    if isinstance(found, Gated):
        return (0.0,) * len(found.factors) + (1.0,)
    return found.coefficients


def outward(layer: Layer) -> Numbers | None:
    """R (d, D), by which the product of the copies becomes o; None for the identity."""
    found = layer.feed_forward
    if found is None:
        return None
    rho, sigma = layer.feed_forward_residual
    matrix: Numbers = sigma * found.output
    if not (rho and isinstance(found, Gated)):
        return matrix
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        passed = rho / np.float64(found.passing) ** (len(found.factors) - 1) * np.eye(len(matrix))
    joined: Numbers = np.concatenate((matrix, passed), axis=1)
    return joined
