"""Blocks of two qubits in as few gates as they need: exact, whatever the angles."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import unitary_group

from qsac.native.circuit import KIND, NativeCircuit
from qsac.passes.circuit._resynthesis import least, needed_gates, resynthesised
from tests.cases import seeds
from tests.passes.circuit.test_route import (
    MATRICES,
    assert_same,
    branches,
    circuit_of,
    left_over,
    random_circuit,
)
from tests.shares import Share

CZ = np.diag([1, 1, 1, -1]).astype(complex)
SWAP = np.eye(4)[[0, 2, 1, 3]].astype(complex)


def local(seed: int) -> NDArray[Any]:
    first, second = (unitary_group.rvs(2, random_state=10 * seed + place) for place in range(2))
    return np.kron(first, second)


def product(count: int, seed: int) -> NDArray[Any]:
    """So many CZ between one-qubit gates."""
    return reduce(lambda made, place: local(seed + place) @ CZ @ made, range(1, count + 1), local(seed))


@pytest.mark.parametrize("count", range(5))
def test_generic_products_need_their_gates_and_at_most_three(count: int) -> None:
    matrices = np.array([product(count, 100 * seed) for seed in range(20)])
    assert needed_gates(matrices).tolist() == [min(count, 3)] * 20


def test_special_products_need_fewer() -> None:
    controlled = np.kron(np.diag([1, 0]), np.eye(2)) + np.kron(np.diag([0, 1]), unitary_group.rvs(2, random_state=3))
    cx = np.eye(4)[[0, 1, 3, 2]]
    cases = {
        "identity": (np.eye(4), 0),
        "a phase": (1j * np.eye(4), 0),
        "CZ twice": (CZ @ CZ, 0),
        "CZ": (CZ, 1),
        "CX": (cx, 1),
        "any control": (controlled, 2),
        "two CX in turn": (cx @ (SWAP @ cx @ SWAP), 2),
        "a swap and CZ": (SWAP @ CZ, 2),
        "a swap": (SWAP, 3),
    }
    for matrix, expected in cases.values():
        dressed = local(1) @ matrix @ local(7)
        assert needed_gates(np.array([matrix, dressed])).tolist() == [expected, expected]


@pytest.mark.parametrize("seed", seeds(40, one_of=3))
def test_what_a_circuit_means_stays(seed: int) -> None:
    """Measurements and resets in between, and angles that libraries like to round away."""
    circuit = random_circuit(seed, qubits=3, size=40)
    circuit = replace(circuit, snapshot=None)
    found = resynthesised(circuit)
    everything = circuit.final_map
    assert_same(left_over(circuit, branches(circuit), everything), left_over(found, branches(found), everything))
    assert found.two_qubit_gates <= least(circuit) <= circuit.two_qubit_gates
    assert set(np.unique(found.kind).tolist()) <= {KIND[name] for name in ("SX", "X", "Rz", "CZ", "Measure", "Reset")}


def test_most_of_these_circuits_take_fewer_gates() -> None:
    with Share(0.8) as share:
        for seed in range(40):
            circuit = replace(random_circuit(seed, qubits=3, size=40), snapshot=None)
            share.saw(resynthesised(circuit).two_qubit_gates < circuit.two_qubit_gates)


@pytest.mark.parametrize("angle", [1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-11])
def test_small_angles_are_kept(angle: float) -> None:
    """CZ, a small turn, CZ: hardly more than nothing, but exactly that."""
    gates = [("SX", 0, -1), ("SX", 1, -1), ("CZ", 0, 1), ("SX", 1, -1), ("Rz", 1, -1, 1 + angle), ("SX", 1, -1)]
    circuit = circuit_of([*gates, ("CZ", 0, 1), ("Rz", 0, -1, angle), ("CZ", 0, 1)], 2, 0)
    found = resynthesised(circuit)
    assert found.two_qubit_gates <= 2
    before, after = (_matrix(each) for each in (circuit, found))
    overlap = np.vdot(after, before)
    assert np.max(np.abs(before - after * overlap / abs(overlap))) < 1e-10


def test_blocks_that_vanish_join_their_neighbours() -> None:
    """Between two gates of one pair stand two that cancel: all four go."""
    pairs = [(0, 1), (1, 2), (1, 2), (0, 1)]
    circuit = circuit_of([*(("SX", qubit, -1) for qubit in range(3)), *(("CZ", *pair) for pair in pairs)], 3, 0)
    assert circuit.two_qubit_gates == 4
    assert resynthesised(circuit).two_qubit_gates == 0


def test_a_swap_beside_a_gate_takes_two() -> None:
    hadamard = [("Rz", 1, -1, 0.5), ("SX", 1, -1), ("Rz", 1, -1, 0.5)]
    other = [(name, 0, *rest) for name, _, *rest in hadamard]
    cx, xc = [*hadamard, ("CZ", 0, 1), *hadamard], [*other, ("CZ", 0, 1), *other]
    circuit = circuit_of([("SX", 0, -1), ("CZ", 0, 1), *cx, *xc, *cx], 2, 0)
    assert circuit.two_qubit_gates == 4
    assert resynthesised(circuit).two_qubit_gates == 2


def _matrix(circuit: NativeCircuit) -> NDArray[Any]:
    matrix = np.eye(4, dtype=complex)
    for kind, first, angles in zip(circuit.kind, circuit.first, circuit.angles, strict=True):
        name = next(name for name, number in KIND.items() if number == kind)
        gate = MATRICES[name](*angles)
        if name != "CZ":
            gate = np.kron(gate, np.eye(2)) if first == 0 else np.kron(np.eye(2), gate)
        matrix = gate @ matrix
    return matrix
