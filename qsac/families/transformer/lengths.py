"""Lengths of rows, whose squares may be beyond the numbers of double precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers

Real = NDArray[np.float64]


def lengths_of(rows: Numbers) -> Real:
    """The lengths (...) of rows (..., D)."""
    scales = scale_of(np.abs(rows).max(axis=-1))
    result: Real = np.linalg.norm(rows / scales[..., None], axis=-1) * scales
    return result


def scale_of(numbers: Real) -> Real:
    """A power of two for each number, at most the number: dividing and multiplying by it rounds nothing. 1 for 0, and
    for what is no number."""
    exponents = np.frexp(np.where(np.isfinite(numbers), numbers, 0))[1] - 1
    return np.asarray(np.ldexp(1.0, np.where(numbers > 0, exponents, 0)), dtype=np.float64)
