"""When gates run, each as early as its qubits allow: depths, durations and how long qubits idle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import GATES, KIND, NativeCircuit

STEPS: Mapping[str, float] = {gate.name: 1 for gate in GATES if gate.name != "Rz"}
"""Every gate, measurement and reset is a step, but for Rz, which takes no time."""

LAYERS: Mapping[str, float] = {gate.name: 1 for gate in GATES if gate.qubits == 2}
"""Two-qubit gates alone are counted."""

_TWO = [gate.qubits == 2 for gate in GATES]
_RESET = KIND["Reset"]


@dataclass(frozen=True)
class Toggles:
    """Which controls the entangling gates of a ladder take: how many there are, and for each control the first place,
    the last place and how often."""

    length: int
    places: Mapping[int, tuple[int, int, int]]

    def then(self, other: Toggles) -> Toggles:
        """This ladder and then another one."""
        places = dict(self.places)
        for control, (first, last, count) in other.places.items():
            start, _, before = places.get(control, (first + self.length, 0, 0))
            places[control] = start, last + self.length, before + count
        return Toggles(self.length + other.length, places)

    def backwards(self) -> Toggles:
        """The ladder the other way round."""
        end = self.length - 1
        return Toggles(
            self.length,
            {control: (end - last, end - first, count) for control, (first, last, count) in self.places.items()},
        )


class Clock:
    """When each qubit is free. Gates last as long as ``lasts`` says, by name; others take no time.

    ``idle`` is how long qubits have waited, in all, each between its first two-qubit gate, or the first one after a
    reset, and its last.
    """

    def __init__(self, qubits: int, lasts: Mapping[str, float]) -> None:
        self.free: list[float] = [0] * qubits
        self.idle: float = 0
        self._active = [False] * qubits
        self._lasts = lasts

    @property
    def end(self) -> float:
        """When the last gate has ended."""
        return max(self.free, default=0)

    def gates(self, kinds: Sequence[int], firsts: Sequence[int], seconds: Sequence[int]) -> NDArray[np.float64]:
        """Run the gates of columns. How long the qubits of each have waited before it, shape (gates, 2): zero but for
        two-qubit gates."""
        free, active = self.free, self._active
        lasts = [self._lasts.get(gate.name, 0) for gate in GATES]
        waited = np.zeros((len(kinds), 2))
        for place, (kind, first, second) in enumerate(zip(kinds, firsts, seconds, strict=True)):
            if _TWO[kind]:
                one, other = free[first], free[second]
                begin = one if one >= other else other
                if one < begin and active[first]:
                    waited[place, 0] = begin - one
                elif other < begin and active[second]:
                    waited[place, 1] = begin - other
                free[first] = free[second] = begin + lasts[kind]
                active[first] = active[second] = True
            else:
                free[first] += lasts[kind]
                if kind == _RESET:
                    active[first] = False
        self.idle += float(waited.sum())
        return waited

    def gate(self, qubit: int, name: str) -> None:
        """Run a gate on one qubit."""
        self.free[qubit] += self._lasts.get(name, 0)
        if name == "Reset":
            self._active[qubit] = False

    def ladder(
        self, target: int, controls: Sequence[int], taken: Toggles, entangler: str, between: Sequence[str]
    ) -> None:
        """Run the gates of a ladder: entangling ones of a target with its controls, and others ``between`` each two.

        The gate at a place begins a fixed time after the one before it, or later where its control comes into the
        ladder late: then all that follow are as late."""
        lasts = self._lasts.get(entangler, 0)
        stride = lasts + sum(self._lasts.get(name, 0) for name in between)
        places: list[int] = []
        delays: list[float] = []
        delay = self.free[target]
        for place, control in sorted((first, control) for control, (first, _, _) in taken.places.items()):
            delay = max(delay, self.free[controls[control]] - place * stride)
            places.append(place)
            delays.append(delay)

        def begins(place: int) -> float:
            return place * stride + delays[bisect_right(places, place) - 1]

        parts = [(controls[control], *place) for control, place in taken.places.items()]
        parts.append((target, 0, taken.length - 1, taken.length))
        ends = [(qubit, begins(first), begins(last) + lasts, count) for qubit, first, last, count in parts]
        for qubit, begin, end, count in ends:
            since = self.free[qubit] if self._active[qubit] else begin
            self.idle += end - since - count * lasts
            self.free[qubit] = end
            self._active[qubit] = True


def clock_of(circuit: NativeCircuit, lasts: Mapping[str, float]) -> Clock:
    """The clock of a circuit, once it has run."""
    clock = Clock(len(circuit.qubits), lasts)
    clock.gates(*(column.tolist() for column in (circuit.kind, circuit.first, circuit.second)))
    return clock


def two_qubit_depth(circuit: NativeCircuit) -> int:
    """The number of layers of two-qubit gates."""
    return int(clock_of(circuit, LAYERS).end)
