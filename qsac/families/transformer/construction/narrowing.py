"""Matrices with orthonormal rows, from more qubits to fewer: one qubit after the other is projected on zero.

The rows stand for one unitary only up to rows that nobody reads. Cosine-sine decompositions of what is read alone
(Paige and Wei, Linear Algebra Appl. 208/209, 1994) take fewer gates than the whole: unitaries on the qubits that stay,
which those that go select, a rotation of each of these, and so on; and selected unitaries are demultiplexed
(Shende et al., quant-ph/0406176).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cossin, schur

from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.files.numbers import Numbers
from qsac.numerics.schur_forms import blocks_of, demultiplexed

LEAST = 3
"""Qubits from which the steps take fewer gates than the whole unitary: from three to two 17 for 19, from four to two 53
for 95."""

ROUNDING = 1e-12
"""Imaginary parts of a product of matrices that is real."""


def narrow(composition: Composition, going: Sequence[Names], out: Names, rows: Numbers, origin: str) -> None:
    """Apply ``rows`` (M, D) to the registers ``going``, of one qubit each, and ``out``, M values of which are read:
    all of ``going`` end."""
    blocks, turns = rows[None], []
    for _ in going:
        found = [_halved(block) for block in blocks]
        turns.append((np.stack([left for left, _, _ in found]), np.stack([rows for _, rows, _ in found])))
        blocks = np.stack([right for _, _, pair in found for right in pair])
    _select(composition, going, out, blocks, origin)
    for place in reversed(range(len(going))):
        left, angles = turns[place]
        before = tuple(name for names in going[:place] for name in names)
        composition.load(going[place], (*before, *out), "turns", angles.reshape(-1, 2), inverse=True, origin=origin)
        _select(composition, going[:place], out, left, origin)


def _halved(rows: Numbers) -> tuple[Numbers, Numbers, tuple[Numbers, Numbers]]:
    """``rows`` (M, D) as U [C S] (R0 + R1): U (M, M), the M pairs of entries of C and S, and orthonormal rows R0 and R1
    (M, D/2)."""
    count, half = len(rows), rows.shape[1] // 2
    _, _, right = np.linalg.svd(rows)
    whole = np.concatenate([rows, right[count:]])
    (left, _), angles, (first, second) = cossin(whole, p=count, q=half, separate=True)
    # What is not read of the second half stands before what is.
    pair = first[:count].copy(), second[half - count :].copy()
    turns = np.stack([np.cos(angles), -np.sin(angles)], axis=1)
    order = np.argmax(np.abs(left), axis=1)
    if np.abs(np.abs(left[np.arange(count), order]) - 1).max() <= ALIKE:
        # What orders rows, and turns their phases, is no gate: orthogonal words past a residual have such a U.
        left, turns, pair = np.eye(count, dtype=left.dtype), turns[order], (left @ pair[0], left @ pair[1])
    if not np.iscomplexobj(left):
        _as_rotations(left, turns, pair)
    for side in (0, 1):
        if np.abs(turns[:, side]).max() < ALIKE:
            # All is in the other half: what is done to this one makes no difference, and is not selected.
            pair = pair[1 - side], pair[1 - side]
    return left, turns, pair


def _as_rotations(left: Numbers, turns: Numbers, pair: tuple[Numbers, Numbers]) -> None:
    """The signs of a real decomposition chosen so that what is demultiplexed together are rotations, which takes fewer
    gates: which signs a decomposition comes with is a matter of the library and of the machine."""
    if np.linalg.det(left) < 0:
        left[:, -1] *= -1
        turns[-1] *= -1
    for side, rows in enumerate(pair):
        if rows.shape[0] == rows.shape[1] and np.linalg.det(rows) < 0:
            rows[-1] *= -1
            turns[-1, side] *= -1


def _select(composition: Composition, by: Sequence[Names], out: Names, blocks: Numbers, origin: str) -> None:
    """Apply to ``out`` the unitary among ``blocks`` (2^k, M, M) that the qubits ``by`` select."""
    if not by:
        composition.unitary(out, blocks[0], origin=origin)
        return
    rest = tuple(name for names in by[1:] for name in names)
    half = len(blocks) // 2
    lefts, phases, rights = (
        np.stack(part) for part in zip(*map(_demultiplexed, blocks[:half], blocks[half:]), strict=True)
    )
    _select(composition, by[1:], out, rights, origin)
    turned = phases.reshape(-1)
    composition.diagonal((*rest, *out, *by[0]), np.stack([turned, turned.conj()], axis=1).reshape(-1), origin=origin)
    _select(composition, by[1:], out, lefts, origin)


def _demultiplexed(first: Numbers, second: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """V, the entries of D, and W of unitaries V D W and V D* W."""
    if np.abs(first - second).max() < ALIKE:
        return np.eye(len(first)), np.ones(len(first)), second
    product = first @ second.conj().T
    for gate in (np.eye(len(product)), _last(len(product))) if len(product) > 1 else ():
        # What is left of rotations, V and W, are rotations again, but for a gate on the last qubit.
        rotation = gate @ product @ gate.conj().T
        if np.abs(rotation.imag).max() <= ROUNDING and np.linalg.det(rotation.real) > 0:
            left, phases = _of_rotation(rotation.real)
            left = gate.conj().T @ left
            return left, phases, phases[:, None] * (left.conj().T @ second)
    left, angles, right = demultiplexed(first, second)
    return left, np.exp(1j * angles), right


def _last(size: int) -> Numbers:
    """The gate on the last qubit in which pairs of entries of a real vector are a number and its conjugate."""
    return np.kron(np.eye(size // 2), np.array([[1, 1], [1j, -1j]]) / np.sqrt(2))


def _of_rotation(rotation: Numbers) -> tuple[Numbers, Numbers]:
    """V and the roots of the eigenvalues of a real rotation of an even dimension: V is a rotation times one gate on the
    last qubit, so that it takes as few gates as a rotation."""
    triangular, basis = schur(rotation, output="real")
    starts, single = blocks_of(triangular, ALIKE)
    pairs: list[tuple[int, int, float]] = [
        (place, place + 1, np.arctan2(triangular[place, place + 1], triangular[place, place])) for place in starts
    ]
    single.sort(key=lambda one: -triangular[one, one])
    for one, other in zip(single[::2], single[1::2], strict=True):
        pairs.append((one, other, 0.0 if triangular[other, other] > 0 else np.pi))
    # A turn by a negative angle is one by a positive one of the other order.
    turned = [(one, other, angle) if angle >= 0 else (other, one, -angle) for one, other, angle in pairs]
    turned.sort(key=lambda pair: pair[2])
    order = [place for one, other, _ in turned for place in (one, other)]
    angles = np.array([[angle, -angle] for _, _, angle in turned])
    if np.linalg.det(basis[:, order]) < 0:
        order[-2:] = reversed(order[-2:])
        angles[-1] *= -1
    left = basis[:, order] @ _last(len(basis))
    return left, np.exp(0.5j * angles.reshape(-1))
