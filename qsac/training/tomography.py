"""A pure state from probabilities in a few bases, up to its phase.

Measured are all qubits along Z, and for each qubit along X and along Y with the others along Z: 2n + 1 bases, for real
states n + 1 without Y. The first gives the moduli of the amplitudes; that of X and Y on one qubit gives conj(z_b) z_c
for all pairs of bit strings b, c that differ in that qubit alone. Along the edges of a hypercube these fix all phases
but one, wherever amplitudes that do not vanish connect. (3^n bases would serve mixed states; what a prediction's
circuit accepts is pure without noise, and with noise the answer is a pure state near it.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROOT = np.sqrt(0.5)
_TURNS = {
    "X": np.array([[1, 1], [1, -1]], dtype=np.complex128) * _ROOT,
    "Y": np.array([[1, 1j], [1, -1j]], dtype=np.complex128) * _ROOT,
}
"""Rows: the eigenstates for +1 and -1."""


def bases(qubits: int, *, real: bool = False) -> list[NDArray[np.complex128]]:
    """The bases that :func:`state_of` asks for, (d, d) each: their rows are the states."""
    found = [np.eye(1 << qubits, dtype=np.complex128)]
    for qubit in range(qubits):
        for axis in ("X",) if real else ("X", "Y"):
            outer, inner = np.eye(1 << qubit), np.eye(1 << (qubits - 1 - qubit))
            found.append(np.asarray(np.kron(np.kron(outer, _TURNS[axis]), inner), dtype=np.complex128))
    return found


def state_of(probabilities: Sequence[NDArray[np.float64]], *, real: bool = False) -> NDArray[np.complex128]:
    """The state (d,) of length 1 whose probabilities |<row|z>|^2 in the :func:`bases` are nearest to those given, (d,)
    each, in the sense that follows; its largest amplitude is positive.

    The moduli are those of the first basis. The phases are the vector that the graph connection Laplacian of the
    coherences shrinks most (Singer and Wu, 2012): exactly theirs where the probabilities are exact, and a weighted
    compromise where they are counted.
    """
    shares = np.clip(probabilities[0], 0, None)
    dimension = len(shares)
    qubits = dimension.bit_length() - 1
    index = np.arange(dimension)
    coherence = np.zeros((dimension, dimension), dtype=np.complex128)
    rest = iter(probabilities[1:])
    for qubit in range(qubits):
        bit = 1 << (qubits - 1 - qubit)
        low = index[index & bit == 0]
        # Rows with the bit off are the eigenstates for +1: P(+) - P(-) = 2 Re or 2 Im of conj(z_low) z_high.
        along = next(rest)
        value = (along[low] - along[low | bit]) / 2 + 0j
        if not real:
            along = next(rest)
            value += 1j * (along[low] - along[low | bit]) / 2
        coherence[low | bit, low] = value
        coherence[low, low | bit] = value.conj()
    laplacian = np.diag(np.abs(coherence).sum(axis=1)) - coherence
    _, vectors = np.linalg.eigh(laplacian)
    phases = vectors[:, 0]
    sizes = np.abs(phases)
    state = np.sqrt(shares) * np.where(sizes > 0, phases / np.where(sizes > 0, sizes, 1), 1)
    largest = int(np.argmax(np.abs(state)))
    state = state * (abs(state[largest]) / state[largest]) if state[largest] != 0 else state
    return np.asarray(state / np.linalg.norm(state), dtype=np.complex128)
