"""Circuits in normal form whose inputs are the numbers that are shifted: angles of Pauli rotations, and amplitudes.

df/dt = (f(t + pi/2) - f(t - pi/2))/2 holds for the angle of a Pauli rotation. A multiplexor of c controls is 2^c
rotations about Z..Z P, whose angles are the Walsh transform of its table: a controlled rotation is two, each with two
bindings, as many as the four-term rule takes. It stays a multiplexor, whose table is the transform of those angles, and
is compiled as one. A damping is a multiplexor onto one more qubit, which is projected on zero and so may serve for the
next one. The amplitudes x of a load, of length 1, are shifted to (x + e)/sqrt 2 and (x - e)/sqrt 2 for each unit vector
e of a basis of all that is orthogonal to x: the derivative along e is the difference of the two. Gates whose numbers
nothing moves stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.steps import normal_form
from qsac.families.steps.learning.traced_values import (
    neuron_angle,
    neuron_radius,
    numbers_of,
    of_length_one,
    picked,
)
from qsac.families.steps.normal_form import (
    Circuit,
    Damping,
    Flip,
    Gate,
    Load,
    Multiplexor,
    Projection,
    Real,
    Rotation,
    Terms,
)

Array: TypeAlias = Any

SHIFT = np.pi / 2


class Part(Protocol):
    """Numbers of a circuit that are shifted in one way, (B, W)."""

    @property
    def width(self) -> int:
        """W."""

    @property
    def count(self) -> int:
        """In how many directions they are shifted, each to both sides."""

    def shifted(self, place: Array, numbers: Array) -> tuple[Array, Array]:
        """The numbers (B, W) ahead and behind in the direction ``place``, which may be traced."""

    def gathered(self, differences: Array, numbers: Array) -> Array:
        """The derivatives (B, W) of what has such ``differences`` (count, B) between ahead and behind."""


@dataclass(frozen=True, eq=False)
class _Table:
    """The angles of one multiplexor or damping: ``matrix`` times f of the values at ``places``."""

    places: tuple[int, ...]
    order: int
    damps: bool
    matrix: Real

    def angles(self, values: Array) -> Array:
        """The angles (B, A) of values (B, A)."""
        if self.damps:
            # The radius is 1 at whole half turns, where the arc cosine has no slope.
            least = max(1e-12, 4 * float(np.finfo(values.dtype).eps))
            turns = 2 * jnp.arccos(jnp.minimum(neuron_radius(values, self.order), 1 - least))
        else:
            turns = neuron_angle(values, self.order)
        return turns @ jnp.asarray(self.matrix, turns.dtype)


@dataclass(frozen=True, eq=False)
class Angles:
    """Angles of Pauli rotations: those of ``tables``, in their order."""

    tables: tuple[_Table, ...]

    @property
    def width(self) -> int:
        """How many angles there are."""
        return sum(len(table.matrix) for table in self.tables)

    @property
    def count(self) -> int:
        """Each is shifted by itself."""
        return self.width

    def shifted(self, place: Array, numbers: Array) -> tuple[Array, Array]:
        """A quarter turn to both sides."""
        here = SHIFT * jax.nn.one_hot(place, self.width, dtype=numbers.dtype)
        return numbers + here, numbers - here

    def gathered(self, differences: Array, numbers: Array) -> Array:
        """See :class:`Part`."""
        return jnp.moveaxis(differences, 0, -1) / 2


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """The amplitudes of a load, of length 1: those of ``inputs``."""

    inputs: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many amplitudes there are."""
        return len(self.inputs)

    @property
    def count(self) -> int:
        """The dimension of what is orthogonal to a vector."""
        return self.width - 1

    def shifted(self, place: Array, numbers: Array) -> tuple[Array, Array]:
        """See the module."""
        tangent = self._tangent(place, numbers)
        return (numbers + tangent) / np.sqrt(2), (numbers - tangent) / np.sqrt(2)

    def gathered(self, differences: Array, numbers: Array) -> Array:
        """See :class:`Part`."""
        tangents = jax.vmap(lambda place: self._tangent(place, numbers))(jnp.arange(self.count))
        return jnp.einsum("cb,cbw->bw", differences, tangents)

    def _tangent(self, place: Array, numbers: Array) -> Array:
        """A column of the reflection that takes the vector to the first axis: the others are orthogonal to it."""
        first = jax.nn.one_hot(0, self.width, dtype=numbers.dtype)
        normal = numbers + jnp.where(numbers[:, :1] < 0, -1, 1) * first
        axis = jax.nn.one_hot(place + 1, self.width, dtype=numbers.dtype)
        share = normal @ axis / jnp.sum(normal**2, axis=-1)
        return axis - 2 * share[:, None] * normal


