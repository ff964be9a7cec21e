"""How far circuits in other packages are from what a block says that it does, global phases included."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import Operator

from qsac.synthesis import Block

FAMILIES = {"h2": {"PhasedX", "Rz", "ZZPhase"}, "ibm-fez": {"SX", "X", "Rz", "CZ"}}
"""A target of each family of gates, and its gates."""

EXACT = 1e-11


def distance(block: Block, unitary: NDArray[Any]) -> float:
    """The largest difference of an entry of a unitary, index first and the first qubit most significant, from the
    block's columns."""
    values, size, inputs = block.columns.shape
    assert unitary.shape == (1 << block.qubits, 1 << block.qubits)
    wanted = np.zeros((values * inputs, 1 << block.qubits), dtype=np.complex128)
    found = np.empty_like(wanted)
    for value in range(values):
        for given in range(inputs):
            row = value * inputs + given
            wanted[row, value * size : (value + 1) * size] = block.columns[value, :, given]
            found[row] = unitary[:, value * size + given]
    return float(np.abs(found - wanted).max())


def distances(block: Block) -> tuple[float, float]:
    """In pytket and in Qiskit."""
    return distance(block, block.to_tket().get_unitary()), distance(block, Operator(block.to_qiskit()).data)


def check(block: Block, target: str) -> None:
    """Whether a block is exact in both, in the gates of its target, as it counts them."""
    assert max(distances(block)) < EXACT
    counts = block.counts()
    assert set(counts.gates) <= FAMILIES[target]
    tket = block.to_tket()
    assert sum(counts.gates.values()) == tket.n_gates
    assert counts.two_qubit_gates == block.two_qubit_gates == tket.n_2qb_gates()
    assert counts.qubits == tket.n_qubits == block.to_qiskit().num_qubits
