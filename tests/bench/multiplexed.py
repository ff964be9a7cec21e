"""What a user who knows uniformly controlled gates writes by hand with a library's own parts.

Loaders are one multiplexed gate a level of the binary tree: Qiskit's UCRY (and for complex tokens UCRZ), or a general
one up to a diagonal (:mod:`tests.bench.diagonals`). The phases they leave are gathered into one DiagonalGate on each
index register. The index state is generic state preparation, or qsac's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import DiagonalGate, UCRYGate, UCRZGate

from qsac.families.qsa.model import Model
from tests.bench import own_parts
from tests.bench.registers import Peer, Registers, expected_of_one, expected_of_two, padded


@dataclass(frozen=True)
class Loader:
    """A loader without its last diagonal, on its data and then its index, each least significant first, and the phase
    that it leaves on each row."""

    part: QuantumCircuit
    phases: NDArray[np.float64]


Loading = Callable[[NDArray[Any]], Loader]
"""How a table, shape (2^m, 2^n), becomes a loader."""


def separate(rows: NDArray[Any]) -> Loader:
    """UCRY and, for complex rows, UCRZ; for real ones the signs go into the first level's angles, not into phases."""
    levels, phases = _tree(rows) if np.iscomplexobj(rows) else (_signed(rows), np.zeros(len(rows)))
    data = (rows.shape[1] - 1).bit_length()
    part = QuantumCircuit(data + (len(rows) - 1).bit_length())
    index = list(range(data, part.num_qubits))
    for level, (ry, rz) in enumerate(levels):
        # The angles of UCRY count its controls from the least significant one on.
        target = data - 1 - level
        qubits = [target, *range(target + 1, data), *index]
        part.append(UCRYGate(ry.tolist()), qubits)
        if np.any(rz):
            part.append(UCRZGate(rz.tolist()), qubits)
    return Loader(part, phases)


Levels = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


def _tree(rows: NDArray[np.complex128]) -> tuple[Levels, NDArray[np.float64]]:
    """RY and RZ angles of each level, from the first one on, and the phase that is left on each row."""
    levels = []
    size, phase = np.abs(rows), np.angle(rows)
    while size.shape[1] > 1:
        left, right = size[:, ::2], size[:, 1::2]
        turn = phase[:, 1::2] - phase[:, ::2]
        levels.append((2 * np.arctan2(right, left).reshape(-1), turn.reshape(-1)))
        size, phase = np.hypot(left, right), (phase[:, ::2] + phase[:, 1::2]) / 2
    return levels[::-1], phase[:, 0]


def _signed(rows: NDArray[np.float64]) -> Levels:
    levels = []
    values = rows
    while values.shape[1] > 1:
        levels.append((2 * np.arctan2(values[:, 1::2], values[:, ::2]).reshape(-1), np.zeros(1)))
        values = np.hypot(values[:, ::2], values[:, 1::2])
    return levels[::-1]


def _load(circuit: QuantumCircuit, loader: Loader, index: list[int], data: list[int], *, adjoint: bool = False) -> None:
    """The loader without its last diagonal."""
    circuit.compose(loader.part.inverse() if adjoint else loader.part, [*data, *index], inplace=True)


def _turn(circuit: QuantumCircuit, register: list[int], phases: NDArray[np.float64]) -> None:
    if np.any(phases):
        circuit.append(DiagonalGate(np.exp(1j * phases).tolist()), register)


def _real_if_real(rows: NDArray[np.complex128]) -> NDArray[Any]:
    return rows if np.any(rows.imag) else rows.real


def _start(
    model: Model, registers: Registers, name: str, loading: Loading, *, own_index: bool = False
) -> tuple[QuantumCircuit, Loader, Loader]:
    """Everything up to the uncomputed scores; the loaders of inputs and targets, V folded into the targets.

    W is the identity in all models that are measured.
    """
    size = 1 << model.index_qubits
    unfolded = model.tokens[1:] @ model.value.matrix(model.dimension).conj()
    inputs, targets = (loading(padded(rows, size)) for rows in (model.tokens[:-1], _real_if_real(unfolded)))
    circuit = registers.circuit(name)
    pairs = [*registers.key, *registers.query]
    if own_index:
        circuit.compose(own_parts.index_state_in_cx(model.context), pairs, inplace=True)
    else:
        circuit.append(registers.index_state(), pairs)
    for data in (registers.value, *registers.scores):
        _load(circuit, inputs, registers.key, data)
    _turn(circuit, registers.key, (model.degree + 1) * inputs.phases)
    for score in registers.scores:
        _load(circuit, inputs, registers.query, score, adjoint=True)
    return circuit, inputs, targets


def _finish(circuit: QuantumCircuit, model: Model, registers: Registers, inputs: Loader, targets: Loader) -> None:
    _load(circuit, targets, registers.query, registers.value, adjoint=True)
    _turn(circuit, registers.query, -model.degree * inputs.phases - targets.phases)


def multiplexed(model: Model, loading: Loading = separate) -> Peer:
    """The circuits for mu and zeta, ended as published."""
    registers = Registers(model)
    mu, inputs, targets = _start(model, registers, "mu", loading)
    zeta = mu.copy("zeta")
    _finish(mu, model, registers, inputs, targets)
    mu.append(registers.index_state().inverse(), [*registers.key, *registers.query])
    registers.project_uniform(zeta, registers.key)
    return expected_of_two(model, registers, mu, zeta)


def multiplexed_fused(model: Model, loading: Loading = separate, *, own_index: bool = False) -> Peer:
    """One circuit with the fused readout that qsac has: `key` and `query` projected on the uniform state; with
    ``own_index`` qsac's index state, too."""
    registers = Registers(model)
    fused, inputs, targets = _start(model, registers, "fused", loading, own_index=own_index)
    registers.project_uniform(fused, registers.key)
    _finish(fused, model, registers, inputs, targets)
    registers.project_uniform(fused, registers.query)
    return expected_of_one(model, registers, fused)
