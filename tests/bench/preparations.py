"""States as libraries prepare them: amplitudes to a circuit of u, CX or native gates, least significant qubit first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Statevector

from tests.bench import optimisers, own_parts

State = NDArray[np.complex128]


def by_qiskit(state: State) -> QuantumCircuit:
    circuit = QuantumCircuit(_qubits(state))
    circuit.prepare_state(state)
    return optimisers.qiskit_3(circuit)


def by_tket(state: State) -> QuantumCircuit:
    from pytket.circuit import StatePreparationBox
    from pytket.passes import RemoveImplicitQubitPermutation

    circuit: Any = StatePreparationBox(state).get_circuit()
    optimisers.tket_cx_2(circuit)
    RemoveImplicitQubitPermutation().apply(circuit)
    return _reversed(optimisers.to_qiskit(circuit))


def by_pennylane(state: State) -> QuantumCircuit:
    import pennylane as qml

    tape = qml.tape.QuantumScript([qml.MottonenStatePreparation(state, wires=range(_qubits(state)))])
    (tape,), _ = qml.transforms.decompose(tape, gate_set={qml.RY, qml.RZ, qml.CNOT, qml.GlobalPhase})
    for transform in (qml.transforms.cancel_inverses, qml.transforms.merge_rotations):
        (tape,), _ = transform(tape)
    circuit = QuantumCircuit(_qubits(state))
    for op in tape.operations:
        match op.name:
            case "RY":
                circuit.ry(float(op.parameters[0]), op.wires[0])
            case "RZ":
                circuit.rz(float(op.parameters[0]), op.wires[0])
            case "CNOT":
                circuit.cx(*op.wires)
            case "GlobalPhase":
                pass
            case _:
                raise TypeError(f"a gate that was not asked for: {op.name}")
    return _reversed(circuit)


def by_qclib(state: State) -> QuantumCircuit:
    """Its initialisers for every kind of state, whichever takes fewest."""
    from qclib.state_preparation import BaaLowRankInitialize, LowRankInitialize, MergeInitialize, UCGInitialize

    found = []
    few = np.count_nonzero(state) <= 2 * _qubits(state)
    for initialiser in (LowRankInitialize, BaaLowRankInitialize, UCGInitialize):
        found.append(_written(initialiser(state.tolist()), _qubits(state)))
    if few:
        words = {f"{place:0{_qubits(state)}b}": state[place] for place in np.flatnonzero(state)}
        found.append(_written(MergeInitialize(words), _qubits(state)))
    right = [circuit for circuit in found if deviation(circuit, state) < 1e-8]
    return min(right, key=optimisers.two_qubit_gates)


def by_bqskit(state: State) -> QuantumCircuit:
    from bqskit import compile as bqskit_compile
    from bqskit.ext import bqskit_to_qiskit
    from bqskit.qis import StateVector

    made = bqskit_compile(StateVector(state), optimization_level=1, synthesis_epsilon=1e-15, seed=0, num_workers=1)
    return _reversed(transpile(bqskit_to_qiskit(made), basis_gates=["u", "cx"], optimization_level=0))


WAYS: dict[str, Callable[[State], QuantumCircuit]] = {
    "qsac-2": own_parts.state,
    "qsac-3": lambda state: own_parts.state(state, optimisation=3),
    "qclib": by_qclib,
    "qiskit": by_qiskit,
    "tket": by_tket,
    "pennylane": by_pennylane,
    "bqskit": by_bqskit,
}


def deviation(circuit: QuantumCircuit, state: State) -> float:
    """The largest deviation of an amplitude, up to a global phase."""
    found = Statevector(circuit).data
    overlap = np.vdot(found, state)
    return float(np.max(np.abs(found * (overlap / abs(overlap) if overlap else 1) - state)))


def _written(gate: Any, qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.append(gate, range(qubits))
    return optimisers.qiskit_3(circuit)


def _qubits(state: State) -> int:
    return (len(state) - 1).bit_length()


def _reversed(circuit: QuantumCircuit) -> QuantumCircuit:
    """Of a library whose first qubit is the most significant one."""
    turned = QuantumCircuit(circuit.num_qubits)
    turned.compose(circuit, list(range(circuit.num_qubits))[::-1], inplace=True)
    return turned
