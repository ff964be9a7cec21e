"""What an import says of itself: each piece of the model with its fate and a number, and the distance from the
original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from qsac.importing.calibration import Calibrated
from qsac.importing.folding import has_free_direction
from qsac.importing.original import Exchange, Layer, Original, Real, StandIns, Trace, forward, probabilities

_ZERO = 1e-6
"""Biases of keys that were trained stay as long as that: their gradient is zero but for rounding."""

Fate = Literal["taken", "folded", "approximated", "given up"]


@dataclass(frozen=True)
class Piece:
    """One piece of the original.

    ``number`` says how well or how much, and ``of`` what that number is. ``effect``: how far the original is from
    itself if this piece alone is replaced, as :func:`distance_between` measures it; None where that is not asked.
    """

    part: str
    fate: Fate
    number: float
    of: str
    effect: float | None = None


@dataclass(frozen=True)
class Distance:
    """How far the model's closed form is from the original, over all ``positions`` of the inputs.

    With a vocabulary: the mean and the largest total variation between the distributions of the next word, the share of
    positions at which the likeliest word is the same, and both cross entropies in nats where the next words are known.
    Without: the mean of the closed form's fidelity and token_fidelity with the original's output rows. For a head
    as quantum attention: the total variation of its output, measured in the computational basis. None: not defined.
    """

    positions: int
    total_variation: float | None = None
    largest: float | None = None
    same_word: float | None = None
    cross_entropy: float | None = None
    original_cross_entropy: float | None = None
    fidelity: float | None = None
    token_fidelity: float | None = None
    success_probability: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Every field by its name."""
        return asdict(self)


def distance_between(model: Original, one: Trace, other: Trace, stand_ins: StandIns, *, head: bool = False) -> float:
    """The mean total variation of the next word between two traces, or, without a vocabulary, the mean infidelity of
    the output rows. ``head``: the second one's words are read as amplitudes."""
    if model.vocabulary is not None:
        pair = probabilities(model, one), probabilities(model, other, stand_ins, head)
        return float(np.abs(pair[0] - pair[1]).sum(axis=1).mean() / 2)
    overlaps = (one.outputs * other.outputs).sum(axis=1)
    lengths = np.linalg.norm(one.outputs, axis=1) * np.linalg.norm(other.outputs, axis=1)
    return float(np.mean(1 - np.divide(overlaps, lengths, out=np.ones_like(lengths), where=lengths > 0) ** 2))


def pieces(
    model: Original, found: Calibrated, inputs: Sequence[Real], traces: Sequence[Trace], constant: bool
) -> tuple[Piece, ...]:
    """What became of every piece of a model that was imported as a transformer."""
    return _Pieces(model, found, inputs, traces, constant).listed()


