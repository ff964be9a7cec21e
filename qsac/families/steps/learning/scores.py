"""Scores that are overlaps of states, as numbers that are measured of one circuit of both vectors.

A squared overlap is the probability of zero after the query and the inverse of the key; or, where the key has no
inverse in normal form, as a load has none, that of mixed states with all qubits kept. A real part is <X> of a branch,
on whose value the angles depend by which query and key differ. Mixed states stand side by side and are measured in the
Bell basis.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.steps.mixed_overlaps import bell_signs
from qsac.families.steps.model import Measured, MeasuredAttention
from qsac.families.steps.normal_form import (
    Circuit,
    Clifford,
    CliffordName,
    FixedUnitary,
    Flip,
    Gate,
    Load,
    Multiplexor,
    Real,
    Rotation,
    Writer,
    renamed,
)
from qsac.families.steps.overlaps import check_alike, shared_end
from qsac.families.steps.sums import sums_of

WIDEST = 14
"""Most qubits of two states side by side."""


@dataclass(frozen=True, eq=False)
class Score:
    """``weights`` (G,) times what is ``measured`` of a circuit whose inputs are the query's vector and the key's."""

    measured: Measured
    weights: Real


@lru_cache(maxsize=64)
def score_of(step: MeasuredAttention, pointer: str) -> Score:
    """The circuit of a step's scores. Raises :class:`~qsac.errors.InvalidInputError` where there is none."""
    query, key = step.query, step.key
    if step.score == "overlap-real":
        return _real_part(step, pointer)
    if step.score == "mixed-overlap":
        return _side_by_side(query, key, step.keep, pointer)
    if not all(map(_is_invertible, key.circuit.gates)):
        return _side_by_side(query, key, tuple(range(query.circuit.qubits)), pointer)
    both = _Both(query, key, query.circuit.qubits)
    skip = shared_end(query, key)
    for place, gate in enumerate(query.circuit.gates):
        if place not in skip:
            both.write(0, place, gate)
    for place, gate in reversed(list(enumerate(key.circuit.gates))):
        if place not in skip:
            both.write(1, place, gate, inverse=True)
    qubits = tuple(range(query.circuit.qubits))
    weights = np.zeros(1 << len(qubits))
    weights[0] = 1.0
    return Score(Measured(both.finished(), np.empty(0), "probabilities", (), qubits), weights)


def _is_invertible(gate: Gate) -> bool:
    if isinstance(gate, Multiplexor):
        return gate.order == 0
    return isinstance(gate, Clifford | Rotation | Flip | FixedUnitary)


def _side_by_side(query: Measured, key: Measured, keep: tuple[int, ...], pointer: str) -> Score:
    count = query.circuit.qubits
    if 2 * count > WIDEST:
        raise _no_circuit(pointer, f"two states of {count} qubits side by side")
    both = _Both(query, key, 2 * count)
    for side, one in enumerate((query, key)):
        for place, gate in enumerate(one.circuit.gates):
            both.write(side, place, gate, shift=side * count)
    for qubit in keep:
        both.add(Clifford("cx", (qubit, count + qubit)))
        both.add(Clifford("h", (qubit,)))
    qubits = (*keep, *(count + qubit for qubit in keep))
    return Score(Measured(both.finished(), np.empty(0), "probabilities", (), qubits), bell_signs(len(keep)))


def _real_part(step: MeasuredAttention, pointer: str) -> Score:
    check_alike(step, pointer)
    query, key = step.query.circuit, step.key.circuit
    if query.phase != key.phase or any(isinstance(gate, Load | Flip) for gate in query.gates):
        raise _no_circuit(pointer, "real parts of states that are loaded, or of flipped bits")
    both = _Both(step.query, step.key, query.qubits + 1)
    branch = query.qubits
    both.add(Clifford("h", (branch,)))
    for place, gate in enumerate(query.gates):
        if isinstance(gate, Rotation) and both.differ(gate.value):
            _branched_rotation(both, gate, branch)
        elif isinstance(gate, Multiplexor) and any(map(both.differ, gate.values)):
            values = tuple(both.value(side, value) for side in (0, 1) for value in gate.values)
            both.add(Multiplexor(gate.axis, (branch, *gate.controls), gate.target, values, gate.order))
        else:
            both.write(0, place, gate)
    measured = Measured(both.finished(), np.empty(0), "pauli", ("I" * branch + "X",))
    return Score(measured, np.ones(1))


