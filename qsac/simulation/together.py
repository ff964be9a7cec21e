"""Exact simulation of many circuits, those that differ in nothing but angles in one go: a state has an axis for them.

A circuit of few qubits costs what calling NumPy costs, gate by gate; a hundred bindings of one circuit cost little
more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Index, Outcomes
from qsac.native.circuit import GATES, MATRICES, NativeCircuit
from qsac.progress import Progress
from qsac.simulation.statevector import Holders, checked_width, evolved, index_of, marginal, outcomes_of, simulate

TOGETHER = 1 << 16
"""Most amplitudes of all states together: with more, states no longer stay in the processor's cache."""

_CLOSE = 4
"""Most amplitudes between those of a qubit's zero and one that are taken as one matrix with the qubit's."""

_BATCHED = {"PhasedX", "ZZPhase", "CZ", "Rz", "Measure", "Reset", *(g.name for g in GATES if g.qubits == 1)}

Angles = NDArray[np.float64]


def simulate_all(circuits: Sequence[NativeCircuit], progress: Progress | None = None) -> list[Outcomes]:
    """The exact outcomes of each circuit, as :func:`~qsac.simulation.statevector.simulate` gives them to rounding.
    Raises as that does."""
    alike: dict[object, list[int]] = {}
    for place, circuit in enumerate(circuits):
        columns = (circuit.kind.tobytes(), circuit.first.tobytes(), circuit.second.tobytes())
        alike.setdefault((columns, circuit.qubits, circuit.readouts, circuit.snapshot), []).append(place)
    found: dict[int, Outcomes] = {}
    for places in alike.values():
        first = circuits[places[0]]
        several = len(places) > 1 and {GATES[kind].name for kind in np.unique(first.kind).tolist()} <= _BATCHED
        most = max(1, TOGETHER >> checked_width(first)) if several else 1
        for start in range(0, len(places), most):
            part = places[start : start + most]
            if len(part) == 1:
                found[part[0]] = simulate(circuits[part[0]], progress)
            else:
                found |= zip(part, _together([circuits[place] for place in part], progress), strict=True)
    return [found[place] for place in range(len(circuits))]


def _together(circuits: Sequence[NativeCircuit], progress: Progress | None) -> list[Outcomes]:
    """The outcomes of circuits that differ in their angles alone."""
    angles = np.stack([circuit.angles for circuit in circuits], axis=-1)
    states, first, indices = _States(len(circuits)), circuits[0], list[Index | None]([None] * len(circuits))

    def apply(place: int, name: str, qubits: tuple[int, ...]) -> None:
        states.apply_each(name, qubits, angles[place, 0], angles[place, 1])

    def observe(holders: Holders) -> None:
        indices[:] = [index_of(first, states.showing(place), holders) for place in range(len(circuits))]

    holders = evolved(first, states, apply, observe, progress)
    return [outcomes_of(first, states.showing(place), holders, index) for place, index in enumerate(indices)]


class _States:
    """States of as many circuits, (circuits, amplitudes), whose gates act on the same qubits: a
    :class:`~qsac.simulation.statevector.State` that shows one of them at a time."""

    def __init__(self, count: int) -> None:
        self.live: list[int] = []
        self._shown = 0
        self._states = np.ones((count, 1), dtype=np.complex128)

    def showing(self, place: int) -> _States:
        """The same, of which :meth:`distribution` is that of the state at a place."""
        self._shown = place
        return self

    def _axis(self, qubit: int) -> int:
        if qubit not in self.live:
            self.live.append(qubit)
            grown = np.zeros((*self._states.shape, 2), dtype=np.complex128)
            grown[:, :, 0] = self._states
            self._states = grown.reshape(len(grown), -1)
        return self.live.index(qubit)

    def _split(self, qubit: int) -> NDArray[np.complex128]:
        """The states as (circuits, before, qubit, after)."""
        axis = self._axis(qubit)
        return self._states.reshape(len(self._states), 1 << axis, 2, -1)

    def apply(self, name: str, qubits: tuple[int, ...], angle: float, phase: float) -> None:
        self.apply_each(name, qubits, np.full(len(self._states), angle), np.full(len(self._states), phase))

    def apply_each(self, name: str, qubits: tuple[int, ...], angle: Angles, phase: Angles) -> None:
        """Apply a unitary gate with an angle and a phase for each state."""
        if name in ("ZZPhase", "CZ"):
            one, two = sorted(map(self._axis, qubits))
            shaped = self._states.reshape(len(angle), 1 << one, 2, 1 << (two - one - 1), 2, -1)
            if name == "CZ":
                shaped[:, :, 1, :, 1] *= -1
                return
            unequal = _each(np.exp(1j * np.pi * angle))
            shaped[:, :, 0, :, 1] *= unequal
            shaped[:, :, 1, :, 0] *= unequal
        elif name == "Rz":
            self._split(qubits[0])[:, :, 1] *= _each(np.exp(1j * np.pi * angle), 2)
        elif name == "PhasedX":
            turned, cos, sin = np.exp(1j * np.pi * phase), np.cos(np.pi * angle / 2), -1j * np.sin(np.pi * angle / 2)
            self._turn(qubits[0], np.array([[cos, sin * turned.conjugate()], [sin * turned, cos]]).transpose(2, 0, 1))
        else:
            self._turn(qubits[0], np.broadcast_to(MATRICES[name], (len(angle), 2, 2)))

    def _turn(self, qubit: int, matrices: NDArray[np.complex128]) -> None:
        """Apply a matrix to a qubit of each state, shape (circuits, 2, 2)."""
        shaped = self._split(qubit)
        count, _, _, after = shaped.shape
        if after <= _CLOSE:
            # A product with the identity on the few qubits after it: NumPy is slow where it goes through few numbers.
            wide = np.einsum("cij,kl->cjkil", matrices, np.eye(after)).reshape(count, 2 * after, -1)
            turned = shaped.reshape(count, -1, 2 * after) @ wide
        else:
            turned = matrices[:, None] @ shaped
        self._states = turned.reshape(count, -1)

    def drop(self, qubit: int) -> None:
        axis = self._axis(qubit)
        self._states = self._split(qubit)[:, :, 0].reshape(len(self._states), -1)
        del self.live[axis]

    def rename(self, qubit: int, name: int) -> None:
        self.live[self._axis(qubit)] = name

    def copy(self, qubit: int, name: int) -> None:
        shaped = self._split(qubit)
        doubled = np.zeros((*shaped.shape, 2), dtype=np.complex128)
        doubled[:, :, 0, :, 0] = shaped[:, :, 0]
        doubled[:, :, 1, :, 1] = shaped[:, :, 1]
        self._states = doubled.reshape(len(doubled), -1)
        self.live.append(name)

    def distribution(self, qubits: tuple[int, ...]) -> Angles:
        for qubit in qubits:
            self._axis(qubit)
        return marginal(self._states[self._shown], self.live, qubits)


def _each(numbers: NDArray[Any], axes: int = 3) -> NDArray[Any]:
    """Numbers of the states, to be multiplied with arrays of so many more axes."""
    return numbers.reshape(-1, *(1,) * axes)
