"""Multiplexors, uniformly controlled gates and diagonals are the whole unitary."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import unitary_group

from qsac import synthesis
from qsac.numerics.pauli import PAULI, Axis
from tests.synthesis.exactness import EXACT, FAMILIES, check

both = pytest.mark.parametrize("target", list(FAMILIES))


def _unitaries(count: int, *, special: bool = False, seed: int = 0) -> np.ndarray:
    gates = unitary_group.rvs(2, size=count, random_state=np.random.default_rng([count, seed])).reshape(-1, 2, 2)
    return gates / np.sqrt(np.linalg.det(gates))[:, None, None] if special else gates


@both
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("axis", get_args(Axis))
@pytest.mark.parametrize("controls", range(5))
def test_multiplexors(target: str, fresh: bool, axis: Axis, controls: int) -> None:
    angles = np.random.default_rng([controls, fresh]).uniform(-9, 9, 1 << controls)
    block = synthesis.multiplexor(axis, angles, fresh=fresh, target=target)
    wanted = np.array([expm(-0.5j * angle * PAULI[axis]) for angle in angles])
    assert np.abs(block.columns - (wanted[:, :, :1] if fresh else wanted)).max() < EXACT
    check(block, target)
    assert block.exact_on == ("data in zero" if fresh else "all inputs")
    if controls > 1:
        most = (1 << controls) - fresh
        assert block.two_qubit_gates == most if axis != "z" or not fresh else block.two_qubit_gates < most
    elif controls:
        assert block.two_qubit_gates <= (1 if target == "h2" or fresh else 2)


@both
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("axis", get_args(Axis))
def test_multiplexors_of_structure(target: str, fresh: bool, axis: Axis) -> None:
    values = np.arange(16)
    pair = {"h2": 1, "ibm-fez": 2}[target]
    given = {
        "the same angle": (np.full(16, 1.2), 0),
        "proportional to the index": (0.37 * values + 0.2, 4 * pair),
        "large": (0.37 * values + 4e7 * np.pi, 16),
        "two bits": (1.3 * (values & 1) - 0.7 * (values >> 3), 2 * pair),
        "the last two controls": (np.tile([0.1, 0.2, 0.7, 1.9], 4), 4),
    }
    for name, (angles, most) in given.items():
        block = synthesis.multiplexor(axis, angles, fresh=fresh, target=target)
        check(block, target)
        assert block.two_qubit_gates <= most, name


@both
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("controls", range(5))
def test_uniformly_controlled_gates(target: str, special: bool, controls: int) -> None:
    for seed in range(2):
        gates = _unitaries(1 << controls, special=special, seed=seed)
        block = synthesis.uniformly_controlled(gates, target=target)
        assert np.abs(block.columns - gates).max() < EXACT
        check(block, target)
        assert (block.index, block.data) == (tuple(range(controls)), (controls,))
        if controls > 1:
            # A ladder, the diagonal on the target, and the one on the controls.
            rest = 0 if special else (1 << controls) - 2 - (target == "h2")
            assert block.two_qubit_gates == (2 << controls) - 1 + rest
        else:
            assert block.two_qubit_gates == (0, {"h2": 1, "ibm-fez": 2}[target])[controls]


@both
def test_gates_of_structure(target: str) -> None:
    one, other = _unitaries(2)
    x, y, z = (PAULI[axis] for axis in get_args(Axis))
    identity = np.eye(2)
    turns = [expm(-0.5j * angle * x) for angle in (0.3, 1.1, -2.0, 3.9)]
    phases = np.exp(1j * np.array([0.2, 1.7, -0.4, 2.9]))
    pair = {"h2": 1, "ibm-fez": 2}[target]
    given = {
        "the same gate": ([one] * 8, 0),
        "one control of three": ([one, one, other, other, one, one, other, other], pair),
        "CX": ([identity, x], 1),
        "CY": ([identity, y], 1),
        "CZ": ([identity, z], 1),
        "controlled": ([identity, one], pair),
        "Toffoli": ([identity] * 3 + [x], 6),
        "rotations about x": (turns, 4),
        "rotations about x, with phases": ([p * turn for p, turn in zip(phases, turns, strict=True)], 4 + 2),
        "diagonal": ([np.diag([p, p.conj()]) for p in phases], 4 + 2),
        "phases alone": ([p * identity for p in phases], 2),
        "minus": ([identity, -identity], 0),
        "Pauli matrices": ([identity, x, y, z], 7 + 2),
    }
    for name, (gates, most) in given.items():
        block = synthesis.uniformly_controlled(gates, target=target)
        check(block, target)
        assert block.two_qubit_gates <= most, name


def test_gates_that_are_nearly_unitary() -> None:
    gates = _unitaries(4)
    off = gates * (1 + 2e-10) + 1e-10 * np.array([[0, 1j], [0, 1]])
    block = synthesis.uniformly_controlled(off)
    assert np.abs(block.columns @ block.columns.conj().swapaxes(1, 2) - np.eye(2)).max() < EXACT
    assert np.abs(block.columns - off).max() < 1e-9
    check(block, "h2")


@both
@pytest.mark.parametrize("qubits", range(1, 6))
def test_diagonals(target: str, qubits: int) -> None:
    phases = np.random.default_rng(qubits).uniform(-20, 20, 1 << qubits)
    block = synthesis.diagonal(phases, target=target)
    assert np.abs(block.columns[:, 0, 0] - np.exp(1j * phases)).max() < EXACT
    check(block, target)
    assert block.two_qubit_gates == max(0, (1 << qubits) - 2 - (target == "h2" and qubits > 1))
    assert (block.index, block.data, block.exact_on) == (tuple(range(qubits)), (), "all inputs")


@both
def test_diagonals_of_structure(target: str) -> None:
    values = np.arange(16)
    neighbours = np.bitwise_count(values & values >> 1)
    pair = {"h2": 1, "ibm-fez": 2}[target]
    given = {
        "constant": (np.full(16, 2.0), 0),
        "single qubits, wrapped": (np.angle(np.exp(0.9j * values)), 0),
        "CZ of neighbours": (np.pi * neighbours, 3),
        "pairs, wrapped": (np.remainder(0.7 * neighbours + 1.3 * values, 2 * np.pi), 3 * pair),
        "one qubit of four": (1.0 * (values >> 2 & 1), 0),
        "three of four": (np.repeat(np.random.default_rng(1).uniform(0, 6, 8), 2), 6),
        "CCZ": (np.pi * (np.arange(8) == 7), 6),
    }
    for name, (phases, most) in given.items():
        block = synthesis.diagonal(phases, target=target)
        check(block, target)
        assert block.two_qubit_gates <= most, name


def test_full_turns_of_phases_are_none() -> None:
    phases = np.array([0.1, 0.2, 0.3, 0.7])
    large = phases + 2 * np.pi * np.array([0, 1e6, -3e5, 7])
    assert np.abs(synthesis.diagonal(large).columns - synthesis.diagonal(phases).columns).max() < 1e-9


def test_counts_of_another_machine() -> None:
    block = synthesis.multiplexor("y", [0.1, 0.9, 1.7, 2.0])
    own, other = block.counts(), block.counts("ibm-fez")
    assert own == block.counts("h2") == block.counts("h1")
    assert own.gates == {"PhasedX": own.one_qubit_gates, "Rz": own.gates["Rz"], "ZZPhase": 4}
    assert set(other.gates) == {"SX", "Rz", "CZ"}
    assert (own.two_qubit_gates, other.two_qubit_gates) == (4, 4)
    assert own.two_qubit_depth == 4
    assert own.depth >= own.two_qubit_depth + 3
    one = synthesis.multiplexor("y", [0.1, 0.9])
    assert (one.counts().two_qubit_gates, one.counts("ibm-fez").two_qubit_gates) == (1, 2)


def test_same_numbers_same_circuit() -> None:
    gates = _unitaries(8)
    one, other = (synthesis.uniformly_controlled(gates) for _ in range(2))
    assert one.phase == other.phase
    assert one.circuit.angles.tobytes() == other.circuit.angles.tobytes()
