"""The hardware-efficient ansatz (docs/model-file.md).

A layer applies, on each qubit in order, rotations R_P(theta) = exp(-i theta P / 2) in the order given; then a ring of
CX: none for one qubit, CX(0, 1) for two, CX(q, q+1 mod n) for q = 0..n-1 otherwise. Qubit 0 is the most significant
bit of the basis index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qsac.files.numbers import Numbers


def entangler_ring(qubits: int) -> tuple[tuple[int, int], ...]:
    """The (control, target) pairs of a layer's CX gates, in order."""
    if qubits == 1:
        return ()
    if qubits == 2:
        return ((0, 1),)
    return tuple((q, (q + 1) % qubits) for q in range(qubits))


def rotation(axis: str, angle: float) -> Numbers:
    """The 2x2 matrix of R_P(angle), float64 for ``ry``, else complex128; ``angle`` in radians."""
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    if axis == "ry":
        return np.array([[cosine, -sine], [sine, cosine]])
    if axis == "rx":
        return np.array([[cosine, -1j * sine], [-1j * sine, cosine]])
    return np.array([[cosine - 1j * sine, 0], [0, cosine + 1j * sine]])


@dataclass(frozen=True, eq=False)
class Ansatz:
    """Layers of rotations and a ring of CX. ``parameters``: (layers, n, rotations), radians, read-only."""

    rotations: tuple[str, ...]
    parameters: NDArray[np.float64]

    @property
    def layers(self) -> int:
        """The number of layers."""
        return int(self.parameters.shape[0])

    @property
    def qubits(self) -> int:
        """n, the number of data qubits that it acts on."""
        return int(self.parameters.shape[1])

    @property
    def is_real(self) -> bool:
        """Whether its matrix is real: rotations about y only."""
        return set(self.rotations) <= {"ry"}

    def conjugate(self) -> Ansatz:
        """The ansatz whose matrix has the conjugated entries: rotations about x and z go the other way."""
        signs = np.array([1.0 if axis == "ry" else -1.0 for axis in self.rotations])
        return Ansatz(self.rotations, self.parameters * signs)

    def apply(self, rows: Numbers) -> Numbers:
        """U x for every row x of ``rows`` (any number, 2^n), gate by gate: linear in the gates, no d x d matrix."""
        n, count = self.qubits, rows.shape[0]
        state: Numbers = rows if self.is_real else rows.astype(np.complex128)
        for layer in self.parameters:
            for qubit, angles in enumerate(layer):
                gate: Numbers = np.eye(2)
                for axis, angle in zip(self.rotations, angles, strict=True):
                    gate = rotation(axis, float(angle)) @ gate
                split = state.reshape(count, 2**qubit, 2, 2 ** (n - qubit - 1))
                low, high = split[:, :, 0], split[:, :, 1]
                state = np.stack([gate[0, 0] * low + gate[0, 1] * high, gate[1, 0] * low + gate[1, 1] * high], axis=2)
            state = state.reshape(count, 2**n)[:, ring_permutation(n)]
        return state

    def matrix(self, dimension: int) -> Numbers:
        """U as a (d, d) array, float64 where it is real; ``dimension`` must be 2^n."""
        if dimension != 2**self.qubits:
            raise ValueError(f"an ansatz on {self.qubits} qubits has no matrix of dimension {dimension}")
        return np.ascontiguousarray(self.apply(np.eye(dimension)).T)


def ring_permutation(qubits: int) -> NDArray[np.intp]:
    """Which amplitude of the state before the ring of CX each amplitude after it is."""
    source = np.arange(2**qubits)
    for control, target in reversed(entangler_ring(qubits)):
        source ^= ((source >> (qubits - 1 - control)) & 1) << (qubits - 1 - target)
    return source
