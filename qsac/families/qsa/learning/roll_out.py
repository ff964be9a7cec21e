"""How well predictions that are fed back predict, from every position at once, to be traced by JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from qsac.families.qsa.learning.closed_form import TINY, Heads, kernel, overlaps, squares, transformed, visibility


def rolled_out(
    heads: Heads, shifts: tuple[int, ...], tokens: jax.Array, targets: jax.Array, steps: int, given: int
) -> jax.Array:
    """-ln f^2 for each number of steps ahead, the mean over the positions that have such a target; f is the overlap of
    the target with the unit prediction. (.., steps) of tokens and targets (.., T, d), at most T steps. Positions at the
    beginning that attend to nothing are left out, and there are as many fewer steps at most.

    After position j the model sees x_1..x_j and its own unit predictions after them, the last of which is the query. So
    one more step takes the scores of T queries with all tokens, as ever, and with as many predictions as were made
    before: no position has a context of its own. A full mask is that of the context so far. Of a prediction only the
    ``given`` first entries are fed back, and the rest, which is padding, is lost.
    """
    context = tokens.shape[-2]
    blank = min(min(shifts), context - 1)
    steps = min(steps, context - blank)
    visible = jnp.asarray(visibility(shifts, context, causal=True))
    shifted = jnp.stack([_delayed(tokens, shift) for shift in shifts], axis=-3)
    before = _before(tokens, max(shifts))
    first = _unit(transformed(jnp, heads, _mixed(heads, tokens, shifted, tokens, visible)), given)
    buffer = jnp.zeros((*first.shape[:-2], steps, context, first.shape[-1]), first.dtype).at[..., 0, :, :].set(first)

    def step(carry: jax.Array, number: jax.Array) -> tuple[jax.Array, None]:
        queries = jax.lax.dynamic_index_in_dim(carry, number - 1, axis=-3, keepdims=False)
        mixed = _mixed(heads, queries, shifted, tokens, visible)
        mixed = mixed + _of_predictions(heads, shifts, queries, before, carry, number)
        unit = _unit(transformed(jnp, heads, mixed), given)
        return jax.lax.dynamic_update_index_in_dim(carry, unit, number, axis=-3), None

    predicted, _ = jax.lax.scan(step, buffer, jnp.arange(1, steps))
    reached = np.arange(context) + np.arange(steps)[:, None]
    wanted = targets[..., np.minimum(reached, context - 1), :]
    found = overlaps(jnp, wanted, predicted)
    logarithms = -jnp.log((jnp.conj(found) * found).real + TINY)
    there = (reached < context) & (np.arange(context) >= blank)
    means: jax.Array = jnp.sum(jnp.where(there, logarithms, 0), -1) / there.sum(-1).astype(logarithms.dtype)
    return means


def _mixed(heads: Heads, queries: jax.Array, keys: jax.Array, values: jax.Array, visible: jax.Array) -> jax.Array:
    """What each head adds of values (.., I, d), V aside, for keys (.., H, I, d): (.., H, J, d)."""
    scores = jnp.einsum("...hjb,...hib->...hji", _scoring(heads, queries), keys)
    weights = jnp.where(visible, kernel(jnp, heads, _conjugated(heads, scores)), 0)
    return jnp.einsum("...hji,...id->...hjd", weights, values)


def _of_predictions(
    heads: Heads, shifts: tuple[int, ...], queries: jax.Array, before: jax.Array, buffer: jax.Array, number: jax.Array
) -> jax.Array:
    """What each head adds of the ``number`` predictions after each position, of which ``buffer``, (.., S, T, d), holds
    the first ones."""
    steps, context = buffer.shape[-3:-1]
    largest = max(shifts)
    extended = jnp.concatenate([before, buffer], axis=-3)
    keys = jnp.stack([extended[..., largest - shift : largest - shift + steps, :, :] for shift in shifts], axis=-4)
    scores = jnp.einsum("...hjb,...hpjb->...hpj", _scoring(heads, queries), keys)
    place = np.arange(context) + np.arange(1, steps + 1)[:, None]
    there = place >= np.array(shifts)[:, None, None]
    made = jnp.arange(steps)[:, None] < number
    weights = jnp.where(jnp.logical_and(there, made), kernel(jnp, heads, _conjugated(heads, scores)), 0)
    return jnp.einsum("...hpj,...pjd->...hjd", weights, buffer)


def _scoring(heads: Heads, queries: jax.Array) -> jax.Array:
    """<x_j|W of each head, as rows (.., H, J, d)."""
    if heads.scores is None:
        rows = jnp.conj(queries)[..., None, :, :]
        return jnp.broadcast_to(rows, (*queries.shape[:-2], len(heads.coefficients), *queries.shape[-2:]))
    return jnp.einsum("hab,...ja->...hjb", heads.scores, jnp.conj(queries))


def _conjugated(heads: Heads, scores: jax.Array) -> jax.Array:
    return scores if heads.conjugate is None else jnp.where(heads.conjugate, jnp.conj(scores), scores)


def _unit(rows: jax.Array, given: int) -> jax.Array:
    """Rows at length 1, without their padding."""
    rows = jnp.where(np.arange(rows.shape[-1]) < given, rows, 0)
    return rows / jnp.sqrt(squares(jnp, rows)[..., None] + TINY)


def _delayed(tokens: jax.Array, shift: int) -> jax.Array:
    """x_{i-r} in row i, any row where there is none."""
    return tokens[..., np.maximum(np.arange(tokens.shape[-2]) - shift, 0), :]


def _before(tokens: jax.Array, count: int) -> jax.Array:
    """x_{j-count+1}, .., x_j for each position j, (.., count, T, d), any rows where there are none."""
    context = tokens.shape[-2]
    places = np.arange(context) - np.arange(count - 1, -1, -1)[:, None]
    return tokens[..., np.maximum(places, 0), :]
