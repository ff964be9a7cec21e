"""Simulation of circuits of many qubits of which most are post-selected: a qubit exists from its first gate to its last
one, after which it is projected. So a circuit of 27 qubits takes the memory of those that are in use at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from tests.bench.hand_written import Wanted

Complex = NDArray[np.complex128]


def deviation(circuit: QuantumCircuit, given: tuple[int, ...], wanted: tuple[Wanted, ...]) -> float:
    """Largest difference between a measured circuit's probabilities and those that are wanted. ``given``, ``zero`` and
    ``word`` are the bits that qubits are measured into."""
    place = {}
    for gate in circuit.data:
        if gate.operation.name == "measure":
            place[circuit.find_bit(gate.clbits[0]).index] = circuit.find_bit(gate.qubits[0]).index
    kept = sorted({bit for one in wanted for bit in (*one.zero, *one.word)} - set(given))
    weights = _weights(circuit, [place[bit] for bit in given], [place[bit] for bit in kept])
    worst = 0.0
    for one in wanted:
        values = dict.fromkeys(one.zero, 0) | {bit: one.value >> number & 1 for number, bit in enumerate(one.word)}
        chosen = tuple(values.get(bit, slice(None)) for bit in kept)
        worst = max(worst, abs(float(weights[chosen].sum()) - one.probability))
    return worst


def _weights(circuit: QuantumCircuit, given: list[int], kept: list[int]) -> NDArray[np.float64]:
    """The joint probabilities of all of ``given`` being 0 and of each value of ``kept``, one axis for each."""
    gates = [gate for gate in circuit.data if gate.operation.name not in ("barrier", "measure")]
    touched = [[circuit.find_bit(qubit).index for qubit in gate.qubits] for gate in gates]
    last = {qubit: number for number, qubits in enumerate(touched) for qubit in qubits}
    live: list[int] = []
    state: Complex = np.ones((), dtype=np.complex128)
    for number, (gate, qubits) in enumerate(zip(gates, touched, strict=True)):
        for qubit in qubits:
            if qubit not in live:
                state = np.multiply.outer(state, np.array([1.0, 0.0]))
                live.append(qubit)
        # A gate's matrix counts its first qubit as the least significant.
        axes = [live.index(qubit) for qubit in reversed(qubits)]
        width = len(qubits)
        matrix = np.asarray(gate.operation.to_matrix()).reshape((2,) * (2 * width))
        state = np.moveaxis(np.tensordot(matrix, state, (list(range(width, 2 * width)), axes)), range(width), axes)
        for qubit in qubits:
            if last[qubit] == number and qubit in given:
                state = np.take(state, 0, axis=live.index(qubit))
                live.remove(qubit)
    for qubit in kept:
        if qubit not in live:
            state = np.multiply.outer(state, np.array([1.0, 0.0]))
            live.append(qubit)
    rest = [qubit for qubit in live if qubit not in kept]
    ordered = state.transpose([live.index(qubit) for qubit in (*kept, *rest)])
    return np.asarray((np.abs(ordered) ** 2).sum(axis=tuple(range(len(kept), len(live)))))
