"""Unary states in fewer qubits: d amplitudes that are loaded into as many qubits, and turned among these alone, are the
amplitudes of log2 d qubits as well.

A circuit is such a one where it begins with a unary load, and each of its gates keeps the number of qubits that are in
one: RBS gates, alone or in pyramids and butterflies (arXiv 2209.08167), pairs of XX and YY by one angle, swaps,
everything diagonal, and matrices of that kind. With its numbers it is a matrix W (d, d), and W x is loaded in its
place. Measurements in the basis Z, and scores that compare two such states, can be read of the fewer qubits; whatever
else is asked for, and a load that is said to stay unary, keeps the circuit as it is written.

Which circuits these are depends on their gates alone, and on no number of a model: bindings of one model are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.families.steps.grouping import Group, groups
from qsac.families.steps.model import CircuitOf, Measured, MeasuredAttention, Step
from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    FixedUnitary,
    Gate,
    Load,
    Multiplexor,
    Places,
    Real,
    Rotation,
    neuron_angle,
)
from qsac.families.steps.statevector import States, loaded
from qsac.families.steps.sums import sums_of

Amplitudes = NDArray[np.complex128]

Move: TypeAlias = Callable[[Real, Amplitudes], None]
"""What a gate does to the amplitudes (q,) of all qubits of its circuit, in place, with the circuit's values (A,)."""

_EXACT = 1e-12
"""By how much entries of a matrix may miss zero: it was brought to a unitary one to this."""


@dataclass(frozen=True, eq=False)
class Unary:
    """A circuit whose states are unary. ``qubits``: those that it touches, in order. ``real``: whether its amplitudes
    are real whatever the numbers."""

    circuit: Circuit
    qubits: tuple[int, ...]
    moves: tuple[Move, ...]
    real: bool

    @property
    def origin(self) -> str:
        """The block of its load."""
        return self.circuit.pointers[self.circuit.blocks[0]]

    def amplitudes(self, inputs: Real, parameters: Real) -> Amplitudes:
        """W x (q,), of length 1: one amplitude for each qubit of the circuit. Raises
        :class:`~qsac.errors.InvalidInputError` where the inputs are all zero."""
        load = self.circuit.gates[0]
        found = np.zeros(self.circuit.qubits, dtype=np.complex128)
        if isinstance(load, Load):
            found[list(load.qubits)] = loaded(load, inputs[None])[0, _unary_places(len(load.qubits))]
        values = self.circuit.values(inputs, parameters)
        for move in self.moves:
            move(values, found)
        result: Amplitudes = found * np.exp(1j * self.circuit.phase)
        return result


def width_of(qubits: Sequence[int]) -> int:
    """How many qubits hold an amplitude for each of these."""
    return (len(qubits) - 1).bit_length()


def rows_of(
    unary: Unary, measured: Measured, inputs: Real, qubits: Sequence[int], *, moduli: bool = False
) -> Real | Amplitudes:
    """The amplitudes (1, 2^n) of the fewer qubits: the k-th is that of the k-th one of ``qubits``; ``moduli``: without
    their phases."""
    own = unary.amplitudes(inputs, measured.parameters)[list(qubits)]
    row = np.zeros((1, 1 << width_of(qubits)), dtype=np.complex128)
    row[0, : len(qubits)] = np.abs(own) if moduli else own
    return row.real.copy() if unary.real or moduli else row


# What can be read of the fewer qubits


def unary_of_group(measured: Measured, group: Group) -> Unary | None:
    """The unary circuit that a group of measurements is of, if that has one and is in the basis Z."""
    if not group.bases or any(letter != "Z" for _, letter in group.bases):
        return None
    return unary_of(measured.circuit)


def group_values(unary: Unary, group: Group) -> Places:
    """(2^n,): the value of a group's qubits for each value of the fewer ones. One that stands for no qubit, which only
    noise leads to, is read as if all were in zero."""
    found = np.zeros(1 << width_of(unary.qubits), dtype=np.intp)
    count = len(group.bases)
    for place, (qubit, _) in enumerate(group.bases):
        if qubit in unary.qubits:
            found[unary.qubits.index(qubit)] = 1 << (count - 1 - place)
    return found


