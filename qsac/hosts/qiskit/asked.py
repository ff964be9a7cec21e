"""What Qiskit's gates ask for, as the arguments of :mod:`qsac.synthesis`; whatever else they say is left to Qiskit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit.library import DiagonalGate, Isometry, StatePreparation, UCGate, UCPauliRotGate

from qsac.hosts.candidates import Kind
from qsac.hosts.qiskit.rows import RowsGate

_AXES: dict[str, Kind] = {"X": "x", "Y": "y", "Z": "z"}


@dataclass(frozen=True)
class Asked:
    """What a gate asks for: numbers, and the gate's ``qubits`` that they are for, the least significant first.

    Those in ``zero`` have to begin in zero for a block to do the same as the gate.
    """

    kind: Kind
    numbers: NDArray[Any]
    qubits: tuple[int, ...]
    zero: tuple[int, ...] = ()


def asked_of(gate: object) -> Asked | None:
    """What a gate asks for; None for gates and forms of them that are not known here."""
    if isinstance(gate, StatePreparation):
        # Labels and integers have other parameters, the inverse another name.
        values = np.array(gate.params) if gate.name == "state_preparation" else None
        return None if values is None else _state(values, gate.num_qubits)
    if isinstance(gate, Isometry):
        table = np.asarray(gate.iso_data)
        alone = not gate.num_ancillas_zero and not gate.num_ancillas_dirty
        return _state(table[:, 0], gate.num_qubits) if alone and table.shape[1] == 1 else None
    if isinstance(gate, RowsGate):
        data = gate.table.shape[1].bit_length() - 1
        return Asked("rows", gate.table, tuple(range(gate.num_qubits)), tuple(range(data)))
    if isinstance(gate, UCGate):
        return _gates(gate)
    if isinstance(gate, UCPauliRotGate):
        axis = _AXES[gate.rot_axes]
        return Asked(axis, np.array([float(angle) for angle in gate.params]), tuple(range(gate.num_qubits)))
    if isinstance(gate, DiagonalGate):
        return Asked("diagonal", np.angle(np.array(gate.params)), tuple(range(gate.num_qubits)))
    return None


def _state(values: NDArray[Any], qubits: int) -> Asked | None:
    if values.dtype.kind not in "fc" or values.shape != (1 << qubits,):
        return None
    places = tuple(range(qubits))
    return Asked("state", values, places, places)


def _gates(gate: Any) -> Asked | None:
    """Uniformly controlled gates; Qiskit has dropped controls that they do not depend on."""
    if gate.up_to_diagonal:
        return None
    simplified, labels = gate.simp_contr
    controls = sorted(gate.num_qubits - label for label in labels) if simplified else range(1, gate.num_qubits)
    matrices = np.array(gate.params)
    if matrices.shape != (1 << len(controls), 2, 2):
        return None
    return Asked("gates", matrices, (0, *controls))
