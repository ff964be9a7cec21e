"""Sources of words that are drawn, and known: what no model can do better than is known too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qsac.families.schema import Seed
from qsac.files import limits
from qsac.files.fields import Fields
from qsac.training.data.contract import Reals
from qsac.training.data.drawing import Split, generator

Words: TypeAlias = NDArray[np.int64]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKOV_WORDS = 64


class CopyingSource(Fields):
    """``length`` random letters, again and again. Of all that can be, the share ``held_out`` is for testing only."""

    type: Literal["copying"]
    letters: Annotated[int, Field(ge=2, le=len(_LETTERS))] = 4
    length: Annotated[int, Field(ge=1, le=16)] = 4
    held_out: Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)] = 0.25


class MarkovSource(Fields):
    """Words that depend on the two before them. The table of their probabilities is drawn once, by ``seed``, from a
    Dirichlet distribution of this ``concentration``; the first two words are drawn evenly."""

    type: Literal["markov"]
    words: Annotated[int, Field(ge=2, le=_MARKOV_WORDS)] = 4
    concentration: Annotated[float, Field(allow_inf_nan=False, ge=1e-3, le=1e3)] = 0.5
    seed: Seed = 0


class GrammarSource(Fields):
    """Clauses such as "they often often sing" with "and" between them: the verb agrees with the latest subject."""

    type: Literal["grammar"]


@dataclass(frozen=True)
class Drawn:
    """Sequences (S, L) of words that are called ``labels``, and the probabilities (S, L-1) of the test words after the
    first one, given those before them, by what wrote them."""

    labels: tuple[str, ...]
    train: Words
    test: Words
    truth: Reals


def copying(fields: CopyingSource, length: int, seed: int) -> Drawn:
    """All that there are, in a random order."""
    limits.check_vocabulary(fields.letters**fields.length, "/data/source/length")
    total = fields.letters**fields.length
    limits.check_sequences(total, length, 1, "/data/context")
    heads = np.array(list(product(range(fields.letters), repeat=fields.length)), dtype=np.int64)
    heads = generator(seed, Split.TRAIN, 0).permutation(heads)
    sequences = np.tile(heads, -(-length // fields.length))[:, :length]
    held = min(max(1, round(fields.held_out * total)), total - 1)
    truth = np.where(np.arange(1, length) < fields.length, 1 / fields.letters, np.ones((held, 1)))
    return Drawn(_numbered(fields.letters), sequences[held:], sequences[:held], truth)


def markov_table(fields: MarkovSource) -> Reals:
    """P(next | last but one, last), (M, M, M)."""
    shape = (fields.words, fields.words)
    return np.random.default_rng(fields.seed).dirichlet(np.full(fields.words, fields.concentration), size=shape)


def markov(fields: MarkovSource, length: int, train: int, test: int, seed: int) -> Drawn:
    """So many sequences of each part."""
    table = markov_table(fields)
    train_words, test_words = (
        _walks(table, number, length, generator(seed, split, 0))
        for split, number in ((Split.TRAIN, train), (Split.TEST, test))
    )
    truth = np.full((test, length - 1), 1 / fields.words)
    truth[:, 1:] = table[test_words[:, :-2], test_words[:, 1:-1], test_words[:, 2:]]
    return Drawn(_numbered(fields.words), train_words, test_words, truth)


def _walks(table: Reals, number: int, length: int, rng: np.random.Generator) -> Words:
    words = np.empty((number, length), dtype=np.int64)
    words[:, :2] = rng.integers(len(table), size=(number, 2))[:, :length]
    for place in range(2, length):
        limit = table[words[:, place - 2], words[:, place - 1]].cumsum(axis=1)
        words[:, place] = (rng.random((number, 1)) * limit[:, -1:] < limit).argmax(axis=1)
    return words


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(_LETTERS[:count]) if count <= len(_LETTERS) else tuple(map(str, range(count)))


GRAMMAR = ("she", "they", "often", "sings", "sing", "and")
_SHE, _THEY, _OFTEN, _SINGS, _SING, _AND = range(len(GRAMMAR))


def following(words: Sequence[int]) -> tuple[int, ...]:
    """What may come next in a sentence of the grammar, each as often."""
    if not words or words[-1] == _AND:
        return _SHE, _THEY
    if words[-1] in (_SINGS, _SING):
        return (_AND,)
    subject = next(word for word in reversed(words) if word in (_SHE, _THEY))
    return _OFTEN, (_SINGS if subject == _SHE else _SING)


def grammar(length: int, train: int, test: int, seed: int) -> Drawn:
    """So many sentences of each part."""
    train_words, test_words = (
        np.array([_sentence(length, rng) for rng in [generator(seed, split, 0)] for _ in range(number)], dtype=np.int64)
        for split, number in ((Split.TRAIN, train), (Split.TEST, test))
    )
    truth = [[1 / len(following(row[:place])) for place in range(1, length)] for row in test_words.tolist()]
    return Drawn(GRAMMAR, train_words, test_words, np.array(truth))


def _sentence(length: int, rng: np.random.Generator) -> list[int]:
    words: list[int] = []
    while len(words) < length:
        choices = following(words)
        words.append(choices[rng.integers(len(choices))])
    return words
