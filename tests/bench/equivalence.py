"""A baseline's row counts only if its optimised circuit still gives the model's numbers: simulated by Qiskit Aer."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator

from tests.bench.registers import Expected


def measured(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with qubit q measured into bit q."""
    copy = circuit.copy()
    copy.measure_all()
    return copy


def deviation(circuit: QuantumCircuit, expected: tuple[Expected, ...]) -> float:
    """Largest difference between a measured circuit's probabilities and the expected ones."""
    place = {}
    bare = QuantumCircuit(circuit.qubits, global_phase=circuit.global_phase)
    for gate in circuit.data:
        if gate.operation.name == "measure":
            place[circuit.find_bit(gate.clbits[0]).index] = circuit.find_bit(gate.qubits[0]).index
        elif gate.operation.name != "barrier":
            bare.append(gate.operation, gate.qubits)
    simulator = AerSimulator(method="statevector")
    bare = transpile(bare, basis_gates=["u", "cx", "rzz", "rz", "r", "rx", "ry"], optimization_level=0)
    bare.save_statevector()
    state = np.asarray(simulator.run(bare).result().get_statevector())
    weights = state.real**2 + state.imag**2
    values = np.arange(len(weights))
    worst = 0.0
    for entry in expected:
        mask = sum(1 << place[bit] for bit in entry.qubits)
        worst = max(worst, abs(float(weights[values & mask == 0].sum()) - entry.probability))
    return worst