def group_weights(unary: Unary, state: States) -> Real:
    """(2^n,): the probabilities of the values of the fewer qubits, from the state (1, 2^q) of the circuit as it is
    written."""
    weights = np.zeros(1 << width_of(unary.qubits))
    places = [1 << (unary.circuit.qubits - 1 - qubit) for qubit in unary.qubits]
    weights[: len(places)] = np.abs(state[0, places]) ** 2
    return weights


UnaryPair: TypeAlias = tuple[Unary, Unary, tuple[int, ...]]


def unary_pair(query: Measured, key: Measured) -> UnaryPair | None:
    """Both circuits of a score, where both are unary, and the qubits that one of them touches."""
    found = unary_of(query.circuit), unary_of(key.circuit)
    if found[0] is None or found[1] is None:
        return None
    return found[0], found[1], tuple(sorted({*found[0].qubits, *found[1].qubits}))


def unary_parts(step: Step) -> dict[str, tuple[int, ...]]:
    """The parts of a step whose circuits have fewer qubits, ``circuit``, ``score``, ``query``, ``key`` or ``value``:
    the qubits of the unary form whose amplitudes they hold."""
    parts: dict[str, Measured] = {}
    found: dict[str, tuple[int, ...]] = {}
    if isinstance(step, CircuitOf):
        parts["circuit"] = step.measured
    elif isinstance(step, MeasuredAttention):
        if isinstance(step.value, Measured):
            parts["value"] = step.value
        if step.score == "gaussian":
            parts |= {"query": step.query} | ({} if step.key is step.query else {"key": step.key})
        elif step.score != "mixed-overlap":
            both = unary_pair(step.query, step.key)
            found |= {} if both is None else {"score": both[2]}
    for name, part in parts.items():
        unary = next(filter(None, (unary_of_group(part, group) for group in groups(part))), None)
        found |= {} if unary is None else {name: unary.qubits}
    return dict(sorted(found.items()))


# Which circuits are unary


@lru_cache(maxsize=256)
def unary_of(circuit: Circuit) -> Unary | None:
    """The circuit as one of unary states, or None where it is none, or is to stay as it is."""
    if circuit.discarded or not circuit.gates or not _is_unary(circuit.gates[0]):
        return None
    reading = _Reading(circuit)
    place = 1
    while place < len(circuit.gates):
        taken = reading.take(place)
        if not taken:
            return None
        place += taken
    touched = {qubit for gate in circuit.gates for qubit in gate.qubits}
    return Unary(circuit, tuple(sorted(touched)), tuple(reading.moves), reading.real and not circuit.phase)


def _unary_places(count: int) -> list[int]:
    return [1 << (count - 1 - place) for place in range(count)]


def _is_unary(gate: Gate) -> bool:
    if not isinstance(gate, Load) or gate.stays or len(gate.qubits) < 2:
        return False
    return list(gate.places) == _unary_places(len(gate.qubits))


