"""What a transformer computes, without a circuit (docs/transformer.md): every position of every layer.

For row vectors u_j, with P the projection of ``centre`` and n_j the factors of a fixed scale:

    a_j = n_j P (rho u_j + sigma omega_j sum_h sum_{i seen} g(<Q_h u_j|K_h u_i>) O_h V_h u_i)
    o_j = rho2 a_j + sigma2 W_out [(B_1 a_j + b_1) o .. o (B_p a_j + b_p)], or rho2 a_j + sigma2 W_out f(W_in a_j + b)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.kernel import kernel_blocks, kernel_values
from qsac.families.transformer.model import Gated, Head, Layer, Model, Real, turned
from qsac.files.numbers import Numbers


class Step(NamedTuple):
    """What one layer gives: a_1..a_N of its attention and o_1..o_N of its feed-forward, each (N, d), read-only."""

    attention: Numbers
    output: Numbers


def steps(model: Model) -> tuple[Step, ...]:
    """Of every layer. O(L H N^2 d) time, memory for a block of rows of the scores.

    Raises :class:`~qsac.errors.InvalidInputError` where the model's numbers are too large to be computed with.
    """
    found: list[Step] = []
    states = model.inputs
    for place, layer in enumerate(model.layers):
        with np.errstate(over="ignore", invalid="ignore"):
            attention = attended(layer, states, model.rotary)
            states = fed_forward(layer, attention)
        check_finite(states, f"/transformer/layers/{place}")
        attention, states = np.array(attention), np.array(states)
        attention.flags.writeable = states.flags.writeable = False
        found.append(Step(attention, states))
    return tuple(found)


def check_finite(values: Numbers, pointer: str) -> None:
    """Refuse what overflowed double precision."""
    if not np.isfinite(values).all():
        raise InvalidInputError(
            "the numbers of the model are too large to be computed with",
            code="model.out-of-scale",
            pointer=pointer,
            found="an overflow of double precision",
            wanted="tokens and matrices whose entries are about 1",
            help='"normalise" divides the tokens by their lengths',
        )


def attended(layer: Layer, states: Numbers, rotary: float | None) -> Numbers:
    """a_1..a_N of a layer that reads ``states``, (N, d)."""
    rho, sigma = layer.residual
    tokens = len(states)
    result: Numbers = rho * states
    if sigma:
        mixed = sum(_mixed(layer, head, states, rotary) for head in layer.heads)
        result = result + sigma * shares(layer, tokens)[:, None] * mixed
    if layer.centre:
        result = result - result.mean(axis=1, keepdims=True)
    return result if layer.factors is None else result * layer.factors[:, None]


def shares(layer: Layer, tokens: int) -> Real:
    """omega_1..omega_N, (N,): 1, or one over the number of keys that a position sees."""
    if layer.scale == "sum":
        return np.ones(tokens)
    return 1 / (np.arange(1, tokens + 1) if layer.mask == "causal" else np.full(tokens, tokens))


def _mixed(layer: Layer, head: Head, states: Numbers, rotary: float | None) -> Numbers:
    """sum_{i seen} g(s_ji) O V u_i for every j, (N, d)."""
    values = states @ head.value.T
    result = np.empty(values.shape, np.result_type(states, head.query, head.key, values))
    for rows, weights in head_blocks(layer, head, states, rotary):
        result[rows] = weights @ values[: weights.shape[1]]
    mixed: Numbers = result @ head.output.T
    return mixed


def head_blocks(layer: Layer, head: Head, states: Numbers, rotary: float | None) -> Iterator[tuple[slice, Numbers]]:
    """g(s_ji) of a head, as :func:`~qsac.families.kernel.kernel_blocks` gives it."""
    queries, keys = (turned(states @ matrix.T, rotary) for matrix in (head.query, head.key))
    return kernel_blocks(queries, keys, np.array(layer.kernel), causal=layer.mask == "causal")


def fed_forward(layer: Layer, attention: Numbers) -> Numbers:
    """o_1..o_N of a layer for its a_1..a_N, (N, d)."""
    found = layer.feed_forward
    if found is None:
        return attention
    rho, sigma = layer.feed_forward_residual
    if isinstance(found, Gated):
        inside: Numbers = attention @ found.factors[0].matrix.T + found.factors[0].bias
        for factor in found.factors[1:]:
            inside = inside * (attention @ factor.matrix.T + factor.bias)
    else:
        inside = kernel_values(attention @ found.input.T + found.bias, np.array(found.coefficients))
    result: Numbers = sigma * (inside @ found.output.T)
    return result + rho * attention if rho else result