def _branched_rotation(both: _Both, gate: Rotation, branch: int) -> None:
    """A rotation by the query's angle where the branch is 0, and by the key's where it is 1: of a string of Paulis a
    multiplexor of its last qubit, whose sign is the parity of the others, which are turned to Z for it."""
    *others, target = gate.qubits
    turned = [(place, qubit) for place, qubit in zip(gate.paulis, others, strict=False) if place != "z"]
    for letter, qubit in turned:
        for name in _TO_Z[letter]:
            both.add(Clifford(name, (qubit,)))
    signs = [1.0 - 2.0 * (row.bit_count() % 2) for row in range(1 << len(others))]
    values = tuple(both.value(side, gate.value, sign) for side in (0, 1) for sign in signs)
    axis = _AXES[gate.paulis[-1]]
    both.add(Multiplexor(axis, (branch, *others), target, values))
    for letter, qubit in turned:
        for name in reversed(_TO_Z[letter]):
            both.add(Clifford(_INVERSE.get(name, name), (qubit,)))


_AXES: dict[str, Literal["x", "y", "z"]] = {"x": "x", "y": "y", "z": "z"}
_TO_Z: dict[str, tuple[CliffordName, ...]] = {"x": ("h",), "y": ("sdg", "h")}
_INVERSE: dict[CliffordName, CliffordName] = {"s": "sdg", "sdg": "s"}


def _no_circuit(pointer: str, found: str) -> InvalidInputError:
    return InvalidInputError(
        "these scores have no parameter-shift rule here",
        code="train.no-shift-rule",
        pointer=pointer,
        found=found,
        wanted='"gradient": "exact"',
    )


class _Both:
    """Writes one circuit of two: the parameters of the query and, where the key has its own, the key's."""

    def __init__(self, query: Measured, key: Measured, qubits: int) -> None:
        circuits = (query.circuit, key.circuit)
        self._writer = Writer(qubits)
        self._writer.begin(circuits[0].pointers[0] if circuits[0].pointers else "")
        self._sums = [sums_of(circuit) for circuit in circuits]
        self._inputs = (0, circuits[0].inputs)
        self._own = key is not query
        self._parameters = (0, circuits[0].parameters if self._own else 0)
        sides = (0, 1) if self._own else (0,)
        for side in sides:
            first = self._parameters[side]
            self._writer.places += [replace(place, first=place.first + first) for place in circuits[side].places]
            self._writer.parameters += circuits[side].parameters
        total = sum(circuit.inputs for circuit in circuits)
        self._writer.used.update([total - 1] if total else [])
        self._writer.phase = circuits[0].phase

    def finished(self) -> Circuit:
        """The circuit."""
        return self._writer.finished()

    def add(self, gate: Gate) -> None:
        """A gate as it is."""
        self._writer.add(gate)

    def value(self, side: int, place: int, factor: float = 1.0) -> int:
        """A value of the query (0) or the key (1), times a factor."""
        offset, parameters, inputs = self._sums[side][place]
        return self._writer.value(
            factor * offset,
            {self._parameters[side] + number: factor * one for number, one in parameters.items()},
            {self._inputs[side] + number: factor * one for number, one in inputs.items()},
        )

    def differ(self, place: int) -> bool:
        """Whether the values of query and key at a place are not the same for all vectors."""
        (offset, parameters, inputs), (other, others, _) = (sums[place] for sums in self._sums)
        return bool(inputs) or offset != other or (self._own and bool(parameters or others))

    def write(self, side: int, place: int, gate: Gate, *, inverse: bool = False, shift: int = 0) -> None:
        """A gate of the query (0) or the key (1), or its inverse, on qubits that are shifted."""
        sign, moved = -1.0 if inverse else 1.0, renamed(gate, {qubit: qubit + shift for qubit in gate.qubits})
        if isinstance(moved, Rotation):
            moved = replace(moved, value=self.value(side, moved.value, sign))
        elif isinstance(moved, Multiplexor):
            moved = replace(moved, values=tuple(self.value(side, value, sign) for value in moved.values))
        elif isinstance(moved, Load):
            moved = replace(moved, inputs=tuple(self._inputs[side] + number for number in moved.inputs))
        elif isinstance(moved, Flip):
            moved = replace(moved, input=self._inputs[side] + moved.input)
        elif inverse and isinstance(moved, FixedUnitary):
            moved = replace(moved, matrix=moved.matrix.conj().T)
        elif inverse and isinstance(moved, Clifford):
            moved = Clifford(_INVERSE.get(moved.name, moved.name), moved.qubits)
        self.add(moved)
