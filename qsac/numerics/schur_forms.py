"""What Schur forms of unitary matrices are taken for: eigenvalues in pairs, and unitaries that a qubit selects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.inexact]


def blocks_of(form: NDArray[np.float64], least: float = 0.0) -> tuple[list[int], list[int]]:
    """The first places of the blocks of two of a real Schur form, shape (D, D), whose entry below the diagonal is more
    than ``least``, and the places of all other entries of the diagonal, which stand alone."""
    pairs: list[int] = []
    alone: list[int] = []
    place = 0
    while place < len(form):
        if place + 1 < len(form) and abs(form[place + 1, place]) > least:
            pairs.append(place)
            place += 2
        else:
            alone.append(place)
            place += 1
    return pairs, alone


def demultiplexed(
    first: Numbers, second: Numbers
) -> tuple[NDArray[np.complex128], NDArray[np.float64], NDArray[np.complex128]]:
    """V, the angles (D,) of a diagonal matrix E of phases, in radians, and W of unitaries V E W and V E* W, shape
    (D, D) each (Shende et al., quant-ph/0406176)."""
    from scipy.linalg import schur

    triangular, left = schur(first @ second.conj().T, output="complex")
    angles = np.angle(np.diag(triangular)) / 2
    return left, angles, np.exp(1j * angles)[:, None] * (left.conj().T @ second)