class _Pieces:
    def __init__(
        self, model: Original, found: Calibrated, inputs: Sequence[Real], traces: Sequence[Trace], constant: bool
    ) -> None:
        self.model, self.found, self.inputs, self.traces, self.constant = model, found, inputs, traces, constant

    def listed(self) -> tuple[Piece, ...]:
        model, rows = self.model, []
        centred = has_free_direction(model)
        for name, table in (("embedding", model.embedding), ("position", model.position)):
            if table is not None:
                rows.append(_exact(name, "folded" if centred else "taken", table, ", their means taken off" * centred))
        for place, layer in enumerate(model.layers):
            rows += self._layer(place, layer)
        if model.last is not None:
            rows += self._norm("norm", (-1, "norm"), self.found.last_off, self.found.stand_ins.last, self._folds_head)
        if model.vocabulary is not None:
            rows += self._head(model.vocabulary)
        return tuple(rows)

    @property
    def _folds_head(self) -> bool:
        return self.constant or self.model.vocabulary is None

    def _layer(self, place: int, layer: Layer) -> list[Piece]:
        model, found, attention, name = self.model, self.found, layer.attention, f"layers.{place}"
        stand_in = found.stand_ins.layers[place]
        rows: list[Piece] = []
        off = found.rows_off[place]
        if layer.first is not None:
            folds = self.constant or not model.norms_before
            rows += self._norm(f"{name}.norm1", (place, "norm1"), off[0], stand_in.first, folds)
        fate: Fate = "folded" if layer.first is not None and model.norms_before else "taken"
        for part in ("query", "key", "value", "output"):
            rows.append(_exact(f"{name}.{part}", fate if part != "output" else "folded", getattr(attention, part)))
        rows += self._biases(place, layer)
        degree = len(stand_in.coefficients) - 1
        weights, sums = found.weights_off[place]
        text = f"mean total variation of the weights: degree {degree}, scores up to {found.scores[place]:.3g}"
        effect = self._effect((place, "exponential"))
        rows.append(Piece(f"{name}.softmax", "approximated", weights, text, effect))
        text, effect = "rms error of the weights' sums", self._effect((place, "denominator"))
        rows.append(Piece(f"{name}.softmax.denominator", "given up", sums, text, effect))
        if layer.second is not None:
            rows += self._norm(f"{name}.norm2", (place, "norm2"), off[1], stand_in.second, True)
        if layer.feed_forward is not None:
            for part in ("input", "input_bias", "output", "output_bias"):
                array = getattr(layer.feed_forward, part)
                if array.any():
                    rows.append(_exact(f"{name}.feed_forward.{part}", "folded", array))
            degree = len(stand_in.activation) - 1
            text = f"largest error of degree {degree} on |x| <= {stand_in.preactivation:.3g} ({model.activation})"
            error = found.activation_off[place]
            effect = self._effect((place, "activation"))
            rows.append(Piece(f"{name}.activation", "approximated", error or 0.0, text, effect))
        return rows

    def _biases(self, place: int, layer: Layer) -> list[Piece]:
        attention, name, rows = layer.attention, f"layers.{place}", []
        lost = self.found.stand_ins.layers[place].query_loss
        if attention.query_bias.any() or lost.any():
            if self.constant:
                rows.append(_exact(f"{name}.query_bias", "folded", attention.query_bias, " into a constant"))
            else:
                text = "length of the constant part of the queries (an offset before them included)"
                effect = self._effect((place, "query"))
                rows.append(Piece(f"{name}.query_bias", "given up", float(np.linalg.norm(lost)), text, effect))
        number = float(np.linalg.norm(attention.key_bias))
        if number > _ZERO:
            text = "length of the bias, which no softmax sees"
            rows.append(Piece(f"{name}.key_bias", "given up", number, text, 0.0))
        for part in ("value_bias", "output_bias"):
            if getattr(attention, part).any():
                rows.append(_exact(f"{name}.{part}", "folded", getattr(attention, part), " into later biases"))
        return rows

    def _norm(self, name: str, exchange: Exchange, off: float | None, fixed: float | None, folds: bool) -> list[Piece]:
        effect = self._effect(exchange)
        division = Piece(f"{name}.division", "given up", off or 0.0, f"rms error of dividing by {fixed:.4g}", effect)
        norm = self._norm_at(exchange)
        rows = [division, _exact(f"{name}.gain", "folded", norm.gain, " with the mean removal")]
        if norm.offset.any() and folds:
            rows.append(_exact(f"{name}.offset", "folded", norm.offset))
        elif norm.offset.any():
            number = float(np.linalg.norm(norm.offset))
            what = "logits" if exchange[0] < 0 else "queries"
            rows.append(Piece(f"{name}.offset", "given up", number, f"length of the offset, for {what}"))
        return rows

    def _norm_at(self, exchange: Exchange) -> Any:
        place, kind = exchange
        if place < 0:
            return self.model.last
        return self.model.layers[place].first if kind == "norm1" else self.model.layers[place].second

    def _head(self, vocabulary: Real) -> list[Piece]:
        slope = self.found.stand_ins.slope
        effect = self._mean(
            [distance_between(self.model, trace, trace, self.found.stand_ins, head=True) for trace in self.traces]
        )
        if slope is None:
            text = "mean total variation of squared logits, without their constant part, from the softmax"
        else:
            text = f"mean total variation of the squares of 1 + {slope:.3g} (z - mean z) from the softmax"
        rows = [_exact("vocabulary", "folded" if slope is not None else "taken", vocabulary)]
        return [*rows, Piece("head.softmax", "approximated", effect, text, effect)]

    def _effect(self, exchange: Exchange) -> float:
        """How far the original is from itself with one piece exchanged."""
        stand_ins = self.found.stand_ins
        return self._mean(
            [
                distance_between(self.model, trace, forward(self.model, rows, stand_ins, {exchange}), stand_ins)
                for rows, trace in zip(self.inputs, self.traces, strict=True)
            ]
        )

    def _mean(self, values: list[float]) -> float:
        counts = [len(rows) for rows in self.inputs]
        return float(np.average(values, weights=counts))


def _exact(part: str, fate: Fate, array: Real, more: str = "") -> Piece:
    return Piece(part, fate, float(array.size), f"numbers{more}", 0.0)
