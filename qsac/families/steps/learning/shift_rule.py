"""Circuits of which values and slopes are taken as a machine could: by the parameter-shift rule, exactly or by shots.

df/dt = (f(t + pi/2) - f(t - pi/2))/2 for the angle t of each Pauli rotation (arXiv 1803.00745, 1811.11184), after
everything is lowered to rotations (:mod:`qsac.families.steps.learning.lowered`). What is conditional on projections is
a quotient E = N/D of unconditional numbers, so that dE = (dN - E dD)/D, N and D of the same shots of the same bindings.
Chain rules around that, from angles to parameters and to earlier steps, are JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.learning import Samples
from qsac.families.steps.learning.lowered import Lowered, lowered
from qsac.families.steps.learning.measuring import LEAST, grouped, in_basis, probabilities, weights
from qsac.families.steps.learning.outline import measured_of
from qsac.families.steps.learning.stages import sign_matrix
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.learning.traced_model import Run
from qsac.families.steps.model import CircuitOf, Measured, MeasuredAttention, Step, UnitaryMixture
from qsac.families.steps.normal_form import Circuit, Load
from qsac.files.pointer import join

Array: TypeAlias = Any

_SHIFT = np.pi / 2


def check_shifts(steps: Sequence[Step]) -> None:
    """Whether everything that circuits give is a measured number that rotations' angles lead to. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    for place, step in enumerate(steps):
        pointer, why = join("/steps", place), None
        if isinstance(step, UnitaryMixture) or (isinstance(step, MeasuredAttention) and step.score != "gaussian"):
            why = "overlaps of states, which are not measured numbers of one circuit"
        elif isinstance(step, CircuitOf) and place and any(isinstance(g, Load) for g in step.measured.circuit.gates):
            why = "amplitudes of a state that earlier steps give, which are no angles"
        if why is not None:
            raise InvalidInputError(
                "this step has no parameter-shift rule here",
                code="train.no-shift-rule",
                pointer=pointer,
                found=why,
                wanted='"gradient": "exact", or "spsa"',
            )


def by_shifts(shots: int | None = None, key: Array = None) -> Run:
    """How circuits are evaluated and differentiated by shifts: exactly, or by ``shots`` of each binding and each group
    of observables that are measured together, drawn by a ``key`` of JAX."""
    calls = count()

    def run(traced: Traced, measured: Measured, rows: Array, parameters: Array) -> tuple[Array, Array]:
        own = _lowered(traced.circuit)
        seen = _Seen(own, measured, shots)
        drawn = None if shots is None else jax.random.fold_in(key, next(calls))
        angles = own.angles_of(rows, parameters)
        numerators, denominators = seen.differentiable(angles, rows, drawn)
        if not measured.circuit.projects:
            return numerators, jnp.ones(len(rows), numerators.dtype)
        return numerators / jnp.maximum(denominators, LEAST), jnp.mean(denominators, axis=-1)

    return run


def bindings(step: Step, samples: Samples) -> tuple[int, int]:
    """How many circuits a step takes for one sample: for its values, and for their slopes by all angles."""
    tokens = samples.shape[0] if len(samples.shape) > 1 else 1
    values = slopes = 0
    for measured in measured_of(step):
        groups = 1 if measured.kind == "probabilities" else len(grouped(measured.observables))
        values += tokens * groups
        slopes += tokens * groups * 2 * _lowered(measured.circuit).angles
    return values, slopes


@lru_cache(maxsize=64)
def _lowered(circuit: Circuit) -> Lowered:
    return lowered(circuit)


class _Seen:
    """What is measured of a lowered circuit: N and D, (B, G) each, as functions of its angles."""

    def __init__(self, own: Lowered, measured: Measured, shots: int | None) -> None:
        self._own, self._measured, self._shots = own, measured, shots
        self._traced = Traced.of(own.circuit)

    def differentiable(self, angles: Array, inputs: Array, key: Array | None) -> tuple[Array, Array]:
        """N and D, whose slopes by the angles are taken by shifts, one angle after the other."""

        @jax.custom_vjp
        def run(angles: Array, inputs: Array) -> tuple[Array, Array]:
            return self._numbers(angles, inputs, key)

        def forward(angles: Array, inputs: Array) -> tuple[Any, Any]:
            return run(angles, inputs), (angles, inputs)

        def backward(kept: Any, cotangents: tuple[Array, Array]) -> tuple[Array, Array]:
            angles, inputs = kept

            def slope(place: Array) -> Array:
                here = _SHIFT * jax.nn.one_hot(place, angles.shape[-1], dtype=angles.dtype)
                keys = [None, None] if key is None else jax.random.split(jax.random.fold_in(key, 1 + place))
                ahead, behind = (
                    self._numbers(angles + sign * here, inputs, one) for sign, one in zip((1, -1), keys, strict=True)
                )
                parts = (
                    jnp.sum(cotangent * (up - down) / 2, axis=-1)
                    for cotangent, up, down in zip(cotangents, ahead, behind, strict=True)
                )
                return sum(parts)

            slopes = jax.lax.map(slope, jnp.arange(angles.shape[-1]))
            return jnp.moveaxis(slopes, 0, -1), jnp.zeros_like(inputs)

        run.defvjp(forward, backward)
        return run(angles, inputs)

    def _numbers(self, angles: Array, inputs: Array, key: Array | None) -> tuple[Array, Array]:
        rows = jnp.concatenate([angles, inputs], axis=-1)
        state = self._traced.states(rows, jnp.zeros(0, angles.dtype))
        qubits, measured = self._own.circuit.qubits, self._measured
        if measured.kind == "probabilities":
            shares = self._counted(weights(state), key, 0)
            found = probabilities(shares, measured.qubits, qubits)
            return found, jnp.broadcast_to(jnp.sum(shares, -1, keepdims=True), found.shape)
        extra = "I" * (qubits - measured.circuit.qubits)
        observables = tuple(observable + extra for observable in measured.observables)
        order, parts = [], []
        for number, (basis, places) in enumerate(grouped(observables)):
            shares = self._counted(weights(in_basis(state, basis, qubits)), key, number)
            strings = [tuple(q for q, letter in enumerate(observables[place]) if letter != "I") for place in places]
            values = shares @ jnp.asarray(sign_matrix(strings, qubits), shares.dtype)
            parts.append((values, jnp.broadcast_to(jnp.sum(shares, -1, keepdims=True), values.shape)))
            order += places
        back = np.argsort(order)
        numerators, denominators = (jnp.concatenate(part, axis=-1)[:, back] for part in zip(*parts, strict=True))
        return numerators, denominators

    def _counted(self, shares: Array, key: Array | None, number: int) -> Array:
        """Probabilities (B, 2^n), or how often each outcome comes in the shots; the rest failed a projection."""
        if self._shots is None or key is None:
            return shares
        rest = jnp.maximum(1 - jnp.sum(shares, axis=-1, keepdims=True), 0)
        every = jnp.concatenate([jnp.maximum(shares, 0), rest], axis=-1)
        every = every / jnp.sum(every, axis=-1, keepdims=True)
        drawn = jax.random.multinomial(jax.random.fold_in(key, number), jnp.asarray(float(self._shots)), every)
        return drawn[:, :-1].astype(shares.dtype) / self._shots
