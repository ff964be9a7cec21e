"""The values of a circuit in normal form, as JAX traces them: those by parameters alone have no axis for the sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.steps.normal_form import Circuit, Terms

Array: TypeAlias = Any

DENSE = 1 << 16
"""Up to so many entries the map from parameters to values is a matrix."""


def _linear(terms: Terms, numbers: Array, count: int, columns: int) -> Array:
    """The linear part of values (.., count), of numbers (.., columns)."""
    if count * columns <= DENSE:
        matrix = np.zeros((columns, count))
        np.add.at(matrix, (terms.columns, terms.rows), terms.factors)
        return numbers @ jnp.asarray(matrix, numbers.dtype)
    summands = numbers[..., terms.columns] * jnp.asarray(terms.factors, numbers.dtype)
    return jnp.zeros((*numbers.shape[:-1], count), numbers.dtype).at[..., terms.rows].add(summands)


@dataclass(frozen=True)
class Numbers:
    """The values of a circuit: ``shared`` (A,) by parameters alone, ``own`` (B, N) of those values that depend on
    inputs, ``places`` of these among ``own``; and the inputs (B, F)."""

    shared: Array
    own: Array
    places: dict[int, int]
    inputs: Array

    def of(self, values: Sequence[int]) -> Array:
        """Some of the values, (B, k), or (1, k) where none of them depends on the sample."""
        inside = [self.places[value] for value in values if value in self.places]
        if not inside:
            return picked(self.shared, values)[None]
        if len(inside) == len(values):
            return picked(self.own, inside)
        columns = [
            self.own[:, self.places[value]] if value in self.places else self.shared[value].repeat(len(self.own))
            for value in values
        ]
        return jnp.stack(columns, axis=-1)


def picked(numbers: Array, places: Sequence[int]) -> Array:
    """Some of the numbers on the last axis: a slice where that will do."""
    step = places[1] - places[0] if len(places) > 1 else 1
    if step > 0 and list(places) == list(range(places[0], places[0] + step * len(places), step)):
        return numbers[..., places[0] : places[-1] + 1 : step]
    return numbers[..., np.asarray(places)]


def numbers_of(circuit: Circuit, inputs: Array, parameters: Array) -> Numbers:
    """The values of a circuit for inputs (B, F) and parameters (P,)."""
    count = len(circuit.offset)
    dtype = jnp.result_type(inputs.dtype, parameters.dtype)
    shared = jnp.asarray(circuit.offset, dtype) + _linear(
        circuit.from_parameters, parameters.astype(dtype), count, circuit.parameters
    )
    terms = circuit.from_inputs
    rows = list(dict.fromkeys(terms.rows.tolist()))
    places = {row: place for place, row in enumerate(rows)}
    if not rows:
        return Numbers(shared, jnp.zeros((len(inputs), 0), dtype), places, inputs)
    packed = Terms(np.array([places[row] for row in terms.rows.tolist()], dtype=np.intp), terms.columns, terms.factors)
    own = picked(shared, rows) + _linear(packed, inputs.astype(dtype), len(rows), inputs.shape[-1])
    return Numbers(shared, own, places, inputs)


def of_length_one(numbers: Array) -> Array:
    """Vectors (B, N), divided by their lengths."""
    # A direction does not depend on the length: what it is divided by first has no derivative.
    numbers = numbers / jax.lax.stop_gradient(jnp.max(jnp.abs(numbers), axis=-1, keepdims=True))
    return numbers / jnp.sqrt(jnp.sum(numbers**2, axis=-1, keepdims=True))


def neuron_angle(values: Array, order: int) -> Array:
    """The f of a neuron; see :mod:`qsac.families.steps.normal_form`."""
    if order == 0:
        return values
    power = 1 << order
    return 2 * jnp.arctan2(jnp.sin(values / 2) ** power, jnp.cos(values / 2) ** power)


def neuron_radius(values: Array, order: int) -> Array:
    """The r of a neuron, likewise."""
    power = 2 << order
    return jnp.sqrt(jnp.cos(values / 2) ** power + jnp.sin(values / 2) ** power)
