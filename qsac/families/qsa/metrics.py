"""The metrics of a model: their closed form, and when one of them does not exist.

Formulas: docs/results.md (arXiv 2602.06699). With A_j = <y_j|z_j> and w_j = ||z_j||, everything is
computed for the kernel divided by lambda, so that no coefficient can overflow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qsac.families.kernel import BLOCK_ENTRIES, kernel_blocks
from qsac.families.outcomes import RESOLUTION
from qsac.families.qsa.heads import Head
from qsac.families.qsa.model import Model
from qsac.files.numbers import Numbers

METRIC_NAMES = (
    "fidelity",
    "loss",
    "token_fidelity",
    "loss_a",
    "renyi_divergence",
    "cross_entropy",
    "renyi_half",
    "mu",
    "zeta",
    "nu",
    "prefix_loss",
    "success_probability",
)


@dataclass(frozen=True)
class PrefixLoss:
    """prefix_loss, the loss of arXiv 2602.06699 v1, or why it does not exist."""

    value: float | None
    reason: str | None


@dataclass(frozen=True, eq=False)
class Metrics:
    """``values``: every name of METRIC_NAMES, None where it does not exist; ``warnings`` says why, a sentence each.

    ``overlaps``: A_j, (T,), complex. ``norms``: w_j, (T,).
    """

    values: dict[str, float | None]
    warnings: tuple[str, ...]
    overlaps: NDArray[np.complex128]
    norms: NDArray[np.float64]

    def __getitem__(self, name: str) -> float | None:
        return self.values[name]


def closed_form(model: Model, *, prefix: bool = True) -> Metrics:
    """Every metric of a model without a circuit: O(T^2 d) time, memory for a block of rows of the score matrix.

    Checked against ``tests/vectors``. The phases are the model's. Without ``prefix`` the prefix loss, which takes as
    long as all others, is not among them.
    """
    overlaps, norms = model.scaled_overlaps
    prefix_found = prefix_loss(model, overlaps) if prefix else PrefixLoss(None, None)
    context, pairs = model.context, model.pairs
    total = float(norms @ norms)
    zeta = total / (context * pairs)
    if zeta < RESOLUTION:
        shares = np.zeros(context)
        values, warnings = metrics_from_probabilities(
            zeta=0.0,
            fidelity=0.0,
            token_fidelity=0.0,
            weight_share=shares,
            overlap_share=shares,
            context=context,
            pairs=pairs,
            prefix=prefix_found,
        )
    else:
        overlap_share = np.abs(overlaps) ** 2 / total
        values, warnings = metrics_from_probabilities(
            zeta=zeta,
            fidelity=float(abs(np.exp(1j * model.phases) @ overlaps) ** 2 / (context * total)),
            token_fidelity=float(overlap_share.sum()),
            weight_share=norms**2 / total,
            overlap_share=overlap_share,
            context=context,
            pairs=pairs,
            prefix=prefix_found,
        )
    values, warnings = with_excess(model, values, warnings)
    return Metrics(values, tuple(warnings), overlaps * model.lam, norms * model.lam)


def metrics_from_probabilities(
    *,
    zeta: float,
    fidelity: float,
    token_fidelity: float,
    weight_share: NDArray[np.float64],
    overlap_share: NDArray[np.float64],
    context: int,
    pairs: int,
    prefix: PrefixLoss,
) -> tuple[dict[str, float | None], list[str]]:
    """Every metric from the fused circuit's probabilities, and why some do not exist. Never NaN or infinite.

    ``zeta``: P(every given bit 0). ``fidelity`` and ``token_fidelity``: P(their success bits 0 | given bits 0).
    ``weight_share`` and ``overlap_share``, (T,): w_j^2 and |A_j|^2, each over sum_j w_j^2. The shares and fidelities
    are not looked at where zeta is zero.
    """
    values: dict[str, float | None] = dict.fromkeys(METRIC_NAMES)
    warnings: list[str] = []
    values["prefix_loss"] = prefix.value
    if zeta < RESOLUTION:
        values.update(zeta=0.0, success_probability=0.0, mu=0.0, nu=0.0)
        warnings.append(
            "fidelity, loss, token_fidelity, loss_a, renyi_divergence, cross_entropy and renyi_half do not exist: "
            "every prediction z_j is zero, so no shot is accepted"
        )
    else:
        zeta = min(zeta, 1.0)
        fidelity = _resolved(fidelity, zeta)
        token_fidelity = _resolved(token_fidelity, zeta)
        values.update(
            fidelity=fidelity,
            token_fidelity=token_fidelity,
            mu=fidelity * zeta * context**2 / pairs,
            zeta=zeta,
            nu=token_fidelity * zeta,
            success_probability=zeta,
        )
        _logarithms(values, fidelity, token_fidelity, warnings)
        _averages_of_logarithms(values, zeta, weight_share, overlap_share, warnings)
    if prefix.reason:
        warnings.append(f"prefix_loss does not exist: {prefix.reason}")
    return values, warnings


def with_excess(
    model: Model, values: dict[str, float | None], warnings: list[str]
) -> tuple[dict[str, float | None], list[str]]:
    """Metrics and warnings with ``excess`` after the cross entropy, where tokens are words of a text: what it is above
    its floor, the mean of -ln alpha over the targets, which no prediction is below."""
    if model.text is None:
        return values, warnings
    entropy, floor = values["cross_entropy"], model.floor
    excess = None if entropy is None else max(entropy - floor, 0.0)
    found: dict[str, float | None] = {}
    for name, value in values.items():
        found |= {name: value, "excess": excess} if name == "cross_entropy" else {name: value}
    missing = ["excess does not exist: cross_entropy does not"] if excess is None else []
    return found, [*warnings, *missing]


def _resolved(probability: float, zeta: float) -> float:
    """A conditional probability in [0, 1], exactly zero where rounding is all that is left of it."""
    return 0.0 if probability * zeta < RESOLUTION else min(probability, 1.0)


def _logarithms(values: dict[str, float | None], fidelity: float, token_fidelity: float, warnings: list[str]) -> None:
    if token_fidelity > 0:
        values["loss_a"] = loss_a = -math.log(token_fidelity) + 0.0
    else:
        warnings.append("loss_a does not exist: token_fidelity is 0 because every overlap A_j is zero")
    if fidelity > 0:
        values["loss"] = loss = -math.log(fidelity) + 0.0
        if token_fidelity > 0:
            values["renyi_divergence"] = max(loss - loss_a, 0.0)
    else:
        warnings.append(
            "loss and renyi_divergence do not exist: the fidelity is 0 because "
            + ("the overlaps e^{i phi_j} A_j cancel" if token_fidelity > 0 else "every overlap A_j is zero")
        )


def _averages_of_logarithms(
    values: dict[str, float | None],
    zeta: float,
    weight_share: NDArray[np.float64],
    overlap_share: NDArray[np.float64],
    warnings: list[str],
) -> None:
    """cross_entropy and renyi_half, which look at each position's normalised overlap f_j by itself."""
    unpredicted = np.flatnonzero(weight_share * zeta < RESOLUTION)
    if unpredicted.size:
        warnings.append(
            f"cross_entropy and renyi_half do not exist: the prediction z_j is zero for {_positions(unpredicted)}"
        )
        return
    missed = overlap_share * zeta < RESOLUTION
    squares = np.where(missed, 0.0, np.minimum(overlap_share / weight_share, 1.0))
    if missed.any():
        warnings.append(
            f"cross_entropy does not exist: the overlap A_j is zero for {_positions(np.flatnonzero(missed))}"
        )
    else:
        values["cross_entropy"] = float(-np.log(squares).mean()) + 0.0
    mean = float(np.sqrt(squares).mean())
    if mean > 0:
        values["renyi_half"] = -2 * math.log(min(mean, 1.0)) + 0.0
    else:
        warnings.append("renyi_half does not exist: the overlap A_j is zero for every j")


