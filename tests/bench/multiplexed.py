"""What a user who knows uniformly controlled rotations writes by hand with a library's own parts.

Loaders are Qiskit's UCRY (and for complex tokens UCRZ) gates, one a level of the binary tree; the phases they leave are
gathered into one DiagonalGate on each index register. The index state is generic state preparation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import DiagonalGate, UCRYGate, UCRZGate

from qsac.families.qsa.model import Model
from tests.bench.registers import Peer, Registers, expected_of_one, expected_of_two, padded

Loader = tuple[list[tuple[NDArray[np.float64], NDArray[np.float64]]], NDArray[np.float64]]


def _tree(rows: NDArray[np.complex128]) -> Loader:
    """RY and RZ angles of each level, from the first one on, and the phase that is left on each row."""
    levels = []
    size, phase = np.abs(rows), np.angle(rows)
    while size.shape[1] > 1:
        left, right = size[:, ::2], size[:, 1::2]
        turn = phase[:, 1::2] - phase[:, ::2]
        levels.append((2 * np.arctan2(right, left).reshape(-1), turn.reshape(-1)))
        size, phase = np.hypot(left, right), (phase[:, ::2] + phase[:, 1::2]) / 2
    return levels[::-1], phase[:, 0]


def _load(circuit: QuantumCircuit, loader: Loader, index: list[int], data: list[int], *, adjoint: bool = False) -> None:
    """The loader without its last diagonal."""
    part = QuantumCircuit(circuit.num_qubits)
    for level, (ry, rz) in enumerate(loader[0]):
        # The angles of UCRY count its controls from the least significant one on.
        target = data[len(data) - 1 - level]
        qubits = [target, *data[len(data) - level :], *index]
        part.append(UCRYGate(ry.tolist()), qubits)
        if np.any(rz):
            part.append(UCRZGate(rz.tolist()), qubits)
    circuit.compose(part.inverse() if adjoint else part, inplace=True)


def _turn(circuit: QuantumCircuit, register: list[int], phases: NDArray[np.float64]) -> None:
    if np.any(phases):
        circuit.append(DiagonalGate(np.exp(1j * phases).tolist()), register)


def _signed(rows: NDArray[np.complex128]) -> Loader:
    """The loader of a table; for a real one the signs go into the first level's angles, not into phases."""
    if np.iscomplexobj(rows):
        return _tree(rows)
    levels = []
    values = rows
    while values.shape[1] > 1:
        levels.append((2 * np.arctan2(values[:, 1::2], values[:, ::2]).reshape(-1), np.zeros(1)))
        values = np.hypot(values[:, ::2], values[:, 1::2])
    return levels[::-1], np.zeros(len(rows))


def _real_if_real(rows: NDArray[np.complex128]) -> NDArray[Any]:
    return rows if np.any(rows.imag) else rows.real


def _start(model: Model, registers: Registers, name: str) -> tuple[QuantumCircuit, Loader, Loader]:
    """Everything up to the uncomputed scores; the loaders of inputs and targets, V folded into the targets.

    W is the identity in all models that are measured.
    """
    size = 1 << model.index_qubits
    unfolded = model.tokens[1:] @ model.value.matrix(model.dimension).conj()
    inputs, targets = (_signed(padded(rows, size)) for rows in (model.tokens[:-1], _real_if_real(unfolded)))
    circuit = registers.circuit(name)
    circuit.append(registers.index_state(), [*registers.key, *registers.query])
    for data in (registers.value, *registers.scores):
        _load(circuit, inputs, registers.key, data)
    _turn(circuit, registers.key, (model.degree + 1) * inputs[1])
    for score in registers.scores:
        _load(circuit, inputs, registers.query, score, adjoint=True)
    return circuit, inputs, targets


def _finish(circuit: QuantumCircuit, model: Model, registers: Registers, inputs: Loader, targets: Loader) -> None:
    _load(circuit, targets, registers.query, registers.value, adjoint=True)
    _turn(circuit, registers.query, -model.degree * inputs[1] - targets[1])


def multiplexed(model: Model) -> Peer:
    """The circuits for mu and zeta, ended as published."""
    registers = Registers(model)
    mu, inputs, targets = _start(model, registers, "mu")
    zeta = mu.copy("zeta")
    _finish(mu, model, registers, inputs, targets)
    mu.append(registers.index_state().inverse(), [*registers.key, *registers.query])
    registers.project_uniform(zeta, registers.key)
    return expected_of_two(model, registers, mu, zeta)


def multiplexed_fused(model: Model) -> Peer:
    """One circuit with the fused readout that qsac has: `key` and `query` projected on the uniform state."""
    registers = Registers(model)
    fused, inputs, targets = _start(model, registers, "fused")
    registers.project_uniform(fused, registers.key)
    _finish(fused, model, registers, inputs, targets)
    registers.project_uniform(fused, registers.query)
    return expected_of_one(model, registers, fused)
