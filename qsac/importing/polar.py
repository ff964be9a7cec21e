"""One head of a trained model as the section ``attention``: the unitaries nearest to its score and value matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.importing.options import KernelChoice
from qsac.importing.original import Layer, LayerTrace, Original, Real, forward, seen, softmax
from qsac.importing.report import Distance, Piece

FAR = 0.5
"""Spectral distance from which on a matrix is no unitary at all: some direction shrinks to half, or grows by half."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The unitary nearest to a matrix M up to a factor (its polar factor; Fan and Hoffman 1955).

    ``factor``: the mean singular value. ``spectral`` and ``frobenius``: the norms of M / factor - unitary, the second
    one divided by sqrt(d), so that both are 0 for a multiple of a unitary and 1 if M has nothing of one.
    """

    unitary: Real
    factor: float
    spectral: float
    frobenius: float


def nearest_unitary(matrix: Real, free: Real | None = None, what: str = "matrix") -> Nearest:
    """The polar factor of a real (d, d) matrix. ``free`` (d,): a direction of length 1 that rows never have a part in;
    the unitary keeps it, and the distances are of the others."""
    size = len(matrix)
    if free is not None:
        projection = np.eye(size) - np.outer(free, free)
        matrix = projection @ matrix @ projection
    left, values, right = np.linalg.svd(matrix)
    kept = values if free is None else values[:-1]
    factor = float(kept.mean()) if len(kept) else 0.0
    if factor <= 0 or not np.isfinite(factor):
        raise InvalidInputError(
            f"the {what} of the head is zero",
            code="import.zero-matrix",
            found="all singular values 0" if factor == 0 else "an overflow",
            wanted="a matrix with a nearest unitary",
            help="choose another head or layer",
        )
    if free is not None:
        left, _, right = np.linalg.svd(matrix + factor * np.outer(free, free))
    off = kept / factor - 1
    return Nearest(left @ right, factor, float(np.abs(off).max()), float(np.sqrt(np.mean(off**2))))


def as_attention(
    model: Original, layer: int, head: int, own: Real, inputs: Sequence[Real], kernel: KernelChoice, name: str
) -> tuple[dict[str, Any], tuple[Piece, ...], Distance, str | None]:
    """The model file's fields for one head on its ``own`` rows; its pieces, its distance from the head on the
    ``inputs``, and a sentence where the unitaries are too far from the matrices, else None."""
    own_trace, *traces = (forward(model, rows) for rows in (own, *inputs))
    given = model.layers[layer]
    normed = model.norms_before and given.first is not None
    rows = [_rows(trace.layers[layer], normed=normed) for trace in traces]
    free = None
    gain = np.ones(model.dimension)
    if normed and given.first is not None:
        gain, free = given.first.gain, np.full(model.dimension, model.dimension**-0.5)
    lengths = np.concatenate([np.linalg.norm(one, axis=1) for one in rows])
    squared = float(model.dimension) if normed else float((lengths**2).mean())
    attention = given.attention
    score = gain[:, None] * (attention.query[head].T @ attention.key[head]) * gain
    value = attention.output[head] @ attention.value[head] * gain
    nearest_score = nearest_unitary(score, free, "score matrix")
    nearest_value = nearest_unitary(value, free, "value matrix")

    scale = nearest_score.factor * squared
    fields: dict[str, Any] = {
        "qsac": 1,
        "name": name,
        "tokens": {"type": "inline", "values": _rows(own_trace.layers[layer], normed=normed)},
        "attention": {
            "type": "overlap",
            "mask": model.mask,
            "kernel": _kernel(kernel, attention.temperature, scale),
            "value": {"type": "matrix", "entries": nearest_value.unitary.astype(complex)},
            "score": {"type": "matrix", "entries": nearest_score.unitary.astype(complex)},
        },
    }
    found = [
        _unitary("score", nearest_score, attention.query.shape[1], model.dimension - normed),
        _unitary("value", nearest_value, attention.value.shape[1], model.dimension - normed),
        *_rest(given, head, lengths, normed),
    ]
    distance = _distance(model, fields, rows, layer, head, [trace.layers[layer].read for trace in traces])
    far = [piece.part for piece in found[:2] if piece.number > FAR]
    advice = None
    if far:
        advice = (
            f"the {' and the '.join(far)} of this head {'is' if len(far) == 1 else 'are'} far from any unitary: "
            'section="transformer" takes general matrices as they are'
        )
    return fields, tuple(found), distance, advice


def _rows(trace: LayerTrace, *, normed: bool) -> Real:
    """What stands for the rows that a head reads: with a layer norm before, its input without the means."""
    return trace.before_first - trace.before_first.mean(axis=1, keepdims=True) if normed else trace.read


def _unitary(part: str, nearest: Nearest, rank: int, size: int) -> Piece:
    """What became of a matrix: its spectral distance from the unitary."""
    text = f"spectral distance from the nearest unitary; Frobenius {nearest.frobenius:.3g}"
    if rank < size:
        text += f"; of rank {rank} at most, in {size} dimensions"
    return Piece(part, "approximated", nearest.spectral, text)


def _rest(layer: Layer, head: int, lengths: Real, normed: bool) -> list[Piece]:
    attention, found = layer.attention, []
    if normed:
        found.append(Piece("norm1", "taken", 0.0, "error: rows are normalised on loading, their means taken off"))
    else:
        spread = float(lengths.std() / lengths.mean()) if lengths.mean() else 0.0
        found.append(Piece("lengths", "given up", spread, "relative spread of the rows' lengths, which are normalised"))
    offset = layer.first.offset if normed and layer.first is not None else np.zeros(attention.query.shape[2])
    for part in ("query", "key", "value"):
        bias = getattr(attention, f"{part}_bias")[head] + getattr(attention, part)[head] @ offset
        if bias.any():
            text = "length of the bias (an offset before it included)" + ", which no softmax sees" * (part == "key")
            found.append(Piece(f"{part}_bias", "given up", float(np.linalg.norm(bias)), text))
    return found


def _kernel(choice: KernelChoice, temperature: float, scale: float) -> dict[str, Any]:
    """The kernel for scores of unit rows, of which the head's scores are ``scale`` times as large."""
    if choice.type == "linear":
        return {"type": "monomial", "degree": 1}
    if choice.type == "softmax-taylor":
        factor = (choice.temperature or temperature) * scale
        return {"type": "softmax-taylor", "degree": choice.degree, "temperature": factor}
    numbers = choice.coefficients(temperature, scale)
    return {"type": "polynomial", "coefficients": [number * scale**power for power, number in enumerate(numbers)]}


