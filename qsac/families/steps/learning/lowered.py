"""Circuits in normal form whose inputs are the angles of Pauli rotations: what the two-term parameter-shift rule holds
for.

A multiplexor of c controls is 2^c rotations about Z..Z P, whose angles are the Walsh transform of its table: a
controlled rotation is two, each with two bindings, as many as the four-term rule takes. It stays a multiplexor, whose
table is the transform of those angles, and is compiled as one. A damping is a multiplexor onto one more qubit, which is
projected on zero and so may serve for the next one. Gates whose numbers nothing moves stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

from qsac.families.steps import normal_form
from qsac.families.steps.learning.traced_values import neuron_angle, neuron_radius, numbers_of
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
            least = max(1e-12, 4 * float(jnp.finfo(values.dtype).eps))
            turns = 2 * jnp.arccos(jnp.minimum(neuron_radius(values, self.order), 1 - least))
        else:
            turns = neuron_angle(values, self.order)
        return turns @ jnp.asarray(self.matrix, turns.dtype)


@dataclass(frozen=True, eq=False)
class Lowered:
    """A circuit whose inputs are K angles and then the F inputs of ``original``: every rotation that is moved has an
    angle of its own. ``tables``: from the values of the original to the angles, in their order."""

    original: Circuit
    circuit: Circuit
    tables: tuple[_Table, ...]

    @property
    def angles(self) -> int:
        """K: how many rotations are moved."""
        return sum(len(table.matrix) for table in self.tables)

    def angles_of(self, inputs: Array, parameters: Array) -> Array:
        """The angles (B, K) for inputs (B, F) and parameters (P,) of the original: classical, and differentiable."""
        numbers = numbers_of(self.original, inputs, parameters)
        found = []
        for table in self.tables:
            angles = table.angles(numbers.of(table.places))
            found.append(jnp.broadcast_to(angles, (len(inputs), len(table.matrix))))
        return jnp.concatenate(found, axis=-1) if found else jnp.zeros((len(inputs), 0), inputs.dtype)


def lowered(circuit: Circuit) -> Lowered:
    """A circuit lowered to Pauli rotations."""
    writer = _Lowering(circuit)
    for gate, block in zip(circuit.gates, circuit.blocks, strict=True):
        writer.write(gate, block)
    return Lowered(circuit, writer.finished(), tuple(writer.tables))


class _Lowering:
    def __init__(self, circuit: Circuit) -> None:
        self._original = circuit
        self._gates: list[tuple[Gate, int]] = []
        self.tables: list[_Table] = []
        damped = any(isinstance(gate, Damping) for gate in circuit.gates)
        self._ancilla, self._qubits = circuit.qubits, circuit.qubits + damped
        self._block = self._angles = 0
        self._offsets: list[float] = []
        self._terms: list[tuple[int, int, float]] = []
        moved = {*circuit.from_inputs.rows.tolist(), *circuit.from_parameters.rows.tolist()}
        self._held = set(range(len(circuit.offset))) - moved

    def finished(self) -> Circuit:
        """The circuit, whose inputs are the angles and the inputs of the original."""
        rows, columns, factors = zip(*self._terms, strict=True) if self._terms else ((), (), ())
        whole = np.intp
        none = Terms(np.empty(0, whole), np.empty(0, whole), np.empty(0))
        original = self._original
        return Circuit(
            self._qubits,
            tuple(_after(gate, self._angles) for gate, _ in self._gates),
            tuple(block for _, block in self._gates),
            np.array(self._offsets),
            Terms(np.array(rows, whole), np.array(columns, whole), np.array(factors, np.float64)),
            none,
            self._angles + original.inputs,
            0,
            pointers=original.pointers,
            phase=original.phase,
        )

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
            self._add(gate)

    def _add(self, gate: Gate) -> None:
        self._gates.append((gate, self._block))

    def _values(self, places: tuple[int, ...], order: int, *, damps: bool = False) -> tuple[int, ...]:
        """The values of a table: sums of new angles with signs, or numbers that stay."""
        if self._held.issuperset(places):
            held = self._original.offset[list(places)]
            radii = np.minimum(normal_form.neuron_radius(held, order), 1.0)
            turns = 2 * np.arccos(radii) if damps else normal_form.neuron_angle(held, order)
            return tuple(self._value(turn) for turn in turns.tolist())
        rows = np.arange(len(places))
        signs = 1.0 - 2.0 * (np.bitwise_count(rows[:, None] & rows) % 2)
        self.tables.append(_Table(places, order, damps, signs / len(rows)))
        first, self._angles = self._angles, self._angles + len(rows)
        return tuple(
            self._value(0.0, [(first + angle, float(sign)) for angle, sign in enumerate(signs[row])]) for row in rows
        )

    def _value(self, offset: float, terms: Sequence[tuple[int, float]] = ()) -> int:
        place = len(self._offsets)
        self._offsets.append(offset)
        self._terms += [(place, angle, factor) for angle, factor in terms]
        return place


def _after(gate: Gate, count: int) -> Gate:
    """A gate that reads inputs, which stand after the angles."""
    if isinstance(gate, Flip):
        return Flip(gate.qubit, gate.input + count)
    if isinstance(gate, Load):
        return Load(gate.qubits, tuple(number + count for number in gate.inputs), gate.places)
    return gate
