"""Lists of steps as functions for JAX: a batch of samples of one shape at once, step by step.

The same numbers as :mod:`qsac.families.steps.evaluation` gives, differentiable by what is trained and by the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.steps.evaluation import check_mixed, kept_first
from qsac.families.steps.learning.arrays_of_model import in_circuit, name_of
from qsac.families.steps.learning.measuring import LEAST, lengths, observed
from qsac.families.steps.learning.mixtures import mixture_of, state_angles
from qsac.families.steps.learning.outline import circuits_of
from qsac.families.steps.learning.scores import score_of
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.model import (
    Activation,
    CircuitOf,
    Flatten,
    Linear,
    Measured,
    MeasuredAttention,
    Pool,
    Softmax,
    Step,
    UnitaryMixture,
)
from qsac.families.steps.normal_form import Circuit
from qsac.files.pointer import join

Array: TypeAlias = Any
Arrays: TypeAlias = Mapping[str, Array]
"""All arrays of a model by name."""

Run: TypeAlias = Callable[[Traced, Measured, Array, Array], tuple[Array, Array]]
"""From a circuit, rows (N, F) and its parameters to the measured numbers (N, G) and the success probabilities (N,)."""


class Outcome(NamedTuple):
    """What the steps give of a batch: ``outputs`` (B, ..); ``logarithms`` of them where the last step is a softmax,
    which knows them without an underflow; ``success`` (B,), the product over all circuits of a sample; ``weights`` of
    each attention, (B, T, T)."""

    outputs: Array
    logarithms: Array | None
    success: Array
    weights: tuple[Array, ...]


def directly(traced: Traced, measured: Measured, rows: Array, parameters: Array) -> tuple[Array, Array]:
    """What a circuit gives, by its state."""
    return observed(measured, traced.states(rows, parameters))


@dataclass(frozen=True)
class TracedModel:
    """The steps of a model, ready to be traced. ``run``: how circuits whose numbers are handed on are evaluated."""

    steps: tuple[Step, ...]
    run: Run = directly

    def __call__(self, arrays: Arrays, batch: Array) -> Outcome:
        """The steps on a batch, (B, F) or (B, T, F). Raises :class:`~qsac.errors.InvalidInputError` for samples that a
        step cannot take."""
        walk = _Walk(self, arrays, jnp.ones(len(batch), batch.dtype))
        current = batch
        for place, step in enumerate(self.steps):
            current = walk.stepped(step, current, join("/steps", place))
        return Outcome(current, walk.logarithms, walk.success, tuple(walk.weights))

    def by(self, run: Run) -> TracedModel:
        """The same, where circuits are evaluated otherwise."""
        return TracedModel(self.steps, run)

    @cached_property
    def circuits(self) -> dict[int, Traced]:
        """The stages of each circuit, by the identity of the circuit."""
        found = {}
        for step in self.steps:
            for circuit in circuits_of(step):
                found[id(circuit)] = Traced.of(circuit)
        return found


class _Walk:
    """The steps of one batch."""

    def __init__(self, traced: TracedModel, arrays: Arrays, success: Array) -> None:
        self._traced, self._arrays = traced, arrays
        self.success = success
        self.logarithms: Array | None = None
        self.weights: list[Array] = []

    def stepped(self, step: Step, inputs: Array, pointer: str) -> Array:
        self.logarithms = None
        if isinstance(step, CircuitOf):
            return self._run(step.measured, inputs)
        if isinstance(step, MeasuredAttention):
            return self._attention(step, inputs, pointer)
        if isinstance(step, UnitaryMixture):
            return self._mixture(step, inputs, pointer)
        if isinstance(step, Linear):
            return self._linear(step, inputs, pointer)
        if isinstance(step, Softmax):
            self.logarithms = jax.nn.log_softmax(inputs, axis=-1)
            return jnp.exp(self.logarithms)
        return _classical(step, inputs)

    def _linear(self, step: Linear, inputs: Array, pointer: str) -> Array:
        weight = self._arrays[name_of(f"{pointer}/weight")]
        bias = self._arrays.get(name_of(f"{pointer}/bias"))
        product = inputs @ weight.T.astype(inputs.dtype)
        return product if bias is None else product + bias

    # Circuits

    def _parameters(self, circuit: Circuit, like: Array) -> Array:
        return in_circuit(circuit, self._arrays, jnp, jnp.zeros(0, like.dtype))

    def _run(self, measured: Measured, inputs: Array) -> Array:
        """The measured numbers (B, .., G) of (B, .., F)."""
        rows = inputs.reshape(prod(inputs.shape[:-1]), inputs.shape[-1])
        traced = self._traced.circuits[id(measured.circuit)]
        values, success = self._traced.run(traced, measured, rows, self._parameters(measured.circuit, inputs))
        self._succeeded(measured.circuit, success.reshape(len(inputs), -1).prod(axis=1))
        return values.reshape(*inputs.shape[:-1], measured.width)

    def _succeeded(self, circuit: Circuit, success: Array) -> None:
        if circuit.projects:
            self.success = self.success * success

    # Attention

    def _attention(self, step: MeasuredAttention, tokens: Array, pointer: str) -> Array:
        measured = self._traced.run is not directly and step.score != "gaussian"
        scores = self._measured_scores(step, tokens, pointer) if measured else self._scores(step, tokens)
        weights = _mixed_weights(step, scores)
        self.weights.append(weights)
        values = tokens
        if isinstance(step.value, Linear):
            values = self._linear(step.value, tokens, f"{pointer}/attention/value")
        elif step.value is not None:
            values = self._run(step.value, tokens)
        found = weights @ values
        return found + tokens if step.residual else found

    def _scores(self, step: MeasuredAttention, tokens: Array) -> Array:
        if step.score == "gaussian":
            query = self._run(step.query, tokens)[..., 0]
            key = query if step.key is step.query else self._run(step.key, tokens)[..., 0]
            return -((query[..., :, None] - key[..., None, :]) ** 2)
        query = self._states(step.query, tokens)
        key = query if step.key is step.query else self._states(step.key, tokens)
        if step.score == "mixed-overlap":
            query, key = (kept_first(one, step.keep, step.query.circuit.qubits) for one in (query, key))
            found = jnp.einsum("...ike,...jkf->...jief", key.conj(), query)
            return (found.real**2 + found.imag**2).sum(axis=(-2, -1))
        pure = query @ jnp.swapaxes(key.conj(), -1, -2)
        return pure.real if step.score == "overlap-real" else pure.real**2 + pure.imag**2

    def _measured_scores(self, step: MeasuredAttention, tokens: Array, pointer: str) -> Array:
        """The scores of circuits of two vectors; those that the mask hides are 0."""
        score, length = score_of(step, pointer), tokens.shape[-2]
        queries, keys = np.array(step.pairs(length)).T
        rows = jnp.concatenate([tokens[:, queries], tokens[:, keys]], axis=-1)
        circuit = score.measured.circuit
        found, _ = self._traced.run(
            Traced.of(circuit), score.measured, rows.reshape(-1, rows.shape[-1]), self._parameters(circuit, tokens)
        )
        scores = (found @ jnp.asarray(score.weights, found.dtype)).reshape(len(tokens), -1)
        return jnp.zeros((len(tokens), length, length), scores.dtype).at[:, queries, keys].set(scores)

    def _states(self, measured: Measured, tokens: Array) -> Array:
        """(B, T, 2^n)."""
        rows = tokens.reshape(-1, tokens.shape[-1])
        traced = self._traced.circuits[id(measured.circuit)]
        states = traced.states(rows, self._parameters(measured.circuit, tokens))
        return states.reshape(*tokens.shape[:-1], -1)

    def _mixture(self, step: UnitaryMixture, tokens: Array, pointer: str) -> Array:
        check_mixed(step, tokens.shape[1], pointer)
        place = f"{pointer}/attention"
        pairs = self._arrays[name_of(f"{place}/mixing")]
        polynomial = self._arrays[name_of(f"{place}/polynomial")]
        if self._traced.run is not directly:
            return self._measured_mixture(step, tokens, pointer, state_angles(step, pairs, polynomial))
        mixing = jax.lax.complex(pairs[:, 0], pairs[:, 1])
        mixed = self._mixed(step.token, mixing, polynomial, tokens)
        squared = lengths(mixed)
        norm = jnp.sum(jnp.sqrt(jnp.sum(pairs**2, axis=-1)))
        powers = norm ** jnp.arange(len(step.polynomial))
        self.success = self.success * squared / jnp.sum(jnp.abs(polynomial) * powers) ** 2
        unit = mixed / jnp.sqrt(jnp.maximum(squared, LEAST))[:, None]
        circuit = step.then.circuit
        nothing = jnp.zeros((len(tokens), 0), tokens.dtype)
        state = self._traced.circuits[id(circuit)].states(nothing, self._parameters(circuit, tokens), unit)
        found, success = observed(step.then, state)
        self._succeeded(circuit, success)
        return found

    def _measured_mixture(self, step: UnitaryMixture, tokens: Array, pointer: str, angles: Array) -> Array:
        """The numbers of the circuit of all tokens, conditional on what it projects."""
        measured = mixture_of(step, pointer)
        rows = tokens.reshape(len(tokens), -1)
        parameters = jnp.concatenate([angles.astype(rows.dtype), self._parameters(step.then.circuit, tokens)])
        values, success = self._traced.run(Traced.of(measured.circuit), measured, rows, parameters)
        self._succeeded(measured.circuit, success)
        return values

    def _mixed(self, token: Circuit, mixing: Array, polynomial: Array, tokens: Array) -> Array:
        """P(M)|0> (B, 2^n), not normalised."""
        count, length, _ = tokens.shape
        traced = self._traced.circuits[id(token)]
        rows, none = tokens.reshape(count * length, -1), jnp.zeros(0, tokens.dtype)
        power = jnp.zeros((count, 1 << token.qubits), jnp.result_type(tokens.dtype, jnp.complex64)).at[:, 0].set(1)
        result = polynomial[0] * power
        for factor in polynomial[1:]:
            selected = traced.states(rows, none, jnp.repeat(power, length, axis=0))
            power = jnp.einsum("t,bti->bi", mixing, selected.reshape(count, length, -1))
            result = result + factor * power
        return result


def _classical(step: Step, inputs: Array) -> Array:
    if isinstance(step, Activation):
        functions = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}
        return step.factor * functions[step.function](inputs)
    if isinstance(step, Pool):
        return inputs.mean(axis=-2) if step.over == "mean" else inputs[..., -1, :]
    if isinstance(step, Flatten):
        return inputs.reshape(*inputs.shape[:-2], -1)
    raise TypeError(type(step).__name__)


def _mixed_weights(step: MeasuredAttention, scores: Array) -> Array:
    scores = step.scale * scores
    tokens = scores.shape[-1]
    seen = np.tri(tokens, dtype=bool) if step.mask == "causal" else np.ones((tokens, tokens), dtype=bool)
    if step.normaliser == "softmax":
        return jax.nn.softmax(jnp.where(seen, scores, -jnp.inf), axis=-1)
    kept = jnp.where(seen, scores, 0.0)
    return kept if step.normaliser == "none" else kept / kept.sum(axis=-1, keepdims=True)
