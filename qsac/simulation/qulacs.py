"""Exact simulation on Qulacs (Suzuki et al., Quantum 5, 559 (2021)), which has projectors among its gates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Outcomes
from qsac.native.circuit import NativeCircuit
from qsac.optional import optional_package
from qsac.progress import Progress
from qsac.simulation import statevector
from qsac.simulation.statevector import marginal, matrix_of


def simulate(circuit: NativeCircuit, progress: Progress | None = None) -> Outcomes:
    """As :func:`qsac.simulation.statevector.simulate`, on Qulacs.

    Raises :class:`~qsac.errors.InvalidInputError` where Qulacs is not installed, and
    :class:`~qsac.errors.DoesNotFitError` where more than 26 qubits are live at once.
    """
    command = "pip install 'qsac[qulacs]', or use the target statevector, which gives the same values"
    optional_package("qulacs", "the target qulacs", command)
    return statevector.simulate(circuit, progress, _QulacsState)


class _QulacsState:
    """A :class:`~qsac.simulation.statevector.State` on axes of a Qulacs state, which counts them from the least
    significant on. A projected qubit leaves its axis in state 0, for the next one that comes alive."""

    def __init__(self, width: int) -> None:
        import qulacs

        self._library: Any = qulacs
        self._gates: Any = qulacs.gate
        self._state = self._library.QuantumState(max(width, 1))
        self._axes: dict[int, int] = {}
        self._free = list(range(width))

    @property
    def live(self) -> dict[int, int]:
        return self._axes

    def apply(self, name: str, qubits: tuple[int, ...], angle: float, phase: float) -> None:
        axes = [self._axis(qubit) for qubit in qubits]
        if name == "ZZPhase":
            gate = self._gates.PauliRotation(axes, [3, 3], -np.pi * angle)
        elif name == "CZ":
            gate = self._gates.CZ(*axes)
        elif name == "CX":
            gate = self._gates.CNOT(*axes)
        elif name == "Rz":
            gate = self._gates.U1(axes[0], np.pi * angle)
        else:
            gate = self._gates.DenseMatrix(axes[::-1], matrix_of(name, angle, phase))
        gate.update_quantum_state(self._state)

    def drop(self, qubit: int) -> None:
        axis = self._axis(qubit)
        self._gates.P0(axis).update_quantum_state(self._state)
        del self._axes[qubit]
        self._free.append(axis)

    def rename(self, qubit: int, name: int) -> None:
        self._axes[name] = self._axis(qubit)
        del self._axes[qubit]

    def copy(self, qubit: int, name: int) -> None:
        self._gates.CNOT(self._axis(qubit), self._axis(name)).update_quantum_state(self._state)

    def distribution(self, qubits: tuple[int, ...]) -> NDArray[np.float64]:
        for qubit in qubits:
            self._axis(qubit)
        names = {axis: qubit for qubit, axis in self._axes.items()}
        count = self._state.get_qubit_count()
        nobody = min((*names.values(), 0)) - 1  # idle axes are in state 0, and summed over like any other
        live = [names.get(axis, nobody) for axis in reversed(range(count))]
        return marginal(np.asarray(self._state.get_vector()), live, qubits)

    def _axis(self, qubit: int) -> int:
        if qubit not in self._axes:
            if not self._free:
                self._grow()
            self._axes[qubit] = self._free.pop()
        return self._axes[qubit]

    def _grow(self) -> None:
        """Another axis, for a qubit that is looked at without ever having been in a gate."""
        count = self._state.get_qubit_count()
        amplitudes = np.asarray(self._state.get_vector())
        self._state = self._library.QuantumState(count + 1)
        self._state.load(np.concatenate([amplitudes, np.zeros_like(amplitudes)]))
        self._free.append(count)
