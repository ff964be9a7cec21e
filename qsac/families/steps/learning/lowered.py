"""Circuits in normal form in which the Pauli rotation is the one parametrised gate: what the two-term parameter-shift
rule holds for.

A multiplexor of c controls is 2^c rotations about Z..Z P, whose angles are the Walsh transform of its table: a
controlled rotation is two, each with two bindings, as many as the four-term rule takes. A damping is a multiplexor onto
one more qubit, which is projected on zero and so may serve for the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

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


@dataclass(frozen=True, eq=False)
class Lowered:
    """A circuit whose inputs are K angles and then the F inputs of ``original``: every rotation has an angle of its
    own. ``tables``: from the values of the original to the angles, in their order."""

    original: Circuit
    circuit: Circuit
    tables: tuple[_Table, ...]

    @property
    def angles(self) -> int:
        """K: how many rotations there are."""
        return len(self.circuit.offset)

    def angles_of(self, inputs: Array, parameters: Array) -> Array:
        """The angles (B, K) for inputs (B, F) and parameters (P,) of the original: classical, and differentiable."""
        numbers = numbers_of(self.original, inputs, parameters)
        found = []
        for table in self.tables:
            values = numbers.of(table.places)
            if table.damps:
                # The radius is 1 at whole half turns, where the arc cosine has no slope.
                radius = jnp.minimum(neuron_radius(values, table.order), 1 - 1e-12)
                values = 2 * jnp.arccos(radius)
            else:
                values = neuron_angle(values, table.order)
            found.append(
                jnp.broadcast_to(values @ jnp.asarray(table.matrix, values.dtype), (len(inputs), len(table.matrix)))
            )
        return jnp.concatenate(found, axis=-1) if found else jnp.zeros((len(inputs), 0), inputs.dtype)


def lowered(circuit: Circuit) -> Lowered:
    """A circuit lowered to Pauli rotations."""
    writer = _Lowering(circuit)
    for gate in circuit.gates:
        writer.write(gate)
    count = sum(len(table.matrix) for table in writer.tables)
    each = np.arange(count, dtype=np.intp)
    none = Terms(each[:0], each[:0], np.empty(0))
    gates = tuple(_after(gate, count) for gate in writer.gates)
    made = Circuit(
        writer.qubits,
        gates,
        (0,) * len(gates),
        np.zeros(count),
        Terms(each, each, np.ones(count)),
        none,
        count + circuit.inputs,
        0,
        phase=circuit.phase,
    )
    return Lowered(circuit, made, tuple(writer.tables))


def _after(gate: Gate, count: int) -> Gate:
    """A gate that reads inputs, which stand after the angles."""
    if isinstance(gate, Flip):
        return Flip(gate.qubit, gate.input + count)
    if isinstance(gate, Load):
        return Load(gate.qubits, tuple(number + count for number in gate.inputs), gate.places)
    return gate


class _Lowering:
    def __init__(self, circuit: Circuit) -> None:
        self.gates: list[Gate] = []
        self.tables: list[_Table] = []
        damped = any(isinstance(gate, Damping) for gate in circuit.gates)
        self._ancilla = circuit.qubits
        self.qubits = circuit.qubits + damped
        self._angles = 0

    def write(self, gate: Gate) -> None:
        if isinstance(gate, Rotation):
            self._rotation(gate.paulis, gate.qubits, self._table((gate.value,), 0, np.ones((1, 1))))
        elif isinstance(gate, Multiplexor):
            self._multiplexor(gate.axis, gate.controls, gate.target, gate.values, gate.order)
        elif isinstance(gate, Damping):
            self._multiplexor("y", gate.qubits, self._ancilla, gate.values, gate.order, damps=True)
            self.gates.append(Projection(self._ancilla, 0))
        else:
            self.gates.append(gate)

    def _table(self, places: tuple[int, ...], order: int, matrix: Real, *, damps: bool = False) -> int:
        """The place of the first of new angles."""
        self.tables.append(_Table(places, order, damps, matrix))
        self._angles += len(matrix)
        return self._angles - len(matrix)

    def _rotation(self, paulis: str, qubits: tuple[int, ...], angle: int) -> None:
        self.gates.append(Rotation(paulis, qubits, angle))

    def _multiplexor(
        self,
        axis: str,
        controls: tuple[int, ...],
        target: int,
        values: tuple[int, ...],
        order: int,
        *,
        damps: bool = False,
    ) -> None:
        rows = np.arange(1 << len(controls))
        overlaps = rows[:, None] & rows[None, :]
        walsh = (-1.0) ** np.array([[int(number).bit_count() for number in row] for row in overlaps]) / len(rows)
        first = self._table(values, order, walsh, damps=damps)
        for row in rows:
            some = [qubit for place, qubit in enumerate(controls) if row >> (len(controls) - 1 - place) & 1]
            self._rotation("z" * len(some) + axis, (*some, target), first + int(row))
