"""Principal components: vectors by their k most varied directions, as the training part has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted

Reals: TypeAlias = NDArray[np.float64]

_RANK = 1e-9
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Projection:
    """x becomes matrix (x - mean). ``mean``: (F,); ``matrix``: (k, F), its rows orthogonal, of one length."""

    mean: Reals
    matrix: Reals

    def __call__(self, vectors: Reals) -> Reals:
        """(N, F) to (N, k)."""
        found: Reals = (vectors - self.mean) @ self.matrix.T
        return found


def principal_components(vectors: Reals, dimension: int) -> Projection:
    """The projection onto ``dimension`` directions in which the rows of ``vectors``, (N, F), vary most.

    All are divided by one number, so that the entries of the projected rows have the mean square 1: what angles are
    made of then has a known spread, and more varied directions stay the longer ones. Each direction's largest entry is
    positive, so that rounding does not choose its sign. Raises :class:`~qsac.errors.InvalidInputError` where the rows
    do not vary in so many directions.
    """
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    variances, directions = np.linalg.eigh(centred.T @ centred / len(vectors))
    variances, directions = variances[::-1], directions.T[::-1]
    rank = int(np.count_nonzero(variances > _RANK * max(variances[0], 0.0))) if variances[0] > 0 else 0
    if dimension > rank:
        raise InvalidInputError(
            "the texts have fewer principal components",
            code="features.too-few-components",
            found=f"vectors of {counted(len(vectors), 'text')} that vary in {counted(rank, 'direction')}",
            wanted=f"at least {dimension:,}",
            help="a smaller --dimension, `--dimension all` for the encoder's own vectors, or more texts",
        )
    kept = signed(directions[:dimension])
    return Projection(mean, kept / np.sqrt(variances[:dimension].mean()))


def signed(rows: Reals) -> Reals:
    """Rows, (k, F), each with the sign that makes its largest entry positive; the first one where several are."""
    sizes = np.abs(rows)
    largest = np.argmax(sizes >= sizes.max(axis=1, keepdims=True) - 10.0**-_DECIMALS, axis=1)
    signs = np.where(rows[np.arange(len(rows)), largest] < 0, -1.0, 1.0)
    found: Reals = np.ascontiguousarray(rows * signs[:, None])
    return found
