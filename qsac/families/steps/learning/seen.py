"""What is seen of a lowered circuit: simulated by JAX, exactly or by shots, or run on a machine.

N are measured numbers that no success probability divides, and D the success probabilities, of the same shots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from qsac.families.learning import Machine
from qsac.families.outcomes import Outcomes
from qsac.families.steps.grouping import groups
from qsac.families.steps.learning.lowered import Lowered
from qsac.families.steps.learning.measuring import grouped, in_basis, probabilities, weights
from qsac.families.steps.learning.stages import sign_matrix
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.model import CircuitOf, Measured, Model, Shape
from qsac.families.steps.normal_form import Real
from qsac.families.steps.readout import Outputs

Array: TypeAlias = Any
Numbers: TypeAlias = tuple[Array, ...]
"""The numbers of each part of a lowered circuit, (B, W) each, and last the inputs of the original (B, F)."""


class Seen(Protocol):
    """N and D (B, G) of a lowered circuit."""

    def numbers(self, rows: Array, key: Array | None) -> tuple[Array, Array]:
        """N and D of the circuit's inputs (B, W). Shots are drawn by a ``key`` of JAX."""

    def differences(self, numbers: Numbers, place: int, key: Array | None) -> tuple[Array, Array]:
        """N and D (C, B, G) with the part at a ``place`` of all ``numbers`` ahead in each of its C directions, less
        those with it behind."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """By the states that JAX computes; ``shots`` of each group of observables, None for exact numbers."""

    own: Lowered
    measured: Measured
    shots: int | None

    def numbers(self, rows: Array, key: Array | None) -> tuple[Array, Array]:
        """See :class:`Seen`."""
        state = Traced.of(self.own.circuit).states(rows, jnp.zeros(0, rows.dtype))
        qubits, measured = self.own.circuit.qubits, self.measured
        if measured.kind == "probabilities":
            shares = self._counted(weights(state), key, 0)
            found = probabilities(shares, measured.qubits, qubits)
            return found, jnp.broadcast_to(jnp.sum(shares, -1, keepdims=True), found.shape)
        order, parts = [], []
        for number, (basis, places) in enumerate(grouped(_widened(measured, qubits).observables)):
            shares = self._counted(weights(in_basis(state, basis, qubits)), key, number)
            observables = [measured.observables[place] for place in places]
            strings = [tuple(q for q, letter in enumerate(one) if letter != "I") for one in observables]
            values = shares @ jnp.asarray(sign_matrix(strings, qubits), shares.dtype)
            parts.append((values, jnp.broadcast_to(jnp.sum(shares, -1, keepdims=True), values.shape)))
            order += places
        back = np.argsort(order)
        numerators, denominators = (jnp.concatenate(part, axis=-1)[:, back] for part in zip(*parts, strict=True))
        return numerators, denominators

    def differences(self, numbers: Numbers, place: int, key: Array | None) -> tuple[Array, Array]:
        """See :class:`Seen`. One direction at a time, so that few states are held."""
        part = self.own.parts[place]

        def difference(direction: Array) -> tuple[Array, Array]:
            keys = [None, None] if key is None else jax.random.split(jax.random.fold_in(key, direction))
            ahead, behind = (
                self.numbers(_row(numbers, place, moved), one)
                for moved, one in zip(part.shifted(direction, numbers[place]), keys, strict=True)
            )
            return ahead[0] - behind[0], ahead[1] - behind[1]

        found: tuple[Array, Array] = jax.lax.map(difference, jnp.arange(part.count))
        return found

    def _counted(self, shares: Array, key: Array | None, number: int) -> Array:
        """Probabilities (B, 2^n), or how often each outcome comes in the shots; the rest failed a projection."""
        if self.shots is None or key is None:
            return shares
        rest = jnp.maximum(1 - jnp.sum(shares, axis=-1, keepdims=True), 0)
        every = jnp.concatenate([jnp.maximum(shares, 0), rest], axis=-1)
        every = every / jnp.sum(every, axis=-1, keepdims=True)
        drawn = jax.random.multinomial(jax.random.fold_in(key, number), jnp.asarray(float(self.shots)), every)
        return drawn[:, :-1].astype(shares.dtype) / self.shots


@dataclass(frozen=True, eq=False)
class OnMachine:
    """By the outcomes of compiled circuits: one model of one circuit for each row."""

    own: Lowered
    measured: Measured
    machine: Machine

    def numbers(self, rows: Array, key: Array | None) -> tuple[Array, Array]:
        """See :class:`Seen`."""
        entropy = jnp.zeros(1, jnp.uint32) if key is None else jax.random.key_data(key)
        if not any(isinstance(one, jax.core.Tracer) for one in (rows, entropy)):
            # At once where the numbers are there: what a machine refuses is then raised as it is.
            numerators, denominators = jnp.asarray(self._run(np.asarray(rows), np.asarray(entropy)))
            return numerators, denominators
        # As bits: a callback may be run by a thread in which JAX knows no doubles.
        dtype, like = np.dtype(rows.dtype), jnp.zeros((2, len(rows), self.measured.width), rows.dtype)

        def called(bits: Any, entropy: Any) -> Any:
            given = np.ascontiguousarray(bits).view(dtype).reshape(rows.shape)
            return self._run(given, np.asarray(entropy)).view(np.uint32).reshape(shape)

        shape = jax.lax.bitcast_convert_type(like, jnp.uint32).shape
        result: Any = jax.eval_shape(lambda: jnp.zeros(shape, jnp.uint32))
        bits = jax.lax.bitcast_convert_type(rows, jnp.uint32)
        found = jax.pure_callback(called, result, bits, entropy, vmap_method="sequential")
        numerators, denominators = jax.lax.bitcast_convert_type(found, rows.dtype)
        return numerators, denominators

    def differences(self, numbers: Numbers, place: int, key: Array | None) -> tuple[Array, Array]:
        """See :class:`Seen`. All directions at once: they are bindings of one template."""
        part = self.own.parts[place]

        def rows(direction: Array) -> Array:
            return jnp.stack([_row(numbers, place, moved) for moved in part.shifted(direction, numbers[place])])

        every = jax.vmap(rows)(jnp.arange(part.count))
        both = self.numbers(every.reshape(-1, every.shape[-1]), key)
        found = [one.reshape(*every.shape[:3], -1) for one in both]
        return found[0][:, 0] - found[0][:, 1], found[1][:, 0] - found[1][:, 1]

    def _run(self, given: NDArray[Any], entropy: NDArray[Any]) -> NDArray[Any]:
        """N and D (2, B, G) of rows (B, W), in their precision."""
        numbers = np.empty((2, len(given), self.measured.width))
        if numbers.size:
            models = [self._model(row) for row in given.astype(np.float64)]
            outcomes = self.machine.outcomes(models, entropy.tolist())
            readings = [run.reading for run in models[0].runs]
            for row, seen in enumerate(outcomes):
                for group, reading, one in zip(groups(self.measured), readings, seen, strict=True):
                    places = list(group.places)
                    numbers[0, row, places] = _scale(one) * reading.numbers(_weights(one))
                    numbers[1, row, places] = _scale(one) * one.given
        return numbers.astype(given.dtype)

    def _model(self, row: Real) -> Model:
        """The circuit with the numbers of a row, as a model by itself."""
        circuit = self.own.circuit
        steps = (CircuitOf(_widened(replace(self.measured, circuit=circuit, parameters=np.empty(0)), circuit.qubits)),)
        return Model("circuit", Outputs(), steps, Shape(circuit.inputs, sequence=False), row, {})


def _row(numbers: Numbers, place: int, moved: Array) -> Array:
    """The inputs of the circuit, with one part moved."""
    return jnp.concatenate([*numbers[:place], moved, *numbers[place + 1 :]], axis=-1)


def _widened(measured: Measured, qubits: int) -> Measured:
    """The same of a circuit with more qubits, which are not measured."""
    observables = tuple(one + "I" * (qubits - len(one)) for one in measured.observables)
    return replace(measured, observables=observables)


def _scale(outcomes: Outcomes) -> float:
    """From weights of a program to probabilities of the circuit that it is of."""
    return outcomes.subnormalisation**2 / outcomes.total


def _weights(outcomes: Outcomes) -> Real:
    """The weights (K,) of the values that are measured."""
    if outcomes.index is None:
        raise TypeError("a measured circuit has an index")
    return outcomes.index.joint