def _positions(indices: NDArray[np.intp]) -> str:
    """``j = 1, 2 and 5 more``, positions counted from 1 as in the formulas."""
    shown = ", ".join(str(index + 1) for index in indices[:5])
    return f"j = {shown}" + (f" and {len(indices) - 5} more" if len(indices) > 5 else "")


def scaled_overlaps(model: Model) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """A_j and w_j, both (T,), for the kernel divided by lambda."""
    context = model.context
    inputs, targets = model.tokens[:-1], model.tokens[1:]
    overlaps = np.empty(context, dtype=np.complex128)
    norms = np.empty(context)
    for blocks in zip(*(head_blocks(model, head, inputs) for head in model.heads), strict=True):
        rows = blocks[0][0]
        predictions = sum_of([given for _, given in blocks])
        overlaps[rows] = np.einsum("jd,jd->j", targets[rows].conj(), predictions)
        norms[rows] = np.linalg.norm(predictions, axis=1)
    if model.lengths is not None:
        overlaps *= model.lengths
    return overlaps, norms


def head_blocks(model: Model, head: Head, inputs: Numbers) -> Iterator[tuple[slice, Numbers]]:
    """What a head adds to z_j / lambda, some positions j at a time: which, and an array (positions, d).

    With a key shift r the score of x_j with x_{i-r} adds x_i.
    """
    kernel = np.array(head.kernel) * head.weight / model.lam
    mixed = head.value.apply(inputs)[head.key_shift :]
    causal = model.mask == "causal"
    for rows, weights in kernel_blocks(inputs, head.score.apply(inputs), kernel, causal=causal, shift=head.key_shift):
        yield rows, (weights.conj() if head.conjugate else weights) @ mixed[: weights.shape[1]]