@dataclass(frozen=True, eq=False)
class Lowered:
    """A circuit whose inputs are the numbers of the ``parts``, one after the other, and then the F inputs of
    ``original``. The first part are the angles that parameters move, the second those that inputs alone do."""

    original: Circuit
    circuit: Circuit
    parts: tuple[Part, ...]

    def numbers(self, inputs: Array, parameters: Array) -> tuple[Array, ...]:
        """The numbers (B, W) of each part for inputs (B, F) and parameters (P,) of the original: classical, and
        differentiable."""
        values = numbers_of(self.original, inputs, parameters)
        found = []
        for part in self.parts:
            if isinstance(part, Amplitudes):
                found.append(of_length_one(picked(inputs, part.inputs)))
            elif isinstance(part, Angles):
                angles = [table.angles(values.of(table.places)) for table in part.tables]
                wide = [jnp.broadcast_to(one, (len(inputs), one.shape[-1])) for one in angles]
                found.append(jnp.concatenate(wide, axis=-1) if wide else jnp.zeros((len(inputs), 0), inputs.dtype))
        return tuple(found)

    def shifts(self, *, parameters: bool, inputs: bool) -> int:
        """In how many directions numbers are shifted, where parameters or inputs are differentiated."""
        by_parameters, *others = self.parts
        moved = set(self.original.from_inputs.rows.tolist())
        reached = isinstance(by_parameters, Angles) and any(
            moved.intersection(table.places) for table in by_parameters.tables
        )
        total = by_parameters.count if parameters or (inputs and reached) else 0
        return total + (sum(part.count for part in others) if inputs else 0)


def lowered(circuit: Circuit) -> Lowered:
    """A circuit lowered to numbers that are shifted."""
    writer = _Lowering(circuit)
    for gate, block in zip(circuit.gates, circuit.blocks, strict=True):
        writer.write(gate, block)
    return writer.finished()


class _Lowering:
    def __init__(self, circuit: Circuit) -> None:
        self._original = circuit
        self._gates: list[tuple[Gate, int]] = []
        self._tables: tuple[list[_Table], list[_Table]] = ([], [])
        self._loads: list[Load] = []
        damped = any(isinstance(gate, Damping) for gate in circuit.gates)
        self._ancilla, self._qubits = circuit.qubits, circuit.qubits + damped
        self._block = 0
        self._offsets: list[float] = []
        self._terms: list[tuple[int, int, int, float]] = []
        self._by_parameters = set(circuit.from_parameters.rows.tolist())
        self._moved = self._by_parameters | set(circuit.from_inputs.rows.tolist())

    def finished(self) -> Lowered:
        """The lowered circuit."""
        original = self._original
        parts: list[Part] = [Angles(tuple(tables)) for tables in self._tables]
        starts = [0, parts[0].width]
        count = starts[1] + parts[1].width
        loads = {}
        for load in self._loads:
            parts.append(Amplitudes(load.inputs))
            loads[id(load)] = count
            count += len(load.inputs)
        rows, kinds, columns, factors = zip(*self._terms, strict=True) if self._terms else ((), (), (), ())
        whole = np.intp
        places = np.array(columns, whole) + np.array([starts[kind] for kind in kinds], whole)
        none = np.empty(0, whole)
        circuit = Circuit(
            self._qubits,
            tuple(_after(gate, count, loads) for gate, _ in self._gates),
            tuple(block for _, block in self._gates),
            np.array(self._offsets),
            Terms(np.array(rows, whole), places, np.array(factors, np.float64)),
            Terms(none, none, np.empty(0)),
            count + original.inputs,
            0,
            pointers=original.pointers,
            phase=original.phase,
        )
        return Lowered(original, circuit, tuple(parts))

    def write(self, gate: Gate, block: int) -> None:
        """Write a gate of a block."""
        self._block = block
        if isinstance(gate, Rotation):
            (value,) = self._values((gate.value,), 0)
            self._add(Rotation(gate.paulis, gate.qubits, value))
        elif isinstance(gate, Multiplexor):
            values = self._values(gate.values, gate.order)
            self._add(Multiplexor(gate.axis, gate.controls, gate.target, values))
        elif isinstance(gate, Damping):
            values = self._values(gate.values, gate.order, damps=True)
            self._add(Multiplexor("y", gate.qubits, self._ancilla, values))
            self._add(Projection(self._ancilla, 0))
        else:
            if isinstance(gate, Load):
                self._loads.append(gate)
            self._add(gate)

    def _add(self, gate: Gate) -> None:
        self._gates.append((gate, self._block))

    def _values(self, places: tuple[int, ...], order: int, *, damps: bool = False) -> tuple[int, ...]:
        """The values of a table: sums of new angles with signs, or numbers that stay."""
        if self._moved.isdisjoint(places):
            held = self._original.offset[list(places)]
            radii = np.minimum(normal_form.neuron_radius(held, order), 1.0)
            turns = 2 * np.arccos(radii) if damps else normal_form.neuron_angle(held, order)
            return tuple(self._value(turn) for turn in turns.tolist())
        rows = np.arange(len(places))
        signs = 1.0 - 2.0 * (np.bitwise_count(rows[:, None] & rows) % 2)
        kind = int(self._by_parameters.isdisjoint(places))
        first = sum(len(table.matrix) for table in self._tables[kind])
        self._tables[kind].append(_Table(places, order, damps, signs / len(rows)))
        return tuple(
            self._value(0.0, [(kind, first + angle, float(sign)) for angle, sign in enumerate(signs[row])])
            for row in rows
        )

    def _value(self, offset: float, terms: Sequence[tuple[int, int, float]] = ()) -> int:
        place = len(self._offsets)
        self._offsets.append(offset)
        self._terms += [(place, *term) for term in terms]
        return place


def _after(gate: Gate, count: int, loads: dict[int, int]) -> Gate:
    """A gate that reads amplitudes, or inputs, which stand after what is shifted."""
    if isinstance(gate, Flip):
        return Flip(gate.qubit, gate.input + count)
    if isinstance(gate, Load):
        first = loads[id(gate)]
        return replace(gate, inputs=tuple(range(first, first + len(gate.inputs))))
    return gate
