"""Real states of two qubits in a Bell basis, where each is one qubit's matrix on a Bell state.

The basis is that of the loaders' ladders, CX (H S (x) S) up to a phase (Hill and Wootters, quant-ph/9703041;
:func:`qsac.lowering.cascades.bell_basis`): a real unit row q of four entries becomes (V (x) 1) (|00> + |11>)/sqrt(2), V
in SU(2) with q as its quaternion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BELL: NDArray[np.complex128] = (
    np.array([[1, 0, 1j, 0], [0, 1j, 0, -1], [0, 1j, 0, 1], [1, 0, -1j, 0]], dtype=np.complex128) / 2**0.5
)
"""Into the basis, (4, 4); rows and columns in the order 00, 01, 10, 11."""


def quaternion(row: NDArray[np.float64]) -> NDArray[np.complex128]:
    """V of a real unit row, (4,): a matrix of SU(2), (2, 2)."""
    first, second = row[0] + 1j * row[2], row[3] + 1j * row[1]
    return np.array([[first, -second.conj()], [second, first.conj()]], dtype=np.complex128)
