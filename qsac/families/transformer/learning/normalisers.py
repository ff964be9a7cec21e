"""By what the amplitudes of circuits are smaller than the numbers of a model, to be traced by JAX:
:mod:`qsac.families.transformer.normalisers` with arrays that are learned."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.transformer.learning.closed_form import (
    Coefficients,
    Parts,
    centred,
    is_zero,
    lengths_of,
    polynomial,
    shares,
    turned,
)
from qsac.families.transformer.model import Gated, Layer
from qsac.families.transformer.normalisers import SMALL


class _Copy(NamedTuple):
    """An affine copy C a + b of a layer's attention."""

    matrix: Any
    bias: Any


def next_token_normalisers(parts: Parts, states: jax.Array) -> jax.Array:
    """By what the words' amplitudes after every position are smaller than <e_l|o_j>, (N,)."""
    if parts.vocabulary is None:
        raise TypeError("only words have a vocabulary")
    last = parts.layers[-1]
    matrix = _outward(last)
    words = parts.vocabulary.conj()
    norm = spectral_norm(words if matrix is None else words @ matrix)
    return _product(last, _last_totals(parts, states)) * norm


def fidelity_normaliser(parts: Parts, states: jax.Array) -> jax.Array:
    """By what the amplitudes of all positions at once are smaller than o_j / sqrt(N)."""
    largest = tuple(total.max() for total in _last_totals(parts, states))
    found: jax.Array = _product(parts.layers[-1], largest) * _outward_norm(parts.layers[-1])
    return found


def spectral_norm(matrix: Any) -> jax.Array:
    """The largest singular value. Its gradient is finite where singular values are equal."""
    return jnp.linalg.svd(matrix, compute_uv=False)[0]


def _last_totals(parts: Parts, states: jax.Array) -> tuple[jax.Array, ...]:
    """Lambda of each copy of the last layer by position, (N,) each."""
    first, *_ = parts.layers
    totals = tuple(_of_rows(first, copy, states, parts.rotary) for copy in _copies(first, states))
    for before, layer in pairwise(parts.layers):
        lengths = _product(before, totals) * _outward_norm(before)
        totals = tuple(_of_lengths(layer, copy, lengths) for copy in _copies(layer, states))
    return totals


def _copies(layer: Layer, states: jax.Array) -> tuple[_Copy, ...]:
    """The copies of a layer, in order; of a polynomial the one that each power has."""
    found = layer.feed_forward
    identity = jnp.eye(states.shape[1], dtype=states.real.dtype)
    if found is None:
        return (_Copy(identity, jnp.zeros(len(identity), dtype=identity.dtype)),)
    if not isinstance(found, Gated):
        return (_Copy(found.input, found.bias),)
    made = tuple(_Copy(factor.matrix, factor.bias) for factor in found.factors)
    if is_zero(layer.feed_forward_residual[0]):
        return made
    first, *others = made
    passed = jnp.full(len(identity), found.passing, dtype=identity.dtype)
    return (
        _joined(first, identity, jnp.zeros_like(passed)),
        *(_joined(other, jnp.zeros_like(identity), passed) for other in others),
    )


def _joined(copy: _Copy, matrix: jax.Array, bias: jax.Array) -> _Copy:
    return _Copy(jnp.concatenate((copy.matrix, matrix)), jnp.concatenate((copy.bias, bias)))


def _outward(layer: Layer) -> Any:
    """R (d, D), by which the product of the copies becomes o; None for the identity."""
    found = layer.feed_forward
    if found is None:
        return None
    rho, sigma = layer.feed_forward_residual
    matrix = sigma * jnp.asarray(found.output)
    if is_zero(rho) or not isinstance(found, Gated):
        return matrix
    passed = rho / found.passing ** (len(found.factors) - 1) * jnp.eye(len(matrix), dtype=matrix.dtype)
    return jnp.concatenate((matrix, passed), axis=1)


def _outward_norm(layer: Layer) -> Any:
    matrix = _outward(layer)
    return 1.0 if matrix is None else spectral_norm(matrix)


def _product(layer: Layer, totals: tuple[jax.Array, ...]) -> jax.Array:
    """Lambda_f: the copies' normalisers multiplied, or a polynomial's sum_p |c_p| Lambda^p."""
    found = layer.feed_forward
    if found is None or isinstance(found, Gated):
        result = totals[0]
        for total in totals[1:]:
            result = result * total
        return result
    return jnp.asarray(_absolute(found.coefficients, totals[0]))


