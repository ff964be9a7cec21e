"""From arrays to a model: the one way through this room."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any, Literal

import numpy as np

from qsac.arguments import whole_number, word
from qsac.errors import InvalidInputError
from qsac.files.numbers import Numbers
from qsac.importing.amplitudes import TakenModel
from qsac.importing.calibration import calibrated, check_scale, check_work
from qsac.importing.collecting import collected
from qsac.importing.folding import Lengths, folded_layers, folded_vocabulary, frame_of
from qsac.importing.imported import INLINE_ENTRIES, Imported, entries, loaded
from qsac.importing.names import NamedArrays, named_arrays, names_of
from qsac.importing.options import Options, activation_fit, kernel_choice, listed_option
from qsac.importing.original import Original, Real, Trace, forward, probabilities
from qsac.importing.polar import as_attention
from qsac.importing.report import Distance, pieces
from qsac.importing.sequences import Words, sequences_of
from qsac.importing.weights import weights_of

_SECTIONS = ("transformer", "attention")
_LENGTHS = tuple(Lengths(constant, passing) for constant in (0.25, 0.5, 1.0, 2.0) for passing in (0.5, 1.0, 2.0, 4.0))


@np.errstate(over="ignore", invalid="ignore")  # numbers that are too large are refused in what they come to
def from_arrays(
    arrays: Mapping[str, Any] | str | os.PathLike[str],
    *,
    names: str | os.PathLike[str] | Mapping[str, Any] = "gpt2",
    heads: int | None = None,
    sequence: Any = None,
    inputs: Any = None,
    kernel: Any = None,
    feed_forward: Any = None,
    section: Literal["transformer", "attention"] = "transformer",
    layer: int = 0,
    head: int = 0,
    widen: bool | None = None,
    positions: Literal["last", "targets"] | Sequence[int] = "last",
    labels: Sequence[str] | None = None,
    name: str = "imported",
) -> Imported:
    """A model of a trained one's arrays: ``model.state_dict()``, any mapping of names to arrays, or the path of a
    .npz or .safetensors file.

    ``names``: ``"gpt2"``, ``"torch"`` (nn.TransformerEncoder), ``"qsac"``, or a table of names: the path of a JSON
    file, or a mapping of its fields. ``heads``: how many heads the stacked matrices are of. ``sequence``: what the
    model file holds: N words by their numbers, or rows (N, d) for models without an embedding. ``inputs``: sequences
    that the stand-ins are fitted to, and that the distance is measured on; the sequence alone by default.

    ``kernel``: what takes the place of the softmax's exponential: the degree of its Taylor series (2 by default), or a
    mapping with ``type`` (softmax-taylor, polynomial, linear), ``degree``, and for polynomials ``range`` or
    ``coefficients``. ``feed_forward``: the degree of the polynomial in place of the activation (2 by default), or a
    mapping with ``degree`` and ``range``, or ``coefficients``. ``widen``: whether states get one more coordinate for a
    constant where no direction is free for it; by default where that takes no qubit.

    ``section="attention"`` makes quantum attention of one ``head`` of one ``layer`` (both from 0): the unitaries
    nearest to its score and value matrices. ``positions`` are those of the readout, ``labels`` the words' texts.

    Raises :class:`~qsac.errors.QsacError` for arrays that are missing, do not fit or are too large.
    """
    if not isinstance(positions, str):
        positions = listed_option(positions, "positions", "whole numbers", index)
    labels = None if labels is None else listed_option(labels, "labels", "texts")
    table = names_of(names)
    found = named_arrays(weights_of(arrays), table)
    word(section, "section", _SECTIONS)
    if table.amplitudes:
        if section == "attention":
            raise InvalidInputError(
                "a model that is taken as it is has no nearest unitaries",
                code="option.unknown-choice",
                found='section="attention"',
                wanted='section="transformer", or names of a transformer with softmax attention',
            )
        taken = TakenModel(found, None if kernel is None else kernel_choice(kernel), activation_fit(feed_forward))
        return _taken(found, taken, sequence, inputs, positions, labels, name)
    model = collected(found, _heads(found, heads))
    chosen = Options(kernel_choice(kernel), activation_fit(feed_forward), widen)
    words = None if model.embedding is None else len(model.embedding)
    longest = None if model.position is None else len(model.position)
    own, *given = sequences_of(sequence, inputs, words, model.dimension, longest)
    check_work(model, [len(one) for one in given])
    if section == "attention":
        place = whole_number(layer, "layer", 0, len(model.layers) - 1)
        one = whole_number(head, "head", 0, len(model.layers[place].attention.query) - 1)
        first, *rows = (model.inputs(each) for each in (own, *given))
        fields, found_pieces, distance, advice = as_attention(model, place, one, first, rows, chosen.kernel, name)
        return Imported(fields, found_pieces, distance, _unused(found), advice)
    return _Import(model, chosen, own, given, positions, labels, name).result(_unused(found))


class _Import:
    """One model on its way to the section ``transformer``."""

    def __init__(
        self,
        model: Original,
        options: Options,
        own: Words | Real,
        given: list[Words | Real],
        positions: Any,
        labels: Sequence[str] | None,
        name: str,
    ) -> None:
        self.model, self.own, self.given = model, own, given
        self.positions, self.labels, self.name = positions, labels, name
        self.inputs = [model.inputs(one) for one in given]
        with np.errstate(over="ignore", invalid="ignore"):
            self.traces = [forward(model, rows) for rows in self.inputs]
        check_scale(self.traces)
        self.options = options
        self.constant = frame_of(model, self.inputs, options, Lengths()).constant is not None
        self.found = calibrated(model, self.traces, options, self.constant)
        self.vocabulary: Real | None = None
        self._fold(self._best_lengths())

    def _best_lengths(self) -> Lengths:
        """The lengths with which a small model's circuits succeed most often on the sequence."""
        best, most = Lengths(), -1.0
        trace = forward(self.model, self.model.inputs(self.own))
        everywhere = list(range(1, len(self.own) + 1))
        for lengths in _LENGTHS if self.constant else sorted({Lengths(1.0, one.passing) for one in _LENGTHS}):
            self._fold(lengths)
            fields = self.fields(self.own, trace, everywhere)
            if entries(fields) > INLINE_ENTRIES:
                return Lengths()
            model = loaded(fields)
            success = model.readout.closed_form(model).success_probability or 0.0
            if success > most:
                best, most = lengths, success
        return best

    def _fold(self, lengths: Lengths) -> None:
        """The section's layers and vocabulary."""
        model, stand_ins = self.model, self.found.stand_ins
        self.frame = frame_of(model, self.inputs, self.options, lengths)
        self.layers, rows = folded_layers(model, stand_ins, self.frame, self.options, lengths)
        self.vocabulary = None
        if model.vocabulary is not None:
            self.vocabulary = folded_vocabulary(model, stand_ins, self.frame, rows)

    def result(self, unused: tuple[str, ...]) -> Imported:
        fates = pieces(self.model, self.found, self.inputs, self.traces, self.constant)
        with np.errstate(over="ignore", invalid="ignore"):
            own = forward(self.model, self.model.inputs(self.own))
        fields = self.fields(self.own, own, self.positions)
        return Imported(fields, fates, self.distance(), unused, None)

    def fields(self, sequence: Words | Real, trace: Trace, positions: Any) -> dict[str, Any]:
        """The model file for a sequence of which the original computes ``trace``."""
        model, frame = self.model, self.frame
        transformer: dict[str, Any] = {"layers": self.layers}
        base = np.zeros(frame.size) if frame.base is None else frame.base
        if model.embedding is None:
            tokens: dict[str, Any] = {"type": "inline", "values": sequence @ frame.write.T + base}
        else:
            embedding = model.embedding @ frame.write.T
            if model.position is not None:
                added = model.position[: len(sequence)] @ frame.write.T + base
                transformer = {"position": {"type": "add", "values": added}, **transformer}
            else:
                embedding = embedding + base
            tokens = _words(embedding, sequence, self.labels)
        readout = _readout(self.vocabulary, positions)
        if self.vocabulary is None:
            readout = {"type": "state-fidelity", "targets": trace.outputs @ frame.write.T}
        return {"qsac": 1, "name": self.name, "tokens": tokens, "transformer": transformer, "readout": readout}

    def distance(self) -> Distance:
        """Between the closed form of the model and the original, on all inputs."""
        closed = []
        for sequence, trace in zip(self.given, self.traces, strict=True):
            everywhere = list(range(1, len(sequence) + 1))
            model = loaded(self.fields(sequence, trace, everywhere))
            closed.append(model.readout.closed_form(model))
        counts = [len(one) for one in self.given]
        successes = [one.success_probability or 0.0 for one in closed]
        success = float(np.average(successes, weights=counts))
        if self.model.vocabulary is None:
            metrics = {
                name: float(np.average([one.metrics[name] or 0.0 for one in closed], weights=counts))
                for name in ("fidelity", "token_fidelity")
            }
            return Distance(sum(counts), **metrics, success_probability=success)
        wanted = np.concatenate([probabilities(self.model, trace) for trace in self.traces])
        got = np.concatenate([_predictions(one.values["predictions"]) for one in closed])
        off = np.abs(wanted - got).sum(axis=1) / 2
        return Distance(
            sum(counts),
            total_variation=float(off.mean()),
            largest=float(off.max()),
            same_word=float(np.mean(wanted.argmax(axis=1) == got.argmax(axis=1))),
            cross_entropy=self._cross_entropy(got),
            original_cross_entropy=self._cross_entropy(wanted),
            success_probability=success,
        )

    def _cross_entropy(self, found: Real) -> float | None:
        """Of the words that follow, over all inputs of words; None where there are none, or one has probability 0."""
        if self.model.embedding is None:
            return None
        logs, start = [], 0
        for sequence in self.given:
            rows = found[start : start + len(sequence) - 1]
            logs.append(rows[np.arange(len(rows)), sequence[1:].astype(np.int64)])
            start += len(sequence)
        chosen = np.concatenate(logs)
        return float(-np.log(chosen).mean()) if len(chosen) and (chosen > 0).all() else None


