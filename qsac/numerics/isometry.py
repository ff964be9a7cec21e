"""Spans of two states, taken to one qubit: the inverse of an isometry from one qubit to several.

Qubits are cleared one after the other by the cosine-sine decomposition (as in Iten et al., arXiv 1501.06911): for each
value of the others, a gate on the qubit that is kept brings the two halves, where the cleared qubit is 0 and 1, to the
same basis, and a gate on the cleared one then takes it to zero. Each is a ladder up to a diagonal, which the next one
takes in: 2^(p+1) - 2 p - 2 two-qubit gates for p qubits. Two qubits take one gate where the states are |e_i> |f_i> with
e_0 and e_1 orthogonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qsac.numerics.disentangling import Complex, Ladder, Turn, laddered, to_zero
from qsac.numerics.product_structure import EXACT

_MIXTURES = ((0.8, 0.6j), (0.6, 0.8), (0.28, -0.96))
"""Mixtures of the two halves of a span, of which one at least has singular values that differ."""


class Cleared(NamedTuple):
    """What takes a span to the qubit ``kept``, all others being zero then."""

    steps: list[Turn | Ladder]
    kept: int


def price(qubits: int) -> int:
    """Two-qubit gates of any span of two states of so many qubits."""
    return (2 << qubits) - 2 * qubits - 2


def cleared(span: Complex, places: Sequence[int]) -> Cleared:
    """What takes the span of two orthonormal states, shape (2^p, 2), of p > 1 qubits at some places to one of these."""
    qubits = len(places)
    state = span.reshape((2,) * qubits + (2,)).astype(np.complex128)
    if qubits == 2:
        for control in (0, 1):
            bases = controlled(span, control)
            if bases is not None:
                return _by_one_gate(state, control, bases[0], places)
    kept, steps = qubits - 1, list[Turn | Ladder]()
    for removed in reversed(range(kept)):
        before = tuple(range(removed))
        state, aligned = laddered(state, kept, (*before, removed), _aligning(state, removed, kept))
        state, turned_off = laddered(state, removed, (*before, kept), _clearing(state, removed, kept))
        steps += [aligned, turned_off]
    return Cleared([step.at(places) for step in steps], places[kept])


def controlled(span: Complex, control: int) -> tuple[Complex, Complex] | None:
    """Bases e of the qubit ``control`` and c of the span, in which a span of two qubits' states, shape (4, 2), is
    |e_i> |f_i> for c_i; None where it is not of that form."""
    tensor = span.reshape(2, 2, 2)
    halves = tensor.transpose(1, 0, 2) if control == 0 else tensor
    for mixture in _MIXTURES:
        left, _, right = np.linalg.svd(mixture[0] * halves[0] + mixture[1] * halves[1])
        inside = left.conj().T @ halves @ right.conj().T
        if max(abs(inside[:, 0, 1]).max(), abs(inside[:, 1, 0]).max()) <= EXACT:
            return left, right
    return None


def _by_one_gate(state: Complex, control: int, basis: Complex, places: Sequence[int]) -> Cleared:
    """A turn of the control to the basis, and a gate for each of its values."""
    target = 1 - control
    turn = basis.conj().T / np.sqrt(np.linalg.det(basis.conj().T))
    state = np.moveaxis(np.tensordot(turn, state, axes=(1, control)), 0, control)
    by_value = np.moveaxis(state, control, 0)
    matrices = [_first_column(half) for half in by_value]
    _, ladder = laddered(state, target, (control,), matrices)
    return Cleared([Turn(control, turn).at(places), ladder.at(places)], places[control])


def _first_column(half: Complex) -> Complex:
    """What takes the one state of which all columns, shape (2, columns), are multiples to zero."""
    largest = int(np.argmax(np.sum(np.abs(half) ** 2, axis=0)))
    return to_zero(half[:, largest])


def _aligning(state: Complex, removed: int, kept: int) -> list[Complex]:
    """For each value of the qubits before the removed one and of it: the gate on the kept qubit after which the halves
    have the same rows up to a factor."""
    blocks = _blocks(state, removed, kept)
    matrices: list[Complex] = []
    for block in blocks:
        orthonormal = np.linalg.svd(block.reshape(4, 2), full_matrices=False)[0].reshape(2, 2, 2)
        first, _, basis = np.linalg.svd(orthonormal[0])
        matrices += [_special(first.conj().T), _special(_columns_basis(orthonormal[1] @ basis.conj().T).conj().T)]
    return matrices


def _clearing(state: Complex, removed: int, kept: int) -> list[Complex]:
    """For each value of the qubits before the removed one and of the kept one: the gate that clears the removed one."""
    return [_first_column(block[:, value]) for block in _blocks(state, removed, kept) for value in (0, 1)]


def _blocks(state: Complex, removed: int, kept: int) -> Complex:
    """Arrays (removed, kept, column) for each value of the qubits before; those in between are zero."""
    between = (slice(None),) * (removed + 1) + (0,) * (kept - removed - 1)
    return state[between].reshape(-1, 2, 2, 2)


def _columns_basis(columns: Complex) -> Complex:
    """A unitary whose columns are those of a matrix, which are orthogonal, up to their norms."""
    norms = np.sqrt(np.sum(np.abs(columns) ** 2, axis=0))
    large = int(norms[1] > norms[0])
    if not norms[large]:
        return np.eye(2, dtype=np.complex128)
    basis = np.empty((2, 2), dtype=np.complex128)
    basis[:, large] = columns[:, large] / norms[large]
    other = np.array([-basis[1, large].conj(), basis[0, large].conj()])
    overlap = np.sum(other.conj() * columns[:, 1 - large])
    basis[:, 1 - large] = other * (overlap / abs(overlap) if abs(overlap) else 1.0)
    return basis


def _special(matrix: Complex) -> Complex:
    """A unitary of determinant 1, equal up to a phase."""
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    return np.asarray(matrix / np.sqrt(determinant))