def _absolute(coefficients: Coefficients, numbers: Any) -> Any:
    """sum_p |c_p| x^p."""
    return polynomial(tuple(0.0 if is_zero(one) else jnp.abs(one) for one in coefficients), numbers)


def _of_rows(layer: Layer, copy: _Copy, states: jax.Array, rotary: float | None) -> jax.Array:
    """Lambda by position, (N,), of a copy of a layer that reads known rows."""
    matrix = copy.matrix.T
    queries = jnp.stack([lengths_of(turned(states @ head.query.T, rotary)) for head in layer.heads])
    keys = jnp.stack([lengths_of(turned(states @ head.key.T, rotary)) for head in layer.heads])
    values = jnp.stack(
        [lengths_of(centred(layer, states @ head.value.T @ head.output.T) @ matrix) for head in layer.heads]
    )
    direct = centred(layer, layer.residual[0] * states) @ matrix
    if layer.factors is not None:
        direct = direct * layer.factors[: len(states), None]
    return _total(layer, lengths_of(direct + copy.bias), queries, keys, values)


def _of_lengths(layer: Layer, copy: _Copy, lengths: jax.Array) -> jax.Array:
    """The same of a copy of a layer that reads rows of which only the ``lengths`` are known, (N,)."""
    matrix = copy.matrix.T
    plain = centred(layer, jnp.eye(matrix.shape[0], dtype=lengths.dtype))
    queries = jnp.stack([spectral_norm(head.query) * lengths for head in layer.heads])
    keys = jnp.stack([spectral_norm(head.key) * lengths for head in layer.heads])
    values = jnp.stack(
        [spectral_norm(centred(layer, head.value.T @ head.output.T) @ matrix) * lengths for head in layer.heads]
    )
    factors = 1.0 if layer.factors is None else layer.factors[: len(lengths)]
    direct = jnp.abs(layer.residual[0]) * factors * spectral_norm(plain @ matrix) * lengths + lengths_of(copy.bias)
    return _total(layer, direct, queries, keys, values)


def _total(layer: Layer, direct: jax.Array, queries: jax.Array, keys: jax.Array, values: jax.Array) -> jax.Array:
    """Lambda from the lengths of the direct row (N,), and of queries, keys and values, each (H, N)."""
    tokens = len(direct)
    common = jnp.abs(layer.residual[1]) * shares(layer, tokens).astype(direct.dtype)
    if layer.factors is not None:
        common = common * layer.factors[:tokens]
    kernel = layer.kernel
    if len(kernel) == 2 and is_zero(kernel[0]):
        weights = common * jnp.abs(kernel[1]) * queries * _seen(layer, keys * values)
        return direct + weights.sum(axis=0)
    longest = keys.max(axis=0)
    causal = layer.mask == "causal"
    reach = jax.lax.cummax(longest) if causal else jnp.full(tokens, longest.max())
    lams, growth = _kernel_scale(kernel, queries.max(axis=0) * reach)
    return direct * growth + (common * lams * _seen(layer, values)).sum(axis=0)


def _kernel_scale(kernel: Coefficients, scales: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The scale lam, and lam / |g(s S)|, for every S of ``scales`` (N,): s is 1, or where g(S) is zero the one of some
    scores at which |g| is largest. The second is 1 where there is none."""
    lam = _absolute(kernel, scales)
    at_one = jnp.abs(polynomial(kernel, scales))
    scores = np.arange(-8, 8) / 8
    elsewhere = jnp.abs(polynomial(kernel, scales * scores[:, None].astype(scales.dtype))).max(axis=0)
    value = jnp.where(at_one >= SMALL * lam, at_one, elsewhere)
    there = value > 0
    return lam, jnp.where(there, lam / jnp.where(there, value, 1), 1)


def _seen(layer: Layer, numbers: jax.Array) -> jax.Array:
    """The sums over the keys that each position sees, (H, N)."""
    if layer.mask == "causal":
        return jnp.cumsum(numbers, axis=1)
    return jnp.broadcast_to(numbers.sum(axis=1, keepdims=True), numbers.shape)
