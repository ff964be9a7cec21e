"""Sequences of words that are continued word by word (:class:`qsac.families.contract.Continues`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qsac.arguments import shown, whole_number
from qsac.errors import InvalidInputError
from qsac.families.contract import Result
from qsac.families.transformer.model import Model
from qsac.families.transformer.reading import read
from qsac.families.transformer.readouts.cross_entropy import NAME
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.families.transformer.schema import ModelFile
from qsac.files.pointer import counted, listed, quoted
from qsac.near import perhaps


def words(model: Model, prompt: str | Sequence[int]) -> tuple[int, ...]:
    """The words of a prompt by their numbers, from 0.

    A text is split at blanks into labels or numbers; where every label is one character, several may stand together. A
    label that looks like a number is the label. Raises :class:`~qsac.errors.InvalidInputError` for a word that there is
    not, for a prompt without words, and for a model that predicts no next words.
    """
    count = _predicted(model)
    labels = None if model.labels is None else model.labels[:count]
    known = f"the numbers 0 to {count - 1:,}" if count > 1 else "the number 0"
    known = known if labels is None else f"{listed(labels)}, or {known}"
    if isinstance(prompt, str):
        found = tuple(word for part in prompt.split() for word in _spelled(part, labels or (), count, known))
    elif isinstance(prompt, Iterable):
        found = tuple(whole_number(word, "word of the prompt", 0, count - 1) for word in prompt)
    else:
        raise InvalidInputError(
            "the prompt is invalid",
            code="option.wrong-type",
            found=shown(prompt),
            wanted="a text of labels or numbers, or a list of numbers",
        )
    if not found:
        raise InvalidInputError(
            "the prompt has no word",
            code="generate.empty-prompt",
            wanted=f"at least one of {known}",
        )
    return found


def label(model: Model, word: int) -> str:
    """A word's label, or its number where there are no labels."""
    return str(word) if model.labels is None else model.labels[word]


def longest(model: Model) -> int | None:
    """How many tokens there are rows for: of learned positions and of fixed scales. None where there are neither."""
    position = model.fields["transformer"]["position"]
    rows = [len(position["values"])] if position["type"] == "add" else []
    rows += [len(layer.factors) for layer in model.layers if layer.factors is not None]
    return min(rows, default=None)


def continued(model: Model, words: Sequence[int]) -> Model:
    """The model with these words, and the word after the last one asked for. Fixed scales are those of the first
    tokens, as learned positions are."""
    transformer = dict(model.fields["transformer"])
    transformer["layers"] = [_shortened(layer, len(words)) for layer in transformer["layers"]]
    readout = {name: value for name, value in model.fields["readout"].items() if name != "targets"}
    fields: dict[str, Any] = {
        **model.canonical,
        "tokens": {**model.canonical["tokens"], "sequence": [int(word) for word in words]},
        "transformer": transformer,
        "readout": {**readout, "positions": "last"},
    }
    return read(ModelFile.model_validate(fields), fields, Path())


def following(model: Model, result: Result) -> tuple[float, ...] | None:
    """The probabilities of the words after the only position asked for, or None where they are not resolved."""
    [prediction] = result.values[NAME]
    found: list[float | None] = prediction["probabilities"]
    known = [value for value in found if value is not None]
    return tuple(known) if len(known) == len(found) else None


def _shortened(layer: dict[str, Any], tokens: int) -> dict[str, Any]:
    norm = layer["norm"]
    return {**layer, "norm": {"scale": norm["scale"][:tokens]}} if isinstance(norm, dict) else layer


def _predicted(model: Model) -> int:
    """How many words there are: all that can be predicted, each of which has to be read again."""
    readout = model.readout
    if model.sequence is None or not isinstance(readout, NextToken):
        raise InvalidInputError(
            "the model does not predict words",
            code="generate.no-next-word",
            pointer="/tokens" if model.sequence is None else "/readout",
            found="tokens that are not words" if model.sequence is None else f"the readout {quoted(readout.type)}",
            wanted='tokens of the type "words" and the readout "next-token"',
        )
    count = len(model.given_tokens)
    if readout.words > count:
        raise InvalidInputError(
            "words can be predicted that cannot be read",
            code="generate.unreadable-word",
            pointer="/readout/vocabulary",
            found=f"{counted(readout.words, 'word')} in the vocabulary, {count:,} in the embedding",
            wanted="a row of the embedding for each word of the vocabulary",
        )
    return readout.words


def _spelled(part: str, labels: Sequence[str], count: int, known: str) -> list[int]:
    """The words of a part of a prompt without blanks. ``known`` says which ones there are."""
    words = {label: word for word, label in enumerate(labels)}
    if part in words:
        return [words[part]]
    if words and all(len(label) == 1 for label in words) and all(letter in words for letter in part):
        return [words[letter] for letter in part]
    # Longer numbers than any word has are not read as such: that would take the square of their length.
    if part.isascii() and part.isdigit() and len(part) <= 15 and int(part) < count:
        return [int(part)]
    raise InvalidInputError(
        "the prompt has a word that the model does not know",
        code="generate.unknown-word",
        found=quoted(part),
        wanted=known,
        help=perhaps(part, words, None),
    )
