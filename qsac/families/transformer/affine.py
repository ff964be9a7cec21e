"""The affine copies that a layer's feed-forward is made of, and what they are put together by.

A feed-forward multiplies copies C a + b entry by entry. One without a feed-forward is a single copy, C the identity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qsac.families.transformer.model import Gated, Layer
from qsac.files.numbers import Numbers


class Affine(NamedTuple):
    """One copy t = C a + b: ``matrix`` C (D, d), None for the identity, and ``bias`` b (D,)."""

    matrix: Numbers | None
    bias: Numbers

    def of(self, rows: Numbers) -> Numbers:
        """C x for every row x, (any number, D)."""
        return rows if self.matrix is None else rows @ self.matrix.T


def copies(layer: Layer, dimension: int) -> tuple[Affine, ...]:
    """The copies of a layer, in order; of a polynomial the one that each power has.

    A residual past a gated feed-forward is one more block of d rows: a itself in the first copy, a constant in others.
    """
    found = layer.feed_forward
    if found is None:
        return (Affine(None, np.zeros(dimension)),)
    if not isinstance(found, Gated):
        return (Affine(found.input, found.bias),)
    if not layer.feed_forward_residual[0]:
        return tuple(Affine(factor.matrix, factor.bias) for factor in found.factors)
    passed, constant = np.eye(dimension), np.full(dimension, found.passing)
    return tuple(
        Affine(
            np.concatenate((factor.matrix, passed if not place else np.zeros((dimension, dimension)))),
            np.concatenate((factor.bias, np.zeros(dimension) if not place else constant)),
        )
        for place, factor in enumerate(found.factors)
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
    passed = rho / found.passing ** (len(found.factors) - 1) * np.eye(len(matrix))
    joined: Numbers = np.concatenate((matrix, passed), axis=1)
    return joined
