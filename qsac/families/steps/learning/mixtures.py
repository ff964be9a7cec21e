"""A mixture of unitaries, and the circuit that follows it, as one circuit in normal form whose numbers are measured.

It is the circuit of :mod:`qsac.families.steps.mixture`, written in rotations alone. The state of the index is turned
by a tree of angles, with phases after it, and turned back without phases; degree qubits likewise; every rotation of the
token's circuit is a multiplexor by the index, of zeros where that is in the row of the identity. What is projected on
zero is used again, so that there are n + m + 2 qubits for any degree: first the data, then the index, then two degree
qubits by turns. All that is measured is conditional on these projections, a quotient E = N/D of numbers of one circuit,
and D is the success probability.

The angles of index and degrees are functions of mixing and polynomial, which JAX differentiates
(:func:`state_angles`); they have no slope where a coefficient is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import jax.numpy as jnp
import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.steps.capacity import QUBITS
from qsac.families.steps.mixture import index_qubits
from qsac.families.steps.model import Measured, UnitaryMixture
from qsac.families.steps.normal_form import (
    Circuit,
    Damping,
    Gate,
    Multiplexor,
    ParameterPlace,
    Projection,
    Rotation,
    Sum,
    Writer,
)
from qsac.families.steps.sums import sums_of

Array: TypeAlias = Any

ANGLES = 1 << 16
"""Most angles by the index: each is shifted by itself."""


@lru_cache(maxsize=64)
def mixture_of(step: UnitaryMixture, pointer: str) -> Measured:
    """What ``then`` measures of the mixture's circuit. Its inputs are those of all tokens, one after the other; its
    parameters are :func:`state_angles`, and then those of ``then``.

    Raises :class:`~qsac.errors.InvalidInputError` where the circuit is too wide or too long.
    """
    size, degree = index_qubits(step), len(step.polynomial) - 1
    qubits = step.token.qubits + (size + 2 if degree else 0)
    if qubits > QUBITS:
        raise _too_large(pointer, f"a circuit of {qubits} qubits", f"at most {QUBITS} qubits")
    angles = degree * sum(_angles(gate) for gate in step.token.gates) << size
    if angles > ANGLES:
        raise _too_large(pointer, f"{angles:,} angles by the index", f"at most {ANGLES:,}")
    circuit = _Mixing(step, pointer).written()
    observables = tuple(found + "I" * (qubits - len(found)) for found in step.then.observables)
    return replace(step.then, circuit=circuit, parameters=np.empty(0), observables=observables)


def zero_coefficients(step: UnitaryMixture, pointer: str) -> list[str]:
    """The pointers of mixing and polynomial where some of their numbers are zero."""
    found = {"mixing": step.mixing, "polynomial": step.polynomial}
    return [f"{pointer}/attention/{name}" for name, numbers in found.items() if not numbers.all()]


def _angles(gate: Gate) -> int:
    return len(gate.values) if isinstance(gate, Multiplexor) else 1


def _too_large(pointer: str, found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "this step has no parameter-shift rule here: its circuit is too large",
        code="train.no-shift-rule",
        pointer=pointer,
        found=found,
        wanted=f'{wanted}, or "gradient": "exact"',
    )


# The angles of index and degrees


@dataclass(frozen=True)
class _Layout:
    """Where the angles stand: ``degrees`` that begin the degree qubits, as many that end them, the ``tree`` of the
    index, and its phases, one for each of its ``values``."""

    degrees: int
    tree: tuple[tuple[int, int], ...]
    values: int

    @property
    def count(self) -> int:
        """How many there are."""
        return 2 * self.degrees + len(self.tree) + self.values

    @property
    def phases(self) -> int:
        """The place of the first phase."""
        return 2 * self.degrees + len(self.tree)


def _layout(step: UnitaryMixture) -> _Layout:
    """The nodes (level, prefix) of the tree whose right half has tokens: all others turn by nothing."""
    size, count = index_qubits(step), len(step.mixing)
    nodes = tuple(
        (level, prefix)
        for level in range(size)
        for prefix in range(1 << level)
        if (2 * prefix + 1) << (size - 1 - level) < count
    )
    degrees = len(step.polynomial) - 1
    return _Layout(degrees, nodes, 1 << size) if degrees else _Layout(0, (), 0)


def state_angles(step: UnitaryMixture, pairs: Array, polynomial: Array) -> Array:
    """The angles, in radians, of the ``mixing`` as (T, 2) and the ``polynomial`` (p + 1,): those that begin and those
    that end the degree qubits, those of the index' tree, and the differences of its phases."""
    layout = _layout(step)
    if not layout.count:
        return jnp.zeros(0, polynomial.dtype)
    squares = jnp.sum(pairs**2, axis=-1)
    moduli = _root(squares)
    norm, powers = jnp.sum(moduli), np.arange(len(step.polynomial))
    weights = jnp.abs(polynomial) * norm**powers
    signs = jnp.sign(polynomial)
    rest = jnp.cumsum(weights[::-1])[::-1][1:]
    onward = _root(rest) * jnp.where(powers[1:] == powers[-1], jnp.where(signs[-1] < 0, -1, 1), 1)
    begun = _turn(onward, signs[:-1] * _root(weights[:-1]))
    ended = _turn(_root(weights[1:]), _root(jnp.cumsum(weights)[:-1]))
    size = index_qubits(step)
    padded = jnp.concatenate([moduli, jnp.zeros((1 << size) - len(step.mixing), moduli.dtype)])
    turns = []
    for level, prefix in layout.tree:
        halves = padded.reshape(1 << level, 2, -1)[prefix].sum(axis=-1)
        turns.append(_turn(_root(halves[1]), _root(halves[0])))
    zero = squares == 0
    phases = jnp.arctan2(jnp.where(zero, 0.0, pairs[:, 1]), jnp.where(zero, 1.0, pairs[:, 0])) + step.token.phase
    phases = jnp.concatenate([phases, jnp.zeros(len(padded) - len(phases), phases.dtype)])
    return jnp.concatenate([begun, ended, *(turn[None] for turn in turns), *_differences(phases, size)])


