"""Pauli matrices and the rotations about them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Axis = Literal["x", "y", "z"]

PAULI: dict[str, NDArray[np.complex128]] = {
    "x": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}


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
