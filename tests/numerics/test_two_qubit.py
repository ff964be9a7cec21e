"""Canonical forms against matrix exponentials, and what is free where a qubit begins in zero."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.stats import unitary_group

from qsac.numerics.pauli import PAULI
from qsac.numerics.two_qubit import canonical, free_phase, multiplexed, prepared
from tests.cases import seeds

PAIRS = [np.kron(PAULI[axis], PAULI[axis]) for axis in "xyz"]
SWAP = np.eye(4)[[0, 2, 1, 3]]
CX = np.eye(4)[[0, 1, 3, 2]]


def interaction(*angles: float) -> NDArray[Any]:
    found: NDArray[Any] = expm(-0.5j * pi * sum(angle * pair for angle, pair in zip(angles, PAIRS, strict=True)))
    return found


def local(seed: int) -> NDArray[Any]:
    return np.kron(*(unitary_group.rvs(2, random_state=2 * seed + place) for place in (0, 1)))


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The largest difference of entries, up to a phase."""
    overlap = np.vdot(other, one)
    return float(np.abs(one - other * overlap / abs(overlap)).max())


SPECIAL = {
    "identity": ((0, 0, 0), 0),
    "one": ((0.3, 0, 0), 1),
    "CX": ((0.5, 0, 0), 1),
    "two": ((0.3, -0.2, 0), 2),
    "equal": ((0.3, 0.3, 0.3), 3),
    "iSWAP": ((0.5, 0.5, 0), 2),
    "a swap": ((0.5, 0.5, 0.5), 3),
    "half turns": ((1, 0, -1), 0),
    "tiny": ((0.2, 1e-7, 0), 2),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_unitaries_have_their_angles(name: str) -> None:
    angles, count = SPECIAL[name]
    for seed in range(20):
        unitary = local(seed) @ interaction(*angles) @ local(seed + 100)
        form = canonical(unitary)
        assert sum(abs(angle) > 1e-11 for angle in form.angles) == count
        rebuilt = np.kron(*form.left) @ interaction(*form.angles) @ np.kron(*form.right)
        assert distance(rebuilt, unitary) < 1e-12


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_any_unitary_is_its_canonical_form(seed: int) -> None:
    unitary = unitary_group.rvs(4, random_state=seed)
    form = canonical(unitary)
    assert distance(np.kron(*form.left) @ interaction(*form.angles) @ np.kron(*form.right), unitary) < 1e-13
    assert all(-0.5 < angle <= 0.5 for angle in form.angles)
    assert canonical(unitary.copy()).angles == form.angles


@pytest.mark.parametrize("matrix", [np.eye(4), CX, SWAP, CX @ SWAP, 1j * np.eye(4), np.diag([1, 1, 1, -1])])
def test_clifford_gates_too(matrix: NDArray[Any]) -> None:
    form = canonical(matrix.astype(complex))
    assert distance(np.kron(*form.left) @ interaction(*form.angles) @ np.kron(*form.right), matrix) < 1e-14


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_a_multiplexor_is_one_rotation(seed: int) -> None:
    zero, one = (unitary_group.rvs(2, random_state=2 * seed + place) for place in (0, 1))
    one = (one, zero, -zero, 1j * zero @ PAULI["z"])[min(seed % 7, 3) if seed % 7 else 0]
    after, angle, phase, before = multiplexed(zero, one)
    assert abs(angle) <= 0.5 + 1e-15

    def turned(by: float) -> NDArray[Any]:
        return np.asarray(after @ np.diag(np.exp(0.5j * pi * by * np.array([-1, 1]))) @ before)

    whole, expected = np.zeros((2, 4, 4), dtype=complex)
    expected[:2, :2], expected[2:, 2:] = zero, one
    whole[:2, :2], whole[2:, 2:] = turned(angle), np.exp(1j * pi * phase) * turned(-angle)
    assert distance(whole, expected) < 1e-13


@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_with_one_qubit_in_zero_two_gates_do(seed: int) -> None:
    unitary = unitary_group.rvs(4, random_state=seed)
    angle = free_phase(unitary)
    assert min(map(abs, canonical(unitary @ interaction(0, 0, angle)).angles)) < 1e-13
    assert min(map(abs, canonical(unitary).angles)) > 1e-4


@pytest.mark.parametrize("seed", seeds(20, one_of=3))
def test_a_state_of_two_qubits_takes_one(seed: int) -> None:
    state = unitary_group.rvs(4, random_state=seed)[:, 0] if seed else np.array([0, 1j, 0, 0])
    first, angle, second = prepared(state)
    made = np.kron(first, second) @ interaction(0, 0, angle) @ np.full(4, 0.5)
    assert abs(abs(np.vdot(made, state)) - 1) < 1e-14
    assert abs(angle) < 1e-12 if seed == 0 else 0 < angle <= 0.5
