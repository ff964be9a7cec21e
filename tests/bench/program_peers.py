"""What others' circuits take where programs have theirs: loads by Qiskit, a textbook HHL, a Hadamard test."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import QFTGate, StatePreparation, UCRYGate, UnitaryGate
from qiskit.quantum_info import Statevector
from scipy.linalg import expm

from qsac.ir.attention.loader import completed
from tests.bench.optimisers import qiskit_3, two_qubit_gates

Real = NDArray[np.float64]

CZ = [["sx", "x", "rz", "cz"]]


@cache
def _counted(kind: str, shape: tuple[int, int], numbers: bytes) -> int:
    rows = np.frombuffer(numbers).reshape(shape)
    controls, data = (len(rows) - 1).bit_length(), rows.shape[1].bit_length() - 1
    circuit = QuantumCircuit(controls + data)
    if kind == "block-diagonal":
        matrix = np.zeros((rows.size, rows.size), dtype=np.complex128)
        for row, block in enumerate(completed(rows)):
            place = slice(row * rows.shape[1], (row + 1) * rows.shape[1])
            matrix[place, place] = block
        circuit.append(UnitaryGate(matrix), range(controls + data))
    else:
        for place, row in enumerate(rows):
            gate = StatePreparation(row).control(controls, ctrl_state=place)
            circuit.append(gate, [*range(data, data + controls), *range(data)])
    return two_qubit_gates(qiskit_3(circuit, CZ))


def load(rows: Real, kind: str) -> int:
    """CZ of a load as a whole unitary at Qiskit's level 3: a block-diagonal unitary, or controlled preparations."""
    return _counted(kind, rows.shape, np.ascontiguousarray(rows).tobytes())


class Solved(NamedTuple):
    """CZ, qubits, 1 - fidelity of the solution, and the probability that it is accepted."""

    gates: int
    qubits: int
    infidelity: float
    success: float


def hhl(matrix: Real, right: Real, clock: int) -> Solved:
    """Textbook HHL for M z = r: Hermitian dilation, exact exponentials as unitaries, phase estimation of ``clock`` bits
    in two's complement, a rotation by C / lambda, all undone; the evolution time with the best fidelity of some."""
    found = [_hhl(matrix, right, clock, share) for share in np.linspace(0.55, 1.0, 10)]
    circuit, infidelity, success = min(found, key=lambda one: one[1])
    return Solved(two_qubit_gates(qiskit_3(circuit, CZ)), circuit.num_qubits, infidelity, success)


def _hhl(matrix: Real, right: Real, clock: int, share: float) -> tuple[QuantumCircuit, float, float]:
    size = len(right)
    dilated = np.block([[np.zeros((size, size)), matrix], [matrix.T, np.zeros((size, size))]])
    system = (2 * size).bit_length() - 1
    most = (1 << clock - 1) - 1
    time = 2 * np.pi * share * most / (1 << clock) / np.linalg.norm(matrix, 2)
    bits, states, flag = range(system, system + clock), range(system), system + clock
    circuit = QuantumCircuit(flag + 1)
    circuit.append(StatePreparation(np.append(right, np.zeros(size)) / np.linalg.norm(right)), states)
    estimate = QuantumCircuit(flag + 1)
    estimate.h(bits)
    for place, bit in enumerate(bits):
        power = UnitaryGate(expm(1j * time * (1 << place) * dilated)).control(1)
        estimate.append(power, [bit, *states])
    estimate.append(QFTGate(clock).inverse(), bits)
    circuit.compose(estimate, inplace=True)
    values = np.arange(1 << clock)
    signed = np.where(values > most, values - (1 << clock), values)
    least = max(1, round(share * most * float(np.linalg.svd(matrix, compute_uv=False)[-1]) / np.linalg.norm(matrix, 2)))
    ratios = np.divide(least, signed, out=np.zeros(len(values)), where=signed != 0).clip(-1, 1)
    circuit.append(UCRYGate((2 * np.arcsin(ratios)).tolist()), [flag, *bits])
    circuit.compose(estimate.inverse(), inplace=True)
    amplitudes = Statevector(circuit).data.reshape(2, 1 << clock, 1 << system)[1, 0]
    solution = np.linalg.solve(matrix, right)
    kept = float(np.vdot(amplitudes, amplitudes).real)
    overlap = abs(np.vdot(amplitudes[size:], solution)) ** 2 / (kept * float(solution @ solution))
    return circuit, 1 - float(overlap), kept


def hadamard_shots(error: float, rng: np.random.Generator, values: int = 400) -> int:
    """Shots of a Hadamard test with which 99% of uniform values are nearer than ``error``, in steps of a quarter."""
    shots = 1000
    while True:
        drawn = rng.uniform(-1, 1, values)
        estimates = 2 * rng.binomial(shots, (1 + drawn) / 2) / shots - 1
        if np.quantile(np.abs(estimates - drawn), 0.99) <= error:
            return shots
        shots = shots * 5 // 4
