"""From lines of text to words: characters, words by a regular expression, or byte-pair encoding.

White space of any length, the ends of lines included, is one blank. Each line begins with one, so that lines can be
split among parts and joined again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.diagnosis import Location
from qsac.files.fields import Fields, without_default
from qsac.files.pointer import quoted
from qsac.training.data import subwords

Words: TypeAlias = NDArray[np.int64]

POINTER = "/data/tokens"
UNKNOWN = "<unknown>"
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""A word with its apostrophes, or a punctuation mark."""

Size = Annotated[int, Field(ge=2, le=limits.VOCABULARY)]


class CharacterTokens(Fields):
    """Each character is a word."""

    type: Literal["characters"]
    lower_case: bool = True


class WordTokens(Fields):
    """Words with their apostrophes, and punctuation marks. ``size``: so many of the most frequent ones; absent: all
    that are in the training part. Others count as one word, "<unknown>"."""

    type: Literal["words"]
    lower_case: bool = True
    size: Size = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all


class BytePairTokens(Fields):
    """Byte-pair encoding into ``size`` words, learned from the training part. Blanks are written "▁"."""

    type: Literal["bpe"]
    lower_case: bool = True
    size: Size


class GivenTokens(Fields):
    """A tokenizer.json file as the package ``tokenizers`` writes it."""

    type: Literal["tokenizer"]
    path: Annotated[str, Field(min_length=1)]


Tokens = Annotated[CharacterTokens | WordTokens | BytePairTokens | GivenTokens, Field(discriminator="type")]

CLASSES: Mapping[Location, type[BaseModel]] = {
    ("characters",): CharacterTokens,
    ("words",): WordTokens,
    ("bpe",): BytePairTokens,
    ("tokenizer",): GivenTokens,
}
"""The kinds; the field's place comes before them."""


@dataclass(frozen=True)
class Tokenised:
    """Lines as words, by their numbers in ``labels``. ``unknown`` is the number of the word that stands for all others,
    None where there is none."""

    labels: tuple[str, ...]
    lines: Sequence[Words]
    unknown: int | None = None


def tokenised(fields: Any, lines: Sequence[str], training: Sequence[bool], folder: Path) -> Tokenised:
    """The words of lines, which have single blanks; what is learned is learned from those that are for ``training``."""
    if isinstance(fields, GivenTokens):
        labels, found, unknown = subwords.given(fields.path, folder, lines)
        return Tokenised(labels, found, unknown)
    if fields.lower_case:
        lines = [line.lower() for line in lines]
    if isinstance(fields, CharacterTokens):
        return _characters(lines)
    if isinstance(fields, WordTokens):
        return _words(lines, training, fields.size)
    return _byte_pairs(lines, training, fields.size)


def _characters(lines: Sequence[str]) -> Tokenised:
    alphabet = sorted({" "}.union(*lines))
    limits.check_vocabulary(len(alphabet), POINTER)
    numbers = {character: number for number, character in enumerate(alphabet)}
    return Tokenised(tuple(alphabet), [_array([numbers[character] for character in f" {line}"]) for line in lines])


def _words(lines: Sequence[str], training: Sequence[bool], size: int | None) -> Tokenised:
    counts: Counter[str] = Counter()
    others: set[str] = set()
    for line, is_training in zip(lines, training, strict=True):
        (counts if is_training else others).update(_WORD.findall(line))
    labels = sorted(counts, key=lambda word: (-counts[word], word))
    if size is not None and size < len(others.union(counts)):
        labels = labels[: size - 1]
    numbers = {word: number for number, word in enumerate(labels)}
    unknown = len(labels) if others.union(counts).difference(numbers) else None
    limits.check_vocabulary(len(labels) + (unknown is not None), POINTER)
    arrays = [_array([numbers.get(word, len(labels)) for word in _WORD.findall(line)]) for line in lines]
    return Tokenised((*labels, *([] if unknown is None else [UNKNOWN])), arrays, unknown)


def _byte_pairs(lines: Sequence[str], training: Sequence[bool], size: int) -> Tokenised:
    alphabet = sorted({" "}.union(*lines))
    if len(alphabet) > size:
        raise InvalidInputError(
            "the vocabulary is smaller than the alphabet",
            code="data.vocabulary-too-small",
            pointer=f"{POINTER}/size",
            found=f"{size:,} words for {len(alphabet):,} characters, among them {quoted(''.join(alphabet)[-20:])}",
            wanted=f"{len(alphabet):,} or more",
            help='a larger "size", or a text with fewer different characters',
        )
    learned = [line for line, is_training in zip(lines, training, strict=True) if is_training]
    labels, found = subwords.byte_pairs(lines, learned, alphabet, size)
    return Tokenised(labels, found)


def _array(numbers: Sequence[int]) -> Words:
    return np.array(numbers, dtype=np.int64)
