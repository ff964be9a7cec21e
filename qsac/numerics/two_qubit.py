"""Two-qubit unitaries up to one-qubit gates: their canonical form, and what is free where a qubit begins in zero.

Every two-qubit unitary is (l0 x l1) exp(-i pi/2 (a XX + b YY + c ZZ)) (r0 x r1) up to a phase (Khaneja, Brockett,
Glaser, quant-ph/0011050); a, b and c in half-turns, as ZZPhase has its angle. Their number of zeros is the same in
every such form with -1/2 < a, b, c <= 1/2, so that the others are the least number of ZZPhase gates. The first qubit is
the more significant one.
"""

from __future__ import annotations

from math import atan2, ceil, copysign, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.pauli import PAULI

Complex = NDArray[np.complex128]

_MAGIC: Complex = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)
"""In this basis products of one-qubit gates of determinant 1 are real, and XX, YY and ZZ diagonal."""

_PAIRS: NDArray[np.float64] = np.array(
    [np.diag(_MAGIC.conj().T @ np.kron(PAULI[axis], PAULI[axis]) @ _MAGIC).real for axis in "xyz"]
)
"""Those diagonals, shape (3, 4)."""

_MIXTURES = (0.6180339887498949, -1.3247179572447460, 2.2055694304005904)
"""Weights of two commuting matrices in a sum whose eigenvectors are those of both, unless eigenvalues of the sum
coincide by chance: then the next one is tried."""

_GOOD = 1e-12
"""Largest entry beside the diagonal with which a mixture is taken at once; else the best of them is."""


class Canonical(NamedTuple):
    """The canonical form: gates of both qubits before (``right``) and after (``left``), each of shape (2, 2), and the
    three angles (half-turns) of XX, YY and ZZ in between, in (-1/2, 1/2]."""

    left: tuple[Complex, Complex]
    angles: tuple[float, float, float]
    right: tuple[Complex, Complex]


def canonical(unitary: Complex) -> Canonical:
    """The canonical form of a two-qubit unitary, shape (4, 4). By fixed steps: the same numbers on each call."""
    special = unitary / np.linalg.det(unitary) ** 0.25
    inner = _MAGIC.conj().T @ special @ _MAGIC
    basis = _real_eigenvectors(inner.T @ inner)
    turned = inner @ basis
    # Each column is a real vector times a phase, which is half that of the square's eigenvalue, or opposite to it.
    phases = np.angle(np.sum(turned * turned, axis=0)) / 2
    outer = (turned * np.exp(-1j * phases)).real
    if np.linalg.det(outer) < 0:
        outer[:, 0] *= -1
        phases[0] += pi
    angles = -(_PAIRS @ phases) / 4 * 2 / pi
    left, right = _factors(_MAGIC @ outer @ _MAGIC.conj().T), _factors(_MAGIC @ basis.T @ _MAGIC.conj().T)
    reduced = []
    for angle, axis in zip(angles.tolist(), "xyz", strict=True):
        # exp(-i pi/2 P P) is P on both qubits, up to a phase.
        whole = ceil(angle - 0.5)
        if whole % 2:
            left = left[0] @ PAULI[axis], left[1] @ PAULI[axis]
        reduced.append(angle - whole)
    return Canonical(left, (reduced[0], reduced[1], reduced[2]), right)


def _real_eigenvectors(square: Complex) -> NDArray[np.float64]:
    """Real orthogonal columns, of determinant 1, in which a symmetric unitary is diagonal."""
    found: list[tuple[float, NDArray[np.float64]]] = []
    for weight in _MIXTURES:
        _, basis = np.linalg.eigh(square.real + weight * square.imag)
        diagonal = basis.T @ square @ basis
        rest = float(np.abs(diagonal - np.diag(np.diag(diagonal))).max())
        found.append((rest, basis))
        if rest < _GOOD:
            break
    _, best = min(found, key=lambda one: one[0])
    if np.linalg.det(best) < 0:
        best[:, 0] *= -1
    return np.asarray(best, dtype=np.float64)


def _factors(product: Complex) -> tuple[Complex, Complex]:
    """The factors, each of determinant 1 up to a sign, of a product of one-qubit gates."""
    blocks = product.reshape(2, 2, 2, 2)
    row, column = divmod(int(np.argmax(np.abs(blocks).max(axis=(1, 3)))), 2)
    second = blocks[row, :, column, :]
    second = second / np.linalg.det(second) ** 0.5
    first = np.einsum("iajb,ab->ij", blocks, second.conj()) / 2
    return first / np.linalg.det(first) ** 0.5, second


def multiplexed(zero: Complex, one: Complex) -> tuple[Complex, float, float, Complex]:
    """(after, angle, phase, before) of ``zero`` = after Rz(angle) before and ``one`` = exp(i pi phase) after Rz(-angle)
    before, up to a phase of both; angles in half-turns, from -1/2 to 1/2."""
    ratio = zero @ one.conj().T
    special = ratio / np.linalg.det(ratio) ** 0.5
    # cos - i sin (n . sigma): eigenvectors of n . sigma are those of the ratio.
    _, vectors = np.linalg.eigh(1j * (special - special.conj().T) / 2)
    after = vectors[:, ::-1]
    turns = np.angle(np.diag(after.conj().T @ ratio @ after))
    angle, phase = float(turns[1] - turns[0]) / 2, float(turns[0] + turns[1]) / 2
    if abs(angle) > pi / 2:
        # Half a turn is Z, which is another phase of the two.
        angle, phase = angle - copysign(pi, angle), phase + pi
    half = np.array([np.exp(1j * angle / 2), np.exp(-1j * angle / 2)])
    before = half[:, None] * (after.conj().T @ zero)
    return after, angle / pi, -phase / pi, before


def free_phase(unitary: Complex) -> float:
    """The angle (half-turns) of a ZZ rotation *before* a unitary with which two ZZ(1/2), and one-qubit gates, do.

    Where a qubit is in zero, it is a rotation of the other one (after Shende, Bullock, Markov, quant-ph/0406176, where
    it follows the unitary, and qubits are measured).
    """
    special = unitary / np.linalg.det(unitary) ** 0.25
    flip, pair = (np.kron(PAULI[axis], PAULI[axis]) for axis in "yz")
    plain = np.trace(special @ flip @ special.T @ flip)
    turned = np.trace(special @ pair @ flip @ special.T @ flip)
    # The trace of what tells classes apart, cos(x) plain - i sin(x) turned, is to be real.
    return atan2(float(plain.imag), float(turned.real)) / pi


def prepared(state: Complex) -> tuple[Complex, float, Complex]:
    """(first, angle, second): first x second, after ZZPhase(angle) (half-turns, 0 to 1/2) on both qubits in |+>, gives
    a two-qubit state, shape (4,), up to a phase."""
    left, weights, right = np.linalg.svd(state.reshape(2, 2))
    angle = 2 * atan2(float(weights[1]), float(weights[0])) / pi
    # cos |++> - i sin |-->
    hadamard = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    phase = np.diag([1, 1j])
    return left @ phase @ hadamard, angle, right.T @ hadamard
