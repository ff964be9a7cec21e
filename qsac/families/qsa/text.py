"""Words of a text as tokens: how long their states are, and a model with another text or embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.binding import checked_array, like
from qsac.families.contract import Parameter
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.qsa.readouts.resolution import resolution
from qsac.families.tokens.sequence import normalised
from qsac.families.tokens.text import Text, check_isometry, text_of
from qsac.families.tokens.words import ListedWords, numbered
from qsac.files.pointer import counted, listed

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model


def lengths_of(text: Text) -> NDArray[np.float64]:
    """sqrt(alpha) of the words that are targets, (T,)."""
    return np.sqrt(text.weights[text.sequence[1:]])


def parameters(text: Text) -> dict[str, Parameter]:
    """What can be bound of a text: ``tokens``, the numbers of its words, and its embedding."""
    return {"tokens": Parameter(text.sequence.shape, complex=False), "embedding": like(text.embedding)}


def with_text(model: Model, text: Text, values: Mapping[str, Any]) -> tuple[Model, dict[str, Any]]:
    """The model with another text or embedding of the same shape, and the values that are left.

    ``tokens`` are a text, a list of words, or T+1 of their numbers. Raises :class:`~qsac.errors.InvalidInputError`.
    """
    left = dict(values)
    vocabulary, embedding, sequence = ListedWords(text.words), text.embedding, text.sequence.tolist()
    if "embedding" in left:
        place = "/parameters/embedding"
        embedding = checked_array(left.pop("embedding"), like(embedding), place, "rows of the embedding")
        check_isometry(embedding, place)
    if "tokens" in left:
        sequence = _numbers(left.pop("tokens"), vocabulary, len(sequence))
    made = text_of(vocabulary, embedding, sequence, "/tokens")
    tokens, lengths = made.tokens, lengths_of(made)
    checked_array(tokens, like(model.given_tokens), "/tokens")
    if model.lengths is None and (lengths < 1).any():
        raise InvalidInputError(
            "these words make other circuits than those that the template has",
            code="template.other-circuits",
            pointer="/tokens",
            found="targets whose rows of the embedding are shorter than 1, where those of the template's model are not",
            wanted="targets whose rows have length 1",
            help="compile a template of a model with these words",
        )
    rows, readout = normalised(tokens, model.dimension), model.readout
    if isinstance(readout, Predict) and readout.words is not None:
        readout = replace(readout, **resolution(made.states, model.dimension, "/parameters/embedding"))
    elif isinstance(readout, Predict) and readout.over == "tokens":
        readout = replace(readout, states=rows)
    kept = None if model.lengths is None else lengths
    return replace(model, text=made, tokens=rows, given_tokens=tokens, lengths=kept, readout=readout), left


def _numbers(given: Any, vocabulary: ListedWords, count: int) -> list[int]:
    """T+1 words by their numbers."""
    words = given if isinstance(given, str) else _list(given, vocabulary)
    found = numbered(words, vocabulary, "/tokens") if isinstance(words, str | list) else words.tolist()
    if len(found) != count:
        raise InvalidInputError(
            "the text does not have the template's length",
            code="template.wrong-shape",
            pointer="/tokens",
            found=counted(len(found), "word"),
            wanted=f"{counted(count, 'word')}, as the template was compiled for",
            help="compile a template of a model with as many words",
        )
    return list(found)


def _list(given: Any, vocabulary: ListedWords) -> list[object] | NDArray[np.int64]:
    """A list of words, or their numbers as an array."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError):
        array = np.empty(0)
    if array.ndim == 1 and array.dtype.kind == "U":
        return list(array.tolist())
    numbers = array.dtype.kind in "iuf" and array.ndim == 1
    if numbers and np.array_equal(array, np.floor(array)) and ((array >= 0) & (array < len(vocabulary.words))).all():
        return array.astype(np.int64)
    raise InvalidInputError(
        "the tokens are not words of the text's",
        code="template.wrong-shape",
        pointer="/tokens",
        found=shown(given),
        wanted=f"a text, a list of words, or their numbers from 0 to {len(vocabulary.words) - 1:,}",
        help=f"the words are {listed(vocabulary.words)}",
    )