def _distance(
    model: Original, fields: dict[str, Any], rows: Sequence[Real], layer: int, head: int, read: Sequence[Real]
) -> Distance:
    """Between what the head puts out and what the model predicts, both measured in the computational basis."""
    attention = model.layers[layer].attention
    centring = 1 / model.dimension if model.norms_before and model.layers[layer].first is not None else 0.0
    off, successes = [], []
    for tokens, given in zip(rows, read, strict=True):
        query, key, value = (
            given @ getattr(attention, part)[head].T + getattr(attention, f"{part}_bias")[head]
            for part in ("query", "key", "value")
        )
        weights = softmax(attention.temperature * query @ key.T, seen(model, len(given)))
        wanted = weights @ value @ attention.output[head].T
        wanted = wanted - centring * wanted.sum(axis=1, keepdims=True)
        # Quantum attention's last token is a target: with a full mask, only the query that comes last sees all tokens.
        for place in range(2 if model.mask == "causal" else len(given), len(given) + 1):
            readout = {"type": "predict", "position": place}
            asked = load(fields | {"tokens": {"type": "inline", "values": tokens}, "readout": readout})
            result = asked.readout.closed_form(asked)
            probabilities = np.array(result.values["predictions"]["probabilities"], dtype=float)[: model.dimension]
            squares = wanted[place - 1] ** 2
            if squares.sum() > 0 and np.isfinite(probabilities).all():
                off.append(float(np.abs(squares / squares.sum() - probabilities).sum() / 2))
                successes.append(result.success_probability or 0.0)
    mean, largest = (float(np.mean(off)), max(off)) if off else (None, None)
    return Distance(len(off), mean, largest, success_probability=float(np.mean(successes)) if off else None)
