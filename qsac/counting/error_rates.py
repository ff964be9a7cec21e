"""Which error probability each gate, measurement and wait of a circuit has, by a machine's published rates.

The forecast multiplies them up, and the noise model of simulations draws by them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.counting.clock import LAYERS, Clock
from qsac.machine.target import ErrorRates
from qsac.native.circuit import GATES, KIND, NativeCircuit

NO_TIME = KIND["Rz"]
ARITY = [gate.qubits for gate in GATES]
_RESET = KIND["Reset"]


def waits(circuit: NativeCircuit) -> tuple[NDArray[np.int64], int]:
    """How many two-qubit layers the qubits of each gate have waited through before it, and the number of layers.

    Shape (gates, 2), zero but for two-qubit gates. A qubit waits between its first two-qubit gate, or the first one
    after a reset, and its last.
    """
    clock = Clock(len(circuit.qubits), LAYERS)
    waited = clock.gates(*(column.tolist() for column in (circuit.kind, circuit.first, circuit.second)))
    return waited.astype(np.int64), int(clock.end)


class GateErrors:
    """The error probabilities of gates by their angles, for circuits that differ in nothing else from one."""

    def __init__(self, circuit: NativeCircuit, rates: ErrorRates) -> None:
        device = np.array([index for _, index in circuit.qubits], dtype=np.int64)
        arity = np.array(ARITY)[circuit.kind]
        turned = (arity == 1) & ~np.isin(circuit.kind, (KIND["Measure"], NO_TIME, _RESET))
        self._single = np.zeros(len(circuit))
        places = device[circuit.first[turned]]
        table = rates.one_qubit_by_qubit
        self._single[turned] = np.asarray(table)[places] if table else rates.one_qubit
        self._entangled = np.flatnonzero(arity == 2)
        ends = np.sort(device[np.stack((circuit.first[self._entangled], circuit.second[self._entangled]))], axis=0)
        self._edges = _by_edge(rates, ends[0], ends[1])
        self._scaling = rates.two_qubit_scaling

    def of(self, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of the gates by these angles, shape (gates, 2): as :func:`gate_errors`."""
        slope, offset = self._scaling
        errors = self._single.copy()
        errors[self._entangled] = self._edges * (slope * 2 * np.abs(angles[self._entangled, 0]) + offset)
        return errors


def gate_errors(circuit: NativeCircuit, rates: ErrorRates) -> NDArray[np.float64]:
    """The error probability of each gate, shape (gates,): zero for Rz (a change of frame), resets and measurements."""
    return GateErrors(circuit, rates).of(circuit.angles)


def readout_errors(circuit: NativeCircuit, rates: ErrorRates) -> NDArray[np.float64]:
    """For each measurement, in their order, the probabilities to read 1 in state 0 and 0 in state 1; shape (M, 2)."""
    qubits = circuit.first[circuit.kind == KIND["Measure"]]
    if not rates.measure_by_qubit:
        return np.tile([rates.measure_0, rates.measure_1], (len(qubits), 1))
    device = np.array([index for _, index in circuit.qubits], dtype=np.int64)
    table: NDArray[np.float64] = np.asarray(rates.measure_by_qubit, dtype=np.float64)
    return np.asarray(table[device[qubits]])


def _by_edge(rates: ErrorRates, low: NDArray[np.int_], high: NDArray[np.int_]) -> NDArray[np.float64]:
    """The rate of each two-qubit gate between device qubits ``low`` < ``high``."""
    if not rates.two_qubit_by_edge:
        return np.full(len(low), rates.two_qubit)
    edges = {(min(edge[:2]), max(edge[:2])): edge[2] for edge in rates.two_qubit_by_edge}
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return np.array([edges.get(pair, rates.two_qubit) for pair in pairs], dtype=np.float64)