def _root(squares: Array) -> Array:
    """Square roots, that of zero without a slope."""
    there = squares > 0
    return jnp.where(there, jnp.sqrt(jnp.where(there, squares, 1.0)), 0.0)


def _turn(opposite: Array, adjacent: Array) -> Array:
    """The RY angle of amplitudes (adjacent, opposite); 0 where both are zero."""
    there = (opposite != 0) | (adjacent != 0)
    return 2 * jnp.arctan2(jnp.where(there, opposite, 0.0), jnp.where(there, adjacent, 1.0))


def _differences(phases: Array, size: int) -> list[Array]:
    """From phases (2^m,) to the angles of RZ of the last bit by all others, of the one before it, and so on, and last
    their mean: 2^(m-1) + .. + 1 + 1 numbers."""
    found = []
    for _ in range(size):
        halves = phases.reshape(-1, 2)
        found.append(halves[:, 1] - halves[:, 0])
        phases = halves.mean(axis=-1)
    return [*found, phases]


# The circuit


class _Mixing:
    """Writes the circuit."""

    def __init__(self, step: UnitaryMixture, pointer: str) -> None:
        count, self._size = step.token.qubits, index_qubits(step)
        self._step, self._layout = step, _layout(step)
        factors = self._layout.degrees
        self._index = tuple(range(count, count + self._size))
        self._degrees = (count + self._size, count + self._size + 1)
        self._writer = Writer(count + (self._size + 2 if factors else 0))
        self._pointer = f"{pointer}/attention"
        self._writer.parameters = self._layout.count + step.then.circuit.parameters
        places = [ParameterPlace(f"{self._pointer}/{name}", 0, (self._layout.count,)) for name in _LEARNED]
        shifted = [replace(one, first=one.first + self._layout.count) for one in step.then.circuit.places]
        self._writer.places += [*places, *shifted]
        self._tokens = sums_of(step.token)
        self._writer.used.update([len(step.mixing) * step.token.inputs - 1])

    def written(self) -> Circuit:
        """The circuit."""
        for factor in range(self._layout.degrees):
            self._factor(factor)
        if self._layout.degrees:
            self._end(self._layout.degrees - 1)
        self._then()
        return self._writer.finished()

    def _value(self, place: int | None, factor: float = 1.0) -> int:
        """A multiple of the state angle at a place; 0 without one."""
        return self._writer.value(0.0, None if place is None else {place: factor})

    # Degrees

    def _degree(self, factor: int) -> int:
        return self._degrees[factor % 2]

    def _factor(self, factor: int) -> None:
        """Index and selection where the factor's degree qubit is 1."""
        writer, degree = self._writer, self._degree(factor)
        writer.begin(f"{self._pointer}/polynomial")
        if factor:
            values = (self._value(None), self._value(factor))
            writer.add(Multiplexor("y", (self._degree(factor - 1),), degree, values))
            self._end(factor - 1, degree)
        else:
            writer.add(Rotation("y", (degree,), self._value(0)))
        writer.begin(f"{self._pointer}/mixing")
        self._tree(degree)
        self._phases(degree)
        writer.begin(self._step.token.pointers[0])
        for gate in self._step.token.gates:
            self._select(gate)
        writer.begin(f"{self._pointer}/mixing")
        self._tree(degree, back=True)
        for qubit in self._index:
            writer.add(Projection(qubit, 0))

    def _end(self, factor: int, given: int | None = None) -> None:
        """A degree qubit goes back to zero: where the next one is 1, from 1."""
        place = self._layout.degrees + factor
        if given is None:
            self._writer.begin(f"{self._pointer}/polynomial")
            self._writer.add(Rotation("y", (self._degree(factor),), self._value(place, -1.0)))
        else:
            values = (self._value(place, -1.0), self._writer.value(-np.pi))
            self._writer.add(Multiplexor("y", (given,), self._degree(factor), values))
        self._writer.add(Projection(self._degree(factor), 0))

    # The index

    def _tree(self, degree: int, *, back: bool = False) -> None:
        """The index in its state where the degree qubit is 1, and in the identity's row where it is 0; or back."""
        row, sign = len(self._step.mixing), -1.0 if back else 1.0
        places = {node: 2 * self._layout.degrees + place for place, node in enumerate(self._layout.tree)}
        for level in reversed(range(self._size)) if back else range(self._size):
            own = row >> (self._size - level)
            values = []
            for prefix in range(1 << level):
                one = prefix == own and row >> (self._size - 1 - level) & 1
                values.append(self._writer.value(sign * np.pi if one else 0.0))
            values += [self._value(places.get((level, prefix)), sign) for prefix in range(1 << level)]
            self._multiplex("y", (degree, *self._index[:level]), self._index[level], values)

    def _phases(self, degree: int) -> None:
        place = self._layout.phases
        for level in reversed(range(self._size)):
            values = [self._value(None) for _ in range(1 << level)]
            values += [self._value(place + prefix) for prefix in range(1 << level)]
            self._multiplex("z", (degree, *self._index[:level]), self._index[level], values)
            place += 1 << level
        self._writer.add(Rotation("z", (degree,), self._value(place)))

    def _multiplex(self, axis: Literal["y", "z"], controls: tuple[int, ...], target: int, values: list[int]) -> None:
        self._writer.add(Multiplexor(axis, controls, target, tuple(values)))

    # The tokens' circuits

    def _select(self, gate: Gate) -> None:
        """A rotation by the index."""
        if isinstance(gate, Multiplexor):
            values = [self._token(row, value) for row in range(1 << self._size) for value in gate.values]
            controls = (*self._index, *gate.controls)
            self._writer.add(Multiplexor(gate.axis, controls, gate.target, tuple(values), gate.order))
        elif isinstance(gate, Rotation) and len(gate.qubits) == 1:
            values = [self._token(row, gate.value) for row in range(1 << self._size)]
            (target,), axis = gate.qubits, _AXES[gate.paulis]
            self._writer.add(Multiplexor(axis, self._index, target, tuple(values)))
        elif isinstance(gate, Rotation):
            self._string(gate)

    def _string(self, gate: Rotation) -> None:
        """That of a string of Paulis: rotations about the string and Z on some qubits of the index, by the Walsh
        transform of the angles."""
        rows = 1 << self._size
        for mask in range(rows):
            offset, inputs = 0.0, Sum()
            for row in range(len(self._step.mixing)):
                sign = (-1.0) ** (row & mask).bit_count() / rows
                own, moved = self._own(row, gate.value)
                offset += sign * own
                for column, factor in moved.items():
                    inputs[column] = inputs.get(column, 0.0) + sign * factor
            some = [qubit for place, qubit in enumerate(self._index) if mask >> (self._size - 1 - place) & 1]
            value = self._writer.value(offset, inputs=inputs)
            self._writer.add(Rotation("z" * len(some) + gate.paulis, (*some, *gate.qubits), value))

    def _token(self, row: int, place: int) -> int:
        """A value of the token's circuit for a row of the index: zero beyond the tokens, which is the identity."""
        if row >= len(self._step.mixing):
            return self._writer.value()
        offset, inputs = self._own(row, place)
        return self._writer.value(offset, inputs=inputs)

    def _own(self, row: int, place: int) -> tuple[float, Sum]:
        """Offset and factors of a value, of the inputs of one token among those of all."""
        offset, _, inputs = self._tokens[place]
        first = row * self._step.token.inputs
        return offset, {first + column: factor for column, factor in inputs.items()}

    # What follows

    def _then(self) -> None:
        circuit = self._step.then.circuit
        first, sums, block = self._layout.count, sums_of(circuit), -1

        def value(place: int) -> int:
            offset, parameters, _ = sums[place]
            return self._writer.value(offset, {first + number: factor for number, factor in parameters.items()})

        for gate, own in zip(circuit.gates, circuit.blocks, strict=True):
            if own != block:
                self._writer.begin(circuit.pointers[own])
                block = own
            self._writer.add(_revalued(gate, value))


_AXES: dict[str, Literal["x", "y", "z"]] = {"x": "x", "y": "y", "z": "z"}
_LEARNED = ("mixing", "polynomial")


def _revalued(gate: Gate, value: Callable[[int], int]) -> Gate:
    if isinstance(gate, Rotation):
        return replace(gate, value=value(gate.value))
    if isinstance(gate, Multiplexor | Damping):
        return replace(gate, values=tuple(value(place) for place in gate.values))
    return gate
