"""Rows that resolve the identity, and the measurement that tells them apart."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from qsac.errors import InvalidInputError
from qsac.files.numbers import Numbers, exactly_real

TOLERANCE = 1e-8
"""How far the rows of a vocabulary may be from resolving the identity, and those of states from being orthonormal."""


class Resolution(TypedDict):
    """The ``states`` x_l, (M, d), that resolve the identity exactly, and the isometry of their ``outcomes``, at least d
    rows: where the states were shorter than d, outcomes at the end stand for the padding."""

    states: Numbers
    outcomes: Numbers


def resolution(values: Numbers, dimension: int, pointer: str) -> Resolution:
    """Of rows, (M, any number up to d), those that resolve the identity and are nearest. Raises
    :class:`~qsac.errors.InvalidInputError` for rows that are not near to any."""
    width = values.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.abs(values.T @ values.conj() - np.eye(width)).max()
    if not deviation <= TOLERANCE:
        raise InvalidInputError(
            "the vocabulary does not resolve the identity",
            code="readout.incomplete-vocabulary",
            pointer=pointer,
            found=f"sum_l |x_l><x_l| differs from the identity by up to {deviation:.2g}",
            wanted=f"a difference of at most {TOLERANCE:g} in every entry, so that the probabilities sum to 1",
            help='give rows of any kind as "states": each is then compared by itself',
        )
    left, _, right = np.linalg.svd(values, full_matrices=False)
    outcomes: Numbers = np.zeros((len(values) + dimension - width, dimension), dtype=values.dtype)
    outcomes[: len(values), :width] = left @ right
    outcomes[len(values) :, width:] = np.eye(dimension - width)
    outcomes = exactly_real(outcomes)
    return {"states": outcomes[: len(values)], "outcomes": outcomes}
