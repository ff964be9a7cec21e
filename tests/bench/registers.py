"""What the baselines' constructions share: registers as in the paper, and what a run of their circuits must give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import StatePreparation

from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.model import Model


@dataclass(frozen=True)
class Registers:
    """``key``, ``query``, ``value`` and k score copies, each a list of qubits, least significant first (Qiskit's)."""

    model: Model

    @cached_property
    def key(self) -> list[int]:
        return list(range(self.model.index_qubits))

    @cached_property
    def query(self) -> list[int]:
        return [self.model.index_qubits + qubit for qubit in self.key]

    @cached_property
    def value(self) -> list[int]:
        return self._data(0)

    @cached_property
    def scores(self) -> list[list[int]]:
        return [self._data(copy) for copy in range(1, self.model.degree + 1)]

    def _data(self, copy: int) -> list[int]:
        n = self.model.data_qubits
        start = 2 * self.model.index_qubits + copy * n
        return list(range(start, start + n))

    def circuit(self, name: str) -> QuantumCircuit:
        qubits = 2 * self.model.index_qubits + (self.model.degree + 1) * self.model.data_qubits
        return QuantumCircuit(qubits, name=name)

    def index_state(self) -> StatePreparation:
        """Generic preparation of sum over i <= j of |j>|i> on ``key`` and ``query``."""
        size = 1 << self.model.index_qubits
        pairs = np.zeros((size, size))
        pairs[: self.model.context, : self.model.context] = np.tri(self.model.context)
        return StatePreparation((pairs / np.linalg.norm(pairs)).reshape(-1))

    def project_uniform(self, circuit: QuantumCircuit, register: list[int]) -> None:
        """Unprepare the uniform state over T values of ``register``."""
        context = self.model.context
        if context == 1 << len(register):
            circuit.h(register)
        else:
            amplitudes = np.zeros(1 << len(register))
            amplitudes[:context] = context**-0.5
            circuit.append(StatePreparation(amplitudes).inverse(), register)


@dataclass(frozen=True)
class Expected:
    """``probability`` is what the qubits of a circuit that are listed must read zero with, all of them together."""

    name: str
    qubits: tuple[int, ...]
    probability: float


@dataclass(frozen=True)
class Peer:
    """A baseline's way to the fidelity: circuits without measurements and what their measurements must give.

    The first circuit is the one whose gates are counted.
    """

    circuits: tuple[tuple[QuantumCircuit, tuple[Expected, ...]], ...]


def expected_of_two(model: Model, registers: Registers, mu: QuantumCircuit, zeta: QuantumCircuit) -> Peer:
    """Two circuits, as published: F = mu N / (zeta T^2)."""
    exact = closed_form(model)
    scores = [qubit for score in registers.scores for qubit in score]
    return Peer(
        (
            (mu, (Expected("mu", tuple(range(mu.num_qubits)), exact["mu"] or 0.0),)),
            (zeta, (Expected("zeta", (*registers.key, *scores), exact["zeta"] or 0.0),)),
        )
    )


def expected_of_one(model: Model, registers: Registers, fused: QuantumCircuit) -> Peer:
    """One circuit: F is a conditional probability."""
    exact = closed_form(model)
    zeta, fidelity = exact["zeta"] or 0.0, exact["fidelity"] or 0.0
    scores = [qubit for score in registers.scores for qubit in score]
    given = Expected("zeta", (*registers.key, *scores), zeta)
    return Peer(((fused, (given, Expected("F zeta", tuple(range(fused.num_qubits)), fidelity * zeta))),))


def padded(rows: NDArray[np.complex128], size: int) -> NDArray[np.complex128]:
    """``size`` rows: those without a token are |0...0>."""
    full = np.zeros((size, rows.shape[1]), dtype=rows.dtype)
    full[:, 0] = 1
    full[: len(rows)] = rows
    return full
