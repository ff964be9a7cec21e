"""What a transformer computes for one sequence, to be traced by JAX: :mod:`qsac.families.transformer.closed_form` with
arrays that are learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.spectral import polar
from qsac.families.transformer.learning.outline import FixedKernel, Learned, Outline, Terms, Tree, complex_of, resolved
from qsac.families.transformer.model import Factor, Gated, Head, Layer, Polynomial
from qsac.families.transformer.reading import sinusoids

Coefficients: TypeAlias = tuple[Any, ...]
"""Numbers, 0.0 where one is no part of the structure, else traced or not."""


class Parts(NamedTuple):
    """A model as its closed form reads it. ``embedding`` and ``vocabulary`` (M, d) for words, else None; ``positions``:
    the canonical field, with arrays; ``rotary``: the base of rotary positions, None without them. Arrays in ``layers``
    are JAX's."""

    embedding: jax.Array | None
    positions: dict[str, Any]
    rotary: float | None
    normalise: bool
    layers: tuple[Layer, ...]
    vocabulary: jax.Array | None


def is_zero(number: Any) -> bool:
    """Whether a coefficient is no part of the structure."""
    return isinstance(number, float | int) and number == 0


def parts_of(outline: Outline, trained: Mapping[str, Any]) -> Parts:
    """The parts of a model, by what is trained; in its precision."""
    values = {}
    for name, array in outline.learned.items():
        numbers = complex_of(jnp.asarray(trained[name]), array)
        values[name] = polar(numbers) if array.orthogonal else numbers
    precision = jnp.result_type(*(jnp.asarray(one).dtype for one in trained.values()))
    fixed = {False: precision, True: jnp.result_type(precision, jnp.complex64)}

    def leaf(found: Tree) -> Any:
        if isinstance(found, FixedKernel):
            return found.coefficients
        if isinstance(found, Learned | Terms):
            return found.of(values)
        if isinstance(found, tuple):
            return found
        return jnp.asarray(found, dtype=fixed[np.iscomplexobj(found)])

    fields = resolved(outline.fields, leaf)
    transformer = fields["transformer"]
    position = transformer["position"]
    dimension = outline.dimension
    return Parts(
        embedding=fields["tokens"]["embedding"] if "tokens" in fields else None,
        positions=position,
        rotary=position["base"] if position["type"] == "rotary" else None,
        normalise=transformer["normalise"],
        layers=tuple(_layer(layer, jnp.eye(dimension, dtype=precision)) for layer in transformer["layers"]),
        vocabulary=fields["readout"].get("vocabulary"),
    )


def _layer(fields: dict[str, Any], identity: Any) -> Layer:
    """A layer of arrays that may be traced."""
    attention, norm = fields["attention"], fields["norm"]
    kernel = attention["kernel"]
    return Layer(
        mask=attention["mask"],
        scale=attention["scale"],
        kernel=kernel if isinstance(kernel, tuple) else kernel["coefficients"],
        heads=tuple(_head(head, identity) for head in attention["heads"]),
        residual=tuple(fields["residual"]),
        centre=norm == "centre",
        factors=norm["scale"] if isinstance(norm, dict) else None,
        feed_forward=_feed_forward(fields["feed_forward"], identity) if "feed_forward" in fields else None,
        feed_forward_residual=tuple(fields["feed_forward_residual"]),
    )


def _head(fields: dict[str, Any], identity: Any) -> Head:
    query, key, value, output = (fields.get(name, identity) for name in ("query", "key", "value", "output"))
    return Head(query, fields.get("score", key), value, output)


def _feed_forward(fields: dict[str, Any], identity: Any) -> Gated | Polynomial:
    output = fields.get("output", identity)
    if fields["type"] == "gated":
        made = (Factor(one["matrix"], _bias(one, one["matrix"])) for one in fields["factors"])
        return Gated(tuple(made), output, fields["pass"])
    inward = fields.get("input", identity)
    return Polynomial(inward, _bias(fields, inward), tuple(fields["coefficients"]), output)


def _bias(fields: dict[str, Any], matrix: Any) -> Any:
    return fields["bias"] if "bias" in fields else jnp.zeros(len(matrix), dtype=matrix.dtype)


