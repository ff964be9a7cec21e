"""Circuits of which values and slopes are taken as a machine could: by the parameter-shift rule, exactly or by shots.

df/dt = (f(t + pi/2) - f(t - pi/2))/2 for the angle t of each Pauli rotation (arXiv 1803.00745, 1811.11184), after
everything is lowered to rotations (:mod:`qsac.families.steps.learning.lowered`). What is conditional on projections is
a quotient E = N/D of unconditional numbers, so that dE = (dN - E dD)/D, N and D of the same shots of the same bindings.
Chain rules around that, from angles to parameters and to earlier steps, are JAX's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from qsac.errors import InvalidInputError
from qsac.families.learning import Measuring, Samples
from qsac.families.steps.learning.lowered import Lowered, lowered
from qsac.families.steps.learning.measuring import LEAST, grouped
from qsac.families.steps.learning.outline import measured_of
from qsac.families.steps.learning.seen import OnMachine, Seen, Simulated
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.learning.traced_model import Run
from qsac.families.steps.model import CircuitOf, Measured, MeasuredAttention, Step, UnitaryMixture
from qsac.families.steps.normal_form import Circuit, Load
from qsac.files.pointer import join

Array: TypeAlias = Any


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


def by_shifts(measuring: Measuring) -> Run:
    """How circuits are evaluated and differentiated by shifts: exactly; by shots of each binding and each group of
    observables that are measured together; or on a machine."""
    calls = count()

    def run(traced: Traced, measured: Measured, rows: Array, parameters: Array) -> tuple[Array, Array]:
        own = _lowered(traced.circuit)
        key = None if measuring.key is None else jax.random.fold_in(measuring.key, next(calls))
        seen: Seen = Simulated(own, measured, measuring.shots)
        if measuring.machine is not None:
            seen = OnMachine(own, measured, measuring.machine)
        numerators, denominators = _differentiable(seen)(own.angles_of(rows, parameters), rows, key)
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


def _differentiable(seen: Seen) -> Callable[[Array, Array, Array], tuple[Array, Array]]:
    """N and D, (B, G) each, of angles (B, K), inputs (B, F) and a key; the slopes by the angles are taken by shifts."""

    def differentiable(angles: Array, inputs: Array, key: Array | None) -> tuple[Array, Array]:
        @jax.custom_vjp
        def run(angles: Array, inputs: Array) -> tuple[Array, Array]:
            return seen.numbers(jnp.concatenate([angles, inputs], axis=-1), key)

        def forward(angles: Array, inputs: Array) -> tuple[Any, Any]:
            return run(angles, inputs), (angles, inputs)

        def backward(kept: Any, cotangents: tuple[Array, Array]) -> tuple[Array, Array]:
            angles, inputs = kept
            numerators, denominators = seen.differences(angles, inputs, key)
            slopes = jnp.sum(cotangents[0] * numerators + cotangents[1] * denominators, axis=-1) / 2
            return jnp.moveaxis(slopes, 0, -1), jnp.zeros_like(inputs)

        run.defvjp(forward, backward)
        return run(angles, inputs)

    return differentiable