def sum_of(parts: list[Numbers]) -> Numbers:
    """The sum of arrays of one shape; of a single one, itself."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def optimal_phases(model: Model) -> NDArray[np.float64]:
    """phi_j = -arg A_j in radians, (T,): the phases that maximise the fidelity; 0 where A_j is zero."""
    overlaps, _ = model.scaled_overlaps
    resolved = np.abs(overlaps) ** 2 / (model.context * model.pairs) >= RESOLUTION
    return np.where(resolved, -np.angle(overlaps), 0.0) + 0.0


def prefix_loss(model: Model, overlaps: NDArray[np.complex128] | None = None) -> PrefixLoss:
    """v1's loss: -ln |mean_j A_j / norm_j|^2, norm_j = ||sum_{i<=j} x_i (x) x_i||, without phases.

    ``overlaps``: A_j where the caller has them already (the kernel s has lambda 1).
    """
    if len(model.heads) > 1 or not model.heads[0].is_plain:
        return PrefixLoss(None, "it is defined for one head without key shift and conjugation only")
    if model.kernel != (0.0, 1.0) or model.mask != "causal":
        return PrefixLoss(None, "it is defined for the monomial kernel of degree 1 and the causal mask only")
    if overlaps is None:
        overlaps, _ = model.scaled_overlaps
    squares = _prefix_norms_squared(model.tokens[:-1])
    # the squares are sums of up to j^2 terms of size 1 that may cancel
    vanishing = np.flatnonzero(squares < 1e-13 * np.arange(1, len(squares) + 1))
    if vanishing.size:
        return PrefixLoss(None, f"the sum of x_i (x) x_i over i <= j is zero for {_positions(vanishing)}")
    mean = abs(complex((overlaps / np.sqrt(squares)).mean()))
    if mean**2 < RESOLUTION:
        return PrefixLoss(None, "the overlaps with the prefix states cancel")
    return PrefixLoss(-2 * math.log(mean) + 0.0, None)


def _prefix_norms_squared(inputs: Numbers) -> NDArray[np.float64]:
    """norm_j^2 = sum_{i, i' <= j} <x_i|x_i'>^2, (T,), by adding row and column j of the Gram matrix each time."""
    context = inputs.shape[0]
    added = np.empty(context)
    step = max(1, BLOCK_ENTRIES // context)
    for start in range(0, context, step):
        rows = slice(start, min(start + step, context))
        squares = ((inputs[rows].conj() @ inputs[: rows.stop].T) ** 2).real
        before = np.arange(start, rows.stop)[:, None] > np.arange(rows.stop)
        added[rows] = 1 + 2 * np.where(before, squares, 0.0).sum(axis=1)
    return np.cumsum(added)
