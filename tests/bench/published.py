"""The construction as published (arXiv 2602.06699 v2): T controlled preparations a loader, two circuits.

Generic state preparation of the index state; for every i, controlled on key = i, the preparation of token i on `value`
and on every score copy; unprepared in the same way, controlled on `query`; the index state unprepared at the end. A
second circuit measures zeta: no targets, and `key` projected on the uniform state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit.library import StatePreparation

from qsac.families.qsa.model import Model
from tests.bench.registers import Peer, Registers, expected_of_two


def _load(
    circuit: QuantumCircuit, rows: NDArray[np.complex128], index: list[int], data: list[int], *, adjoint: bool = False
) -> None:
    """The preparation of row i on ``data``, or its adjoint, controlled on ``index`` = i, for every i."""
    for place, row in enumerate(rows):
        preparation = QuantumCircuit(len(data))
        preparation.append(StatePreparation(row), preparation.qubits)
        gate = preparation.decompose().to_gate(label=f"x{place}")
        chosen = gate.inverse() if adjoint else gate
        circuit.append(chosen.control(len(index), ctrl_state=place, annotated=False), [*index, *data])


def published(model: Model) -> Peer:
    """The circuits for mu and zeta."""
    registers = Registers(model)
    index = registers.index_state()
    inputs, targets = model.tokens[:-1], model.tokens[1:]

    mu = registers.circuit("mu")
    mu.append(index, [*registers.key, *registers.query])
    for data in (registers.value, *registers.scores):
        _load(mu, inputs, registers.key, data)
    for score in registers.scores:
        _load(mu, inputs, registers.query, score, adjoint=True)
    zeta = mu.copy("zeta")
    _load(mu, targets, registers.query, registers.value, adjoint=True)
    mu.append(index.inverse(), [*registers.key, *registers.query])
    registers.project_uniform(zeta, registers.key)
    return expected_of_two(model, registers, mu, zeta)
