"""Loaders of complex tables up to diagonals, as a competent user writes them.

Run backwards, a loader takes every row to |0>, one qubit after another: a multiplexed one-qubit gate that takes each
pair of amplitudes (a, b) to (r, 0). Libraries write such a gate with 2^k - 1 CX for k controls if a diagonal may be
left, `UCGate(.., up_to_diagonal=True)` in Qiskit and `MultiplexedU2Box(.., impl_diag=False)` in TKET. On pairs (r, 0)
the diagonal is a phase of each r, which the gates of the next qubit take up, and at last one of each row
(Iten et al., arXiv 1501.06911).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import UCGate, UnitaryGate
from qiskit.quantum_info import Operator

from tests.bench.multiplexed import Loader

Matrices = NDArray[np.complex128]
Multiplexer = Callable[[Matrices], QuantumCircuit]
"""A circuit of one gate for each value of its controls, shape (2^k, 2, 2), up to a diagonal: on the target and then the
controls, least significant first."""


def by_qiskit(matrices: Matrices) -> QuantumCircuit:
    gate = UCGate(list(matrices), up_to_diagonal=True)
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.compose(gate.definition, inplace=True)
    return circuit


def by_tket(matrices: Matrices) -> QuantumCircuit:
    from pytket.circuit import MultiplexedU2Box, OpType, Unitary1qBox
    from pytket.extensions.qiskit import tk_to_qiskit
    from pytket.passes import AutoRebase

    controls = (len(matrices) - 1).bit_length()
    # TKET's first qubit is the most significant one, its last the target.
    values = [
        tuple(bool(value >> (controls - 1 - place) & 1) for place in range(controls)) for value in range(1 << controls)
    ]
    box = MultiplexedU2Box(
        [(bits, Unitary1qBox(matrix)) for bits, matrix in zip(values, matrices, strict=True)], impl_diag=False
    )
    written: Any = box.get_circuit()
    AutoRebase({OpType.CX, OpType.U3}).apply(written)
    circuit = QuantumCircuit(controls + 1)
    circuit.compose(tk_to_qiskit(written), list(range(controls + 1))[::-1], inplace=True)
    return circuit


MULTIPLEXERS: dict[str, Multiplexer] = {"qiskit": by_qiskit, "tket": by_tket}


def loader(rows: NDArray[Any], multiplexer: Multiplexer = by_qiskit) -> Loader:
    """The loader of a table, shape (2^m, 2^n), up to a phase of each row."""
    data = (rows.shape[1] - 1).bit_length()
    backwards = QuantumCircuit(data + (len(rows) - 1).bit_length())
    left = np.asarray(rows, dtype=np.complex128)
    for target in range(data):
        matrices = _clearing(left.reshape(-1, 2))
        part = multiplexer(matrices) if len(matrices) > 1 else _single(matrices[0])
        backwards.compose(part, list(range(target, backwards.num_qubits)), inplace=True)
        # What the gates make of the pairs, their diagonal included.
        made = Operator(part).data @ left.reshape(-1)
        left = made.reshape(len(rows), -1, 2)[:, :, 0]
    return Loader(backwards.inverse(), np.angle(left[:, 0]))


def _clearing(pairs: Matrices) -> Matrices:
    """For each pair (a, b) the unitary that takes it to (r, 0); the identity where there is nothing."""
    a, b = pairs.T
    norms = np.linalg.norm(pairs, axis=1)
    empty = norms == 0
    a, b = np.where(empty, 1.0, a), np.where(empty, 0.0, b)
    norms = np.where(empty, 1.0, norms)
    return np.stack([np.stack([a.conj(), b.conj()], -1), np.stack([-b, a], -1)], 1) / norms[:, None, None]


def _single(matrix: Matrices) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.append(UnitaryGate(matrix), [0])
    return circuit
