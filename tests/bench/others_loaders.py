"""Loaders of attention that others have run on hardware, re-derived: QCrank and the dot product of VQT.

QCrank (arXiv 2507.10699, after 2301.07841) stores real numbers x in [-1, 1] as angles: for each address i of n_a
qubits, data qubit c has <Z> = x[i, c] = cos(theta). One uniformly controlled RY a data qubit, 2^n_a CX each, on address
qubits that are shifted by one from data qubit to data qubit, so that up to n_a ladders run at once.

VQT's dot product (arXiv 2508.18464) stores pairs (x, y) by QCrank on two data qubits and multiplies them by one CX
(EHands, arXiv 2502.15928): then <Z> of the second is x y for each address. The dot product is the mean over components.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

Real = NDArray[np.float64]


def qcrank(values: Real) -> QuantumCircuit:
    """``values``, shape (2^n_a, n_d), each within [-1, 1]: the address on the first qubits, least significant first,
    then the data qubits."""
    addresses, columns = values.shape
    bits = (addresses - 1).bit_length()
    circuit = QuantumCircuit(bits + columns)
    circuit.h(range(bits))
    ladders = [_ladder(np.arccos(values[:, column]), bits, column % bits) for column in range(columns)]
    # Step by step, so that ladders with different shifts stand side by side.
    for first in range(0, columns, bits):
        for step in range(addresses):
            for column in range(first, min(first + bits, columns)):
                angle, control = ladders[column][step]
                circuit.ry(angle, bits + column)
                circuit.cx(control, bits + column)
    return circuit


def _ladder(angles: Real, bits: int, shift: int) -> list[tuple[float, int]]:
    """Angles and controls of a uniformly controlled RY in Gray order, bit b of the order being address qubit b +
    ``shift`` (modulo ``bits``)."""
    count = len(angles)
    place = np.arange(count)
    turned = np.zeros(count, dtype=np.int64)
    for bit in range(bits):
        turned |= ((place >> bit) & 1) << ((bit + shift) % bits)
    ordered = angles[turned]
    gray = place ^ (place >> 1)
    parities = np.array([[bin(int(one) & int(other)).count("1") & 1 for other in place] for one in gray])
    rotations = (1 - 2 * parities) @ ordered / count
    controls = [((step + 1) & -(step + 1)).bit_length() - 1 for step in range(count - 1)] + [bits - 1]
    return [(float(angle), (control + shift) % bits) for angle, control in zip(rotations, controls, strict=True)]


def products(pairs: Real) -> QuantumCircuit:
    """``pairs``, shape (2^n_a, 2): <Z> of the last qubit is their product, for each address."""
    circuit = qcrank(pairs)
    circuit.cx(circuit.num_qubits - 2, circuit.num_qubits - 1)
    return circuit


def read(chances: Real, bits: int) -> Real:
    """<Z> of each data qubit for each address, shape (2^n_a, n_d), from the probabilities of the address and the data,
    shape (2^(n_a + n_d))."""
    columns = (len(chances) - 1).bit_length() - bits
    table = chances.reshape(1 << columns, 1 << bits).T
    signs = 1 - 2 * ((np.arange(1 << columns)[:, None] >> np.arange(columns)) & 1)
    return np.asarray(table @ signs / table.sum(axis=1)[:, None])


def chances(circuit: QuantumCircuit, qubits: int) -> Real:
    """The probabilities of what bits 0 to ``qubits`` - 1 of a measured circuit say, wherever it was routed to."""
    measured: dict[int, int] = {}
    used: dict[int, int] = {}
    for gate in circuit.data:
        places = [circuit.find_bit(qubit).index for qubit in gate.qubits]
        if gate.operation.name == "measure":
            measured[circuit.find_bit(gate.clbits[0]).index] = places[0]
        if gate.operation.name != "barrier":
            for place in places:
                used.setdefault(place, len(used))
    bare = QuantumCircuit(len(used))
    for gate in circuit.data:
        if gate.operation.name not in ("measure", "barrier"):
            bare.append(gate.operation, [used[circuit.find_bit(qubit).index] for qubit in gate.qubits])
    order = [used[measured[bit]] for bit in range(qubits)]
    found: Real = Statevector(bare).probabilities(order)
    return found
