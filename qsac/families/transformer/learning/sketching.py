"""From the sketch of a transformer, for some data, to its outline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.learning import Given
from qsac.families.matrices import Matrices
from qsac.families.transformer import schema
from qsac.families.transformer.learning import sketch
from qsac.families.transformer.learning.drawing import Drawing, unknown_text
from qsac.families.transformer.learning.outline import Outline, Place, Tree
from qsac.families.transformer.learning.sketched_layers import layer
from qsac.files import limits
from qsac.files.pointer import counted, join

ROW = 0.5
"""The standard deviation of the entries of embeddings and positions that are drawn."""


def outline_of(given: sketch.TransformerSketch, data: Given, folder: Path) -> Outline:
    """The outline of a sketch. Raises :class:`~qsac.errors.InvalidInputError` for what does not fit the data, and
    :class:`~qsac.errors.DoesNotFitError` before memory is taken."""
    words = data.dimension is None
    _check_kind(given, words=words)
    asked = given.transformer
    is_complex = asked.complex if "complex" in asked.model_fields_set else not (words or data.real)
    length = data.length if words else data.length - 1
    limits.check_overlaps(length, "/transformer")
    drawing = Drawing(Matrices(folder), data.dimension or 0, is_complex)
    fields: dict[str, Tree] = {}
    if words:
        fields["tokens"] = _words(given.tokens, data, drawing)
    position = _position(asked.position, length, drawing)
    rotary = position["type"] == "rotary"
    fields["transformer"] = {
        "position": position,
        "normalise": asked.normalise,
        "layers": [
            layer(one, ("transformer", "layers", number), length, drawing, rotary=rotary)
            for number, one in enumerate(asked.layers)
        ],
    }
    fields["readout"] = _readout(given, data, drawing) if words else {"type": "state-fidelity"}
    if words and any(one.attention.mask == "full" for one in asked.layers):
        raise _sees_target(asked)
    if not drawing.learned:
        raise InvalidInputError(
            "nothing is left to be learned",
            code="train.nothing-to-learn",
            pointer="/transformer",
            wanted='at least one matrix that is "learned", or left out',
        )
    return Outline(fields, drawing.learned, drawing.dimension)


def _check_kind(given: sketch.TransformerSketch, *, words: bool) -> None:
    """Whether tokens and readout are those that go with the data."""
    asked = given.model_fields_set
    if words and "tokens" not in asked:
        raise InvalidInputError(
            "the sketch does not say how long the words' vectors are",
            code="field.missing",
            pointer="",
            wanted='"tokens": {"type": "words", "dimension": 8}',
            help="the data are words, which need an embedding",
        )
    if "tokens" in asked and not words:
        raise InvalidInputError(
            "the data are states, which need no embedding",
            code="train.tokens-for-states",
            pointer="/tokens",
            found="an embedding for words",
            wanted='no field "tokens", or data of words',
        )
    wanted = "next-token" if words else "state-fidelity"
    if "readout" in asked and given.readout.type != wanted:
        raise InvalidInputError(
            "the readout does not go with the data",
            code="train.readout-for-other-data",
            pointer="/readout/type",
            found=f'"{given.readout.type}" for {"words" if words else "states"}',
            wanted=f'"{wanted}"',
        )


def _sees_target(asked: sketch.LayersSketch) -> InvalidInputError:
    number = next(number for number, one in enumerate(asked.layers) if one.attention.mask == "full")
    return InvalidInputError(
        "with this mask every position sees the word that it is to predict",
        code="train.sees-target",
        pointer=f"/transformer/layers/{number}/attention/mask",
        found='"full" for words',
        wanted='"causal"',
    )


def _words(given: sketch.WordsSketch, data: Given, drawing: Drawing) -> dict[str, Tree]:
    labels = data.labels or ()
    asked = given.dimension if "dimension" in given.model_fields_set else None
    pointer = "/tokens/embedding"
    fields: dict[str, Tree] = {"type": "words"}
    if isinstance(given.embedding, str):
        if given.embedding != "learned":
            raise unknown_text(given.embedding, pointer, ("learned",), "a matrix")
        if asked is None:
            raise InvalidInputError(
                "the sketch does not say how long the words' vectors are",
                code="field.missing",
                pointer="/tokens",
                wanted='"dimension": 8, or an "embedding" that is given',
            )
        limits.check_tokens(1, asked, "/tokens/dimension")
        drawing.dimension = asked
        fields["embedding"] = drawing.new(("tokens", "embedding"), (len(labels), asked), ROW)
    else:
        reason = f"the data have {counted(len(labels), 'word')}"
        reason += "" if asked is None else f', and "dimension" is {asked:,}'
        fields["embedding"] = rows = drawing.matrices.read(
            given.embedding, pointer, len(labels), asked, reason, least=2
        )
        drawing.dimension = rows.shape[1]
    return fields | ({"labels": labels} if data.labels is not None else {})


def _position(given: Any, length: int, drawing: Drawing) -> dict[str, Tree]:
    if isinstance(given, schema.NoPosition):
        return {"type": "none"}
    if isinstance(given, schema.RotaryPosition):
        return {"type": "rotary", "base": float(given.base)}
    if isinstance(given, schema.SinusoidalPosition):
        return {"type": "sinusoidal", "scale": float(given.scale), "base": float(given.base)}
    place: Place = ("transformer", "position", "values")
    pointer = join("", *place)
    asked = given.rows if "rows" in given.model_fields_set else None
    if isinstance(given.values, str):
        if given.values != "learned":
            raise unknown_text(given.values, pointer, ("learned",), "a matrix")
        rows = length if asked is None else asked
        values: Tree = drawing.new(place, (rows, drawing.dimension), ROW)
    else:
        values = drawing.matrices.read(
            given.values, pointer, asked, drawing.dimension, f"the tokens have {drawing.dimension:,} entries"
        )
        rows = len(values)
    if rows < length:
        raise InvalidInputError(
            "there are fewer positions than tokens",
            code="matrix.wrong-shape",
            pointer=pointer if asked is None else "/transformer/position/rows",
            found=counted(rows, "row"),
            wanted=f"at least {counted(length, 'row')}: one for each token of a sequence",
        )
    return {"type": "add", "values": values}


def _readout(given: sketch.TransformerSketch, data: Given, drawing: Drawing) -> dict[str, Tree]:
    asked = given.readout if "readout" in given.model_fields_set else None
    vocabulary = asked.vocabulary if isinstance(asked, sketch.NextTokenSketch) else "learned"
    shape = (len(data.labels or ()), drawing.dimension)
    place: Place = ("readout", "vocabulary")
    reason = f"the data have {counted(shape[0], 'word')}, and the tokens {shape[1]:,} entries"
    if isinstance(vocabulary, str) and vocabulary != "learned":
        raise unknown_text(vocabulary, join("", *place), ("learned",), "a matrix")
    matrix = drawing.matrix(vocabulary, place, shape, reason, 1 / np.sqrt(shape[1]))
    return {"type": "next-token", "vocabulary": matrix}
