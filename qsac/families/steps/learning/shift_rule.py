"""Circuits of which values and slopes are taken as a machine could: by the parameter-shift rule, exactly or by shots.

df/dt = (f(t + pi/2) - f(t - pi/2))/2 for the angle t of each Pauli rotation (arXiv 1803.00745, 1811.11184), after
everything is lowered to rotations (:mod:`qsac.families.steps.learning.lowered`). What is conditional on projections is
a quotient E = N/D of unconditional numbers, so that dE = (dN - E dD)/D, N and D of the same shots of the same bindings.
Chain rules around that, from angles to parameters and to earlier steps, are JAX's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from qsac.errors import InvalidInputError
from qsac.families.learning import Measuring, Samples
from qsac.families.steps.learning.arrays_of_model import name_of
from qsac.families.steps.learning.lowered import Lowered, lowered
from qsac.families.steps.learning.measuring import LEAST, grouped
from qsac.families.steps.learning.mixtures import mixture_of, zero_coefficients
from qsac.families.steps.learning.outline import measured_of
from qsac.families.steps.learning.scores import score_of
from qsac.families.steps.learning.seen import OnMachine, Seen, Simulated
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.learning.traced_model import Run
from qsac.families.steps.model import Measured, MeasuredAttention, Step, UnitaryMixture
from qsac.families.steps.normal_form import Circuit
from qsac.files.pointer import join

Array: TypeAlias = Any


def check_shifts(steps: Sequence[Step], learned: Collection[str] = ()) -> None:
    """Whether everything that circuits give is a measured number of one circuit, where arrays of the names ``learned``
    are. Raises :class:`~qsac.errors.InvalidInputError`."""
    for place, step in enumerate(steps):
        pointer = join("/steps", place)
        if isinstance(step, MeasuredAttention) and step.score != "gaussian":
            score_of(step, pointer)
        if isinstance(step, UnitaryMixture):
            mixture_of(step, pointer)
            for found in zero_coefficients(step, pointer):
                if name_of(found) in learned:
                    raise _no_slope(found)


def _no_slope(pointer: str) -> InvalidInputError:
    return InvalidInputError(
        "this step has no parameter-shift rule here: a coefficient that is learned is zero",
        code="train.no-shift-rule",
        pointer=pointer,
        found="zeros, where the angles of the circuit have no slope",
        wanted='numbers other than 0, or "gradient": "exact"',
        help="start from small numbers, or leave out the terms whose coefficients are zero",
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
        numerators, denominators = _differentiable(seen, own)(key, *own.numbers(rows, parameters), rows)
        if not measured.circuit.projects:
            return numerators, jnp.ones(len(rows), numerators.dtype)
        return numerators / jnp.maximum(denominators, LEAST), jnp.mean(denominators, axis=-1)

    return run


def bindings(step: Step, place: int, samples: Samples, learned: Collection[str], *, inputs: bool) -> tuple[int, int]:
    """How many circuits a step takes for one sample: for its values, and for their slopes by the parameters of the
    names ``learned``, and by its ``inputs`` where these depend on anything that is learned."""
    values = slopes = 0
    for measured, times in _measurements(step, place, samples.shape[0] if len(samples.shape) > 1 else 1):
        groups = 1 if measured.kind == "probabilities" else len(grouped(measured.observables))
        values += times * groups
        parameters = any(name_of(one.pointer) in learned for one in measured.circuit.places)
        slopes += times * groups * 2 * _lowered(measured.circuit).shifts(parameters=parameters, inputs=inputs)
    return values, slopes


def _measurements(step: Step, place: int, tokens: int) -> list[tuple[Measured, int]]:
    """What is measured for a step, and for how many vectors or pairs of such."""
    if isinstance(step, UnitaryMixture):
        return [(mixture_of(step, join("/steps", place)), 1)]
    if not isinstance(step, MeasuredAttention) or step.score == "gaussian":
        return [(measured, tokens) for measured in measured_of(step)]
    values = [(step.value, tokens)] if isinstance(step.value, Measured) else []
    return [(score_of(step, join("/steps", place)).measured, len(step.pairs(tokens))), *values]


@lru_cache(maxsize=64)
def _lowered(circuit: Circuit) -> Lowered:
    return lowered(circuit)


def _differentiable(seen: Seen, own: Lowered) -> Callable[..., tuple[Array, Array]]:
    """N and D, (B, G) each, of a key, the numbers of all parts and the inputs of the original. Slopes by the numbers
    are taken by shifts, of those parts alone that are differentiated; inputs have none beside those of their parts."""

    @jax.custom_vjp
    def run(key: Array | None, *numbers: Array) -> tuple[Array, Array]:
        return seen.numbers(jnp.concatenate(numbers, axis=-1), key)

    def forward(drawn_by: Any, *given: Any) -> tuple[Any, Any]:
        key, numbers = None if drawn_by is None else drawn_by.value, tuple(one.value for one in given)
        # What is not differentiated costs no circuits.
        return run(key, *numbers), (key, numbers, tuple(one.perturbed for one in given))

    def backward(kept: Any, cotangents: tuple[Array, Array]) -> tuple[Array | None, ...]:
        key, numbers, perturbed = kept
        found = []
        for place, part in enumerate(own.parts):
            if not perturbed[place] or not part.count:
                found.append(jnp.zeros_like(numbers[place]))
                continue
            fresh = None if key is None else jax.random.fold_in(key, 1 + place)
            differences = seen.differences(numbers, place, fresh)
            pairs = zip(cotangents, differences, strict=True)
            summed = sum(jnp.sum(one * change, axis=-1) for one, change in pairs if not _is_zero(one))
            found.append(part.gathered(summed, numbers[place]))
        return (None, *found, jnp.zeros_like(numbers[-1]))

    run.defvjp(forward, backward, symbolic_zeros=True)
    return run


def _is_zero(cotangent: Any) -> bool:
    return isinstance(cotangent, SymbolicZero)