class _Reading:
    """Reads the gates after the load, one or two at a time."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self.moves: list[Move] = []
        self.real = True
        self._sums = sums_of(circuit)

    def take(self, place: int) -> int:
        """How many gates were read from a place on: 0 where they do not keep the number of ones."""
        gate = self._circuit.gates[place]
        if isinstance(gate, Clifford):
            return self._clifford(gate)
        if isinstance(gate, Rotation):
            return self._diagonal(gate) if set(gate.paulis) == {"z"} else self._pair(gate, place)
        if isinstance(gate, Multiplexor):
            return self._multiplexor(gate)
        return self._matrix(gate) if isinstance(gate, FixedUnitary) else 0

    def _add(self, move: Move, *, real: bool = True) -> None:
        self.moves.append(move)
        self.real = self.real and real

    def _clifford(self, gate: Clifford) -> int:
        """At most one of two qubits is in one, so that CZ does nothing."""
        if gate.name == "swap":
            first, second = gate.qubits
            self._add(lambda values, found: found.__setitem__([first, second], found[[second, first]]))
        elif gate.name in _FACTORS:
            (qubit,), factor = gate.qubits, _FACTORS[gate.name]
            self._add(lambda values, found: found.__setitem__(qubit, factor * found[qubit]), real=gate.name == "z")
        else:
            return int(gate.name == "cz")
        return 1

    def _diagonal(self, gate: Rotation) -> int:
        signs = np.ones(self._circuit.qubits)
        signs[list(gate.qubits)] = -1.0

        def move(values: Real, found: Amplitudes) -> None:
            found *= np.exp(-0.5j * values[gate.value] * signs)

        self._add(move, real=False)
        return 1

    def _multiplexor(self, gate: Multiplexor) -> int:
        """A diagonal one: by the value of the controls with the one at each qubit."""
        if gate.axis != "z":
            return 0
        rows = np.zeros(self._circuit.qubits, dtype=np.intp)
        rows[list(gate.controls)] = _unary_places(len(gate.controls))
        signs = np.ones(self._circuit.qubits)
        signs[gate.target] = -1.0

        def move(values: Real, found: Amplitudes) -> None:
            angles = neuron_angle(values[list(gate.values)], gate.order)
            found *= np.exp(-0.5j * angles[rows] * signs)

        self._add(move, real=False)
        return 1

    def _pair(self, gate: Rotation, place: int) -> int:
        """XY by t and YX by -t, which is RBS, or XX and YY by t."""
        other = self._circuit.gates[place + 1] if place + 1 < len(self._circuit.gates) else None
        if not isinstance(other, Rotation) or len(gate.qubits) != 2 or set(gate.qubits) != set(other.qubits):
            return 0
        first, second = gate.qubits
        letters = dict(zip(other.qubits, other.paulis, strict=True))
        both = {gate.paulis, letters[first] + letters[second]}
        if both == {"xy", "yx"} and self._equal(gate.value, other.value, -1.0):
            sign = 1.0 if gate.paulis == "xy" else -1.0
            self._add(_rotation(first, second, gate.value, sign, -sign))
        elif both == {"xx", "yy"} and self._equal(gate.value, other.value, 1.0):
            self._add(_rotation(first, second, gate.value, -1j, -1j), real=False)
        else:
            return 0
        return 2

    def _equal(self, one: int, other: int, sign: float) -> bool:
        """Whether a value is another one times a sign, whatever the numbers."""
        (offset, *terms), (theirs, *others) = self._sums[one], self._sums[other]
        turned = [{place: sign * factor for place, factor in found.items()} for found in others]
        return offset == sign * theirs and terms == turned

    def _matrix(self, gate: FixedUnitary) -> int:
        """A matrix that keeps |0..0> up to a factor, and unary states unary."""
        places = _unary_places(len(gate.qubits))
        rest = [place for place in range(len(gate.matrix)) if place not in places]
        if np.abs(gate.matrix[1:, 0]).max() > _EXACT or np.abs(gate.matrix[np.ix_(rest, places)]).max() > _EXACT:
            return 0
        block, factor, own = gate.matrix[np.ix_(places, places)], gate.matrix[0, 0], list(gate.qubits)

        def move(values: Real, found: Amplitudes) -> None:
            turned = block @ found[own]
            found *= factor
            found[own] = turned

        self._add(move, real=not np.abs([*block.imag.flat, factor.imag]).max())
        return 1


_FACTORS = {"z": -1.0, "s": 1j, "sdg": -1j}


def _rotation(first: int, second: int, value: int, there: complex, back: complex) -> Move:
    """Both amplitudes by cos t; ``there`` sin t of the first comes to the second, ``back`` sin t of that to it."""

    def move(values: Real, found: Amplitudes) -> None:
        cosine, sine = np.cos(values[value]), np.sin(values[value])
        one, other = found[first], found[second]
        found[first] = cosine * one + back * sine * other
        found[second] = cosine * other + there * sine * one

    return move
