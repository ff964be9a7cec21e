"""Blocks take no more gates than what Qiskit and pytket write for the same, and fewer for states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytket.circuit import Circuit, OpType, StatePreparationBox
from pytket.passes import AutoRebase, DecomposeBoxes, SynthesiseTket
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import DiagonalGate, StatePreparation, UCGate, UCRYGate
from scipy.stats import unitary_group

from qsac import synthesis
from tests.structured_states import generic


def _qiskit(gate: Any) -> int:
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    written = transpile(circuit, basis_gates=["cz", "rz", "sx", "x"], optimization_level=2, seed_transpiler=1)
    return int(written.count_ops().get("cz", 0))


def _pytket(v: np.ndarray) -> int:
    box = StatePreparationBox(v)
    circuit = Circuit(box.n_qubits).add_gate(box, list(range(box.n_qubits)))
    for step in (DecomposeBoxes(), SynthesiseTket(), AutoRebase({OpType.CX, OpType.TK1})):
        step.apply(circuit)
    return circuit.n_2qb_gates()


@pytest.mark.parametrize("qubits", [3, 4, 5, 6])
def test_states(qubits: int) -> None:
    """As the page says."""
    v = generic(np.random.default_rng(qubits), qubits)
    own = synthesis.state(v, target="ibm-fez").two_qubit_gates
    assert (own, _qiskit(StatePreparation(v)), _pytket(v)) == {
        3: (3, 4, 12),
        4: (7, 11, 28),
        5: (15, 26, 60),
        6: (31, 57, 124),
    }[qubits]


@pytest.mark.parametrize("controls", [1, 2, 3, 4])
def test_controlled_gates(controls: int) -> None:
    rng = np.random.default_rng(controls)
    gates = unitary_group.rvs(2, size=1 << controls, random_state=rng)
    angles = rng.uniform(0, 6, 1 << controls)
    phases = rng.uniform(0, 6, 2 << controls)
    diagonal = DiagonalGate(list(np.exp(1j * phases)))
    own = (
        synthesis.uniformly_controlled(gates, target="ibm-fez"),
        synthesis.multiplexor("y", angles, target="ibm-fez"),
        synthesis.diagonal(phases, target="ibm-fez"),
    )
    others = map(_qiskit, (UCGate(list(gates)), UCRYGate(list(angles)), diagonal))
    assert [block.two_qubit_gates for block in own] == list(others)