def _taken(
    arrays: NamedArrays,
    taken: TakenModel,
    sequence: Any,
    inputs: Any,
    positions: Any,
    labels: Sequence[str] | None,
    name: str,
) -> Imported:
    """A model of amplitudes, whose closed form is what it was trained as."""
    words = None if taken.embedding is None else len(taken.embedding)
    head = taken.layers[0]["attention"]["heads"][0]
    widths = [values.shape[1] for part, values in head.items() if part != "output" and values.ndim == 2]
    width = taken.embedding.shape[1] if taken.embedding is not None else (widths or [2])[0]
    longest = None if taken.position is None else len(taken.position)
    own, *_ = sequences_of(sequence, inputs, words, width, longest)
    tokens: dict[str, Any] = {"type": "inline", "values": own}
    if taken.embedding is not None:
        tokens = _words(taken.embedding, own, labels)
    transformer: dict[str, Any] = {"layers": taken.layers}
    if taken.position is not None:
        transformer = {"position": {"type": "add", "values": taken.position[: len(own)]}, **transformer}
    if taken.vocabulary is None:
        raise arrays.missing("vocabulary", {})
    fields = {"qsac": 1, "name": name, "tokens": tokens, "transformer": transformer}
    fields["readout"] = _readout(taken.vocabulary, positions)
    model = loaded(fields)
    closed = model.readout.closed_form(model)
    distance = Distance(0, success_probability=closed.success_probability)
    return Imported(fields, tuple(taken.pieces), distance, _unused(arrays), None)


def _words(embedding: Numbers, sequence: Words | Real, labels: Sequence[str] | None) -> dict[str, Any]:
    tokens: dict[str, Any] = {"type": "words", "embedding": embedding, "sequence": sequence.tolist()}
    return tokens if labels is None else tokens | {"labels": labels}


def _readout(vocabulary: Numbers | None, positions: Any) -> dict[str, Any]:
    return {"type": "next-token", "vocabulary": vocabulary, "positions": positions}


def _predictions(found: Sequence[Mapping[str, Any]]) -> Real:
    return np.array([one["probabilities"] for one in found], dtype=float)


def _heads(arrays: NamedArrays, heads: int | None) -> int:
    if heads is not None:
        return whole_number(heads, "number of heads", 1, 2**16)
    if arrays.has("layers.{l}.query", l=0):
        raise InvalidInputError(
            "the number of heads is missing",
            code="import.no-heads",
            found="one matrix for the queries of all heads, which does not say how many",
            wanted="the number of heads: --heads H, in Python heads=H",
        )
    return 1


def _unused(arrays: NamedArrays) -> tuple[str, ...]:
    return tuple(sorted(set(arrays.weights) - arrays.used))
