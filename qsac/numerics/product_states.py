"""Facts about single states."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-12


def factors(state: NDArray[Any]) -> list[NDArray[np.complex128]] | None:
    """The qubits' states, shape (2,) each, of a product state of shape (2^n,), up to a global phase; else None."""
    rest = state.astype(np.complex128)
    found = []
    while len(rest) > 1:
        halves = rest.reshape(2, -1)
        rest = halves[int(np.linalg.norm(halves[1]) > np.linalg.norm(halves[0]))]
        rest = rest / np.linalg.norm(rest)
        qubit = halves @ rest.conj()
        if np.max(np.abs(np.outer(qubit, rest) - halves)) > ROUNDING:
            return None
        found.append(qubit / np.linalg.norm(qubit))
    return found


def is_product(state: NDArray[Any]) -> bool:
    """Whether a state of shape (2^n,) is a product of the qubits' states."""
    return factors(state) is not None