def inputs(parts: Parts, rows: jax.Array) -> jax.Array:
    """u_1..u_N of tokens (N, d): positions added, lengths divided by."""
    tokens, dimension = rows.shape
    kind = parts.positions["type"]
    if kind == "add":
        rows = rows + parts.positions["values"][:tokens]
    elif kind == "sinusoidal":
        added = parts.positions["scale"] * sinusoids(tokens, dimension, parts.positions["base"])
        rows = rows + added.astype(rows.real.dtype)
    return rows / lengths_of(rows)[:, None] if parts.normalise else rows


def outputs(parts: Parts, states: jax.Array) -> jax.Array:
    """o_1..o_N of the last layer for the first one's inputs, (N, d)."""
    for layer in parts.layers:
        states = fed_forward(layer, attended(layer, states, parts.rotary))
    return states


def attended(layer: Layer, states: jax.Array, rotary: float | None) -> jax.Array:
    """a_1..a_N of a layer, (N, d)."""
    rho, sigma = layer.residual
    tokens = len(states)
    result: Any = rho * states
    if not is_zero(sigma):
        mixed = sum(_mixed(layer, head, states, rotary) for head in layer.heads)
        result = result + sigma * _column(shares(layer, tokens), states) * mixed
    result = centred(layer, result)
    scaled: jax.Array = result if layer.factors is None else result * jnp.asarray(layer.factors[:tokens, None])
    return scaled


def _mixed(layer: Layer, head: Head, states: jax.Array, rotary: float | None) -> Any:
    queries, keys = (turned(states @ matrix.T, rotary) for matrix in (head.query, head.key))
    weights = polynomial(layer.kernel, queries.conj() @ keys.T)
    if layer.mask == "causal":
        weights = jnp.tril(weights)
    return weights @ (states @ head.value.T) @ head.output.T


def fed_forward(layer: Layer, attention: jax.Array) -> jax.Array:
    """o_1..o_N of a layer for its a_1..a_N, (N, d)."""
    found = layer.feed_forward
    if found is None:
        return attention
    rho, sigma = layer.feed_forward_residual
    if isinstance(found, Gated):
        inside: Any = attention @ found.factors[0].matrix.T + found.factors[0].bias
        for factor in found.factors[1:]:
            inside = inside * (attention @ factor.matrix.T + factor.bias)
    else:
        inside = polynomial(found.coefficients, attention @ found.input.T + found.bias)
    result: jax.Array = sigma * (inside @ found.output.T)
    return result if is_zero(rho) else result + rho * attention


def polynomial(coefficients: Coefficients, numbers: Any) -> Any:
    """sum_p c_p x^p, entry by entry (Horner)."""
    result = jnp.full_like(numbers, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = result * numbers if is_zero(coefficient) else result * numbers + coefficient
    return result


def shares(layer: Layer, tokens: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """omega_1..omega_N, (N,)."""
    if layer.scale == "sum":
        return np.ones(tokens)
    return 1 / (np.arange(1, tokens + 1) if layer.mask == "causal" else np.full(tokens, tokens))


def centred(layer: Layer, rows: Any) -> Any:
    """P x for every row x, (any number, d)."""
    return rows - rows.mean(axis=1, keepdims=True) if layer.centre else rows


def turned(rows: jax.Array, base: float | None) -> jax.Array:
    """Rows (N, e) of queries or keys, turned by rotary positions from 0 on."""
    if base is None:
        return rows
    tokens, width = rows.shape
    angles = np.arange(tokens)[:, None] * base ** (-2 * np.arange(width // 2) / width)
    cosines, sines = (part.astype(rows.real.dtype) for part in (np.cos(angles), np.sin(angles)))
    first, second = rows[:, 0::2], rows[:, 1::2]
    pairs = jnp.stack([first * cosines - second * sines, first * sines + second * cosines], axis=-1)
    return pairs.reshape(rows.shape)


def lengths_of(rows: jax.Array) -> jax.Array:
    """The lengths (...) of rows (..., D), with gradient 0 where a row is 0."""
    squares = (rows.real**2 + rows.imag**2 if jnp.iscomplexobj(rows) else rows**2).sum(axis=-1)
    there = squares > 0
    return jnp.where(there, jnp.sqrt(jnp.where(there, squares, 1)), 0)


def _column(numbers: np.ndarray[Any, np.dtype[np.float64]], states: jax.Array) -> Any:
    return numbers.astype(states.real.dtype)[:, None]
