"""Pauli matrices and the rotations about them."""

from __future__ import annotations

from math import pi, remainder
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Axis = Literal["x", "y", "z"]

PAULI: dict[str, NDArray[np.complex128]] = {
    "x": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}


NEGLIGIBLE = 1e-13
"""Rotations by less (radians) are rounding and no gates; angles that differ by less are equal."""


def pair_gates(angle: float, family: Literal["zzphase", "cz"]) -> int:
    """Two-qubit gates of exp(-i ``angle`` P / 2), P a Pauli product on two qubits; ``angle`` in radians.

    None for a half turn, which is P itself, and none at all; one for a quarter turn, or where there are gates of any
    angle; else two.
    """
    rest = abs(remainder(angle, pi))
    if rest < NEGLIGIBLE:
        return 0
    return 1 if family == "zzphase" or abs(rest - pi / 2) < NEGLIGIBLE else 2


def pauli_product(paulis: str) -> NDArray[np.complex128]:
    """The Kronecker product of the named Paulis, the first one most significant; shape (2^n, 2^n)."""
    matrix: NDArray[np.complex128] = np.eye(1, dtype=np.complex128)
    for pauli in paulis:
        matrix = np.asarray(np.kron(matrix, PAULI[pauli]), dtype=np.complex128)
    return matrix


def rotation_matrix(paulis: str, angle: float) -> NDArray[np.complex128]:
    """exp(-i angle P / 2) for a Pauli product P; ``angle`` in radians."""
    product = pauli_product(paulis)
    turned: NDArray[np.complex128] = np.cos(angle / 2) * np.eye(len(product)) - 1j * np.sin(angle / 2) * product
    return turned
