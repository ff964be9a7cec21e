"""What the models of an outline make of sequences, to be traced by JAX: metrics, and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from qsac.families.transformer.learning.closed_form import Parts, inputs, lengths_of, outputs, parts_of
from qsac.families.transformer.learning.normalisers import fidelity_normaliser, next_token_normalisers
from qsac.families.transformer.learning.outline import Outline

_LEAST = 1e-20
"""What is added to probabilities of words before their logarithm is taken."""

_TINY = {4: 1e-19, 8: 1e-150}
"""What is added to success probabilities, by the bytes of a number: its inverse is finite."""


def word_metrics(outline: Outline, trained: Mapping[str, Any], batch: Any) -> dict[str, jax.Array]:
    """``cross_entropy``, ``ln_success`` and ``success_probability``, (B,) each, of words (B, L)."""
    parts = parts_of(outline, trained)

    def measured(words: jax.Array) -> dict[str, jax.Array]:
        weights, states = _word_weights(parts, words)
        whole = weights.sum(axis=1)
        found = jnp.take_along_axis(weights, words[1:, None], axis=1)[:, 0] / _positive(whole)
        normalisers = next_token_normalisers(parts, states)[: len(words) - 1]
        success = whole / _positive(normalisers**2)
        return {
            "cross_entropy": -jnp.log(found + _LEAST).mean(),
            "ln_success": _logarithm(success).mean(),
            "success_probability": success.mean(),
        }

    return jax.vmap(measured)(jnp.asarray(batch))


def next_words(outline: Outline, trained: Mapping[str, Any], batch: Any) -> jax.Array:
    """The probabilities of all words after each but the last one, (B, L - 1, M), of words (B, L)."""
    parts = parts_of(outline, trained)

    def predicted(words: jax.Array) -> jax.Array:
        weights, _ = _word_weights(parts, words)
        return weights / _positive(weights.sum(axis=1, keepdims=True))

    return jax.vmap(predicted)(jnp.asarray(batch))


def state_metrics(outline: Outline, trained: Mapping[str, Any], batch: Any) -> dict[str, jax.Array]:
    """``cross_entropy``, ``loss``, ``fidelity``, ``token_fidelity``, ``ln_success`` and ``success_probability``, (B,)
    each, of states (B, T + 1, d)."""
    parts = parts_of(outline, trained)

    def measured(rows: jax.Array) -> dict[str, jax.Array]:
        states = inputs(parts, rows[:-1])
        found, targets = outputs(parts, states), rows[1:]
        overlaps = (targets.conj() * found).sum(axis=1) / _positive(lengths_of(targets))
        weights, lengths = _squares(overlaps), _squares(found).sum(axis=1)
        whole = lengths.sum()
        fidelity = _squares(overlaps.sum()) / _positive(len(found) * whole)
        success = whole / _positive(len(found) * fidelity_normaliser(parts, states) ** 2)
        return {
            "cross_entropy": -jnp.log(weights / _positive(lengths) + _LEAST).mean(),
            "loss": -jnp.log(fidelity + _LEAST),
            "fidelity": fidelity,
            "token_fidelity": weights.sum() / _positive(whole),
            "ln_success": _logarithm(success),
            "success_probability": success,
        }

    return jax.vmap(measured)(jnp.asarray(batch))


def next_states(outline: Outline, trained: Mapping[str, Any], batch: Any) -> jax.Array:
    """o_1..o_T, (B, T, d), of states (B, T + 1, d)."""
    parts = parts_of(outline, trained)
    return jax.vmap(lambda rows: outputs(parts, inputs(parts, rows[:-1])))(jnp.asarray(batch))


def _word_weights(parts: Parts, words: jax.Array) -> tuple[jax.Array, jax.Array]:
    """|<e_l|o_j>|^2 of all words l after all words but the last one, (L - 1, M), and the inputs that they are of.

    What only later positions could see is left out: the last word, where no layer lets a position see more than those
    before it.
    """
    if parts.embedding is None or parts.vocabulary is None:
        raise TypeError("words have an embedding and a vocabulary")
    seen = words if any(layer.mask == "full" for layer in parts.layers) else words[:-1]
    # A word that there is not has no number, in place of those of the last one.
    states = inputs(parts, parts.embedding.at[seen].get(mode="fill", fill_value=jnp.nan))
    overlaps = outputs(parts, states) @ parts.vocabulary.conj().T
    return _squares(overlaps)[: len(words) - 1], states


def _squares(numbers: jax.Array) -> jax.Array:
    """|x|^2, entry by entry."""
    return numbers.real**2 + numbers.imag**2 if jnp.iscomplexobj(numbers) else numbers**2


def _positive(numbers: jax.Array) -> jax.Array:
    """Numbers to divide by: 1 in place of 0."""
    return jnp.where(numbers > 0, numbers, 1)


def _logarithm(success: jax.Array) -> jax.Array:
    """The logarithm of a success probability, however small it is, and finite where it is 0."""
    return jnp.log(success + _TINY[success.dtype.itemsize])
