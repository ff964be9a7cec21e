"""The closed form of attention by overlap interference, for arrays of any kind that can be differentiated.

Every function takes ``xp``, the namespace of its arrays: ``jax.numpy``, ``torch`` or ``numpy``. Sequences stand along
leading axes. Formulas: docs/results.md (arXiv 2602.06699); what is bounded here, is null or zero in
:mod:`qsac.families.qsa.metrics`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TINY = 1e-20
"""Added to squares whose root or logarithm is taken."""


class Heads(NamedTuple):
    """H heads as arrays.

    ``coefficients``: (H, k+1), the kernels' c_0..c_k times the weights, real. ``values`` and ``scores``: V and W,
    (H, d, d), None where all are the identity. ``conjugate``: (H, 1, 1), whether scores are conjugated, None for no
    head. ``keys``: (H, T), the token that each key's score is of, None where it is its own; ``visible``: (H, T, T),
    whether position j attends to key i.
    """

    coefficients: Any
    values: Any
    scores: Any
    conjugate: Any
    keys: Any
    visible: Any


def shifted_keys(shifts: tuple[int, ...], context: int) -> NDArray[np.int64] | None:
    """:attr:`Heads.keys`: i - r, and any token where there is none; None if no key is shifted."""
    if not any(shifts):
        return None
    places: NDArray[np.int64] = np.maximum(np.arange(context) - np.array(shifts)[:, None], 0)
    return places


def visibility(shifts: tuple[int, ...], context: int, *, causal: bool) -> NDArray[np.bool_]:
    """:attr:`Heads.visible`: r < i, and i <= j where the mask is causal, counted from 1."""
    position = np.arange(context)
    seen = np.array(shifts)[:, None, None] <= position
    return seen & (position <= position[:, None]) if causal else np.repeat(seen, context, axis=1)


def lengthened(xp: Any, rows: Any) -> Any:
    """Rows (.., d) at length 1; those of zeros stay as they are. No square overflows."""
    largest = xp.amax(xp.abs(rows), -1)[..., None]
    scaled = rows / xp.where(largest > 0, largest, 1)
    return scaled / xp.sqrt(xp.where(largest > 0, squares(xp, scaled)[..., None], 1))


def predictions(xp: Any, heads: Heads, tokens: Any) -> Any:
    """z_1..z_T of the context tokens (.., T, d), unit rows; the same shape."""
    keys = tokens if heads.keys is None else tokens[..., heads.keys, :]
    scores = scores_of(xp, heads, tokens, keys)
    weights = xp.where(heads.visible, kernel(xp, heads, scores), 0)
    mixed = xp.einsum("...hji,...id->...hjd", weights, tokens)
    return transformed(xp, heads, mixed)


def scores_of(xp: Any, heads: Heads, queries: Any, keys: Any) -> Any:
    """s_ji = <x_j|W|x_i> of each head, (.., H, J, I), conjugated where the head says so. ``keys``: (.., I, d), or
    (.., H, I, d) where heads have keys of their own."""
    own = "h" if heads.keys is not None else ""
    if heads.scores is None:
        scored = keys if own else keys[..., None, :, :]
    else:
        scored = xp.einsum(f"hab,...{own}ib->...hia", heads.scores, keys)
    scores = xp.einsum("...ja,...hia->...hji", xp.conj(queries), scored)
    return scores if heads.conjugate is None else xp.where(heads.conjugate, xp.conj(scores), scores)


def kernel(xp: Any, heads: Heads, scores: Any) -> Any:
    """g(s) of each head, (.., H, J, I), by Horner's rule."""
    coefficients = heads.coefficients[:, :, None, None]
    result = coefficients[:, -1] + xp.zeros_like(scores)
    for power in range(heads.coefficients.shape[1] - 2, -1, -1):
        result = result * scores + coefficients[:, power]
    return result


def transformed(xp: Any, heads: Heads, mixed: Any) -> Any:
    """The sum over the heads of V times its part, (.., H, J, d) to (.., J, d)."""
    if heads.values is None:
        return xp.sum(mixed, -3)
    return xp.einsum("hab,...hjb->...ja", heads.values, mixed)


def overlaps(xp: Any, targets: Any, predicted: Any) -> Any:
    """A_j = <y_j|z_j> of rows (.., T, d); for words y_j has the length sqrt(alpha)."""
    return xp.einsum("...jd,...jd->...j", xp.conj(targets), predicted)


def squares(xp: Any, rows: Any) -> Any:
    """The squared lengths of rows (.., d), real."""
    return xp.sum((xp.conj(rows) * rows).real, -1)


def metrics(xp: Any, found: Any, weights: Any, pairs: int, *, phases: bool, blank: int) -> dict[str, Any]:
    """What can be minimised, and ``ln_success``, of A_j and w_j^2, (.., T), for a lambda of 1; (..) each.

    ``pairs``: N. ``phases``: whether phi_j are the optimal ones, else 0. ``blank``: how many
    positions at the beginning attend to nothing; cross_entropy and renyi_half exist only where there are none.
    """
    context = found.shape[-1]
    found, weights = found[..., blank:], weights[..., blank:]
    moduli = (xp.conj(found) * found).real
    lengths = xp.sqrt(moduli + TINY)
    total = xp.sum(weights, -1)
    sums = xp.sum(found, -1)
    together = xp.sum(lengths, -1) ** 2 if phases else (xp.conj(sums) * sums).real + TINY
    logarithm = xp.log(total + TINY)
    cosine = sums.real / xp.sqrt(context * total + TINY)
    result = {
        "loss": math.log(context) + logarithm - xp.log(together),
        "loss_a": logarithm - xp.log(xp.sum(moduli, -1) + TINY),
        "loss_phased": -2 * xp.log((1 + cosine) / 2 + TINY),
        "ln_success": logarithm - math.log(context * pairs),
    }
    if not blank:
        shares = (moduli + TINY) / (weights + TINY)
        result["cross_entropy"] = -xp.sum(xp.log(shares), -1) / context
        result["renyi_half"] = -2 * xp.log(xp.sum(xp.sqrt(shares), -1) / context)
    return result
