"""N-gram counts: the probability of a word by how often it followed the one or two words before it.

Counts are of the training sequences, interpolated with those of shorter contexts (Witten and Bell 1991): with T(h)
different words after a context h that occurs c(h) times, P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h)), where h'
has lost its first word; a word that never occurs has what is left, evenly.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.training.comparisons.contract import Compared
from qsac.training.configuration import Config
from qsac.training.data.contract import Data

Words: TypeAlias = NDArray[np.int64]
Shares: TypeAlias = NDArray[np.float64]

NAMES = ("unigram", "bigram", "trigram")

SOURCE = "the source itself"


def counted(config: Config, data: Data) -> list[Compared]:
    """A row for each of :data:`NAMES`, and one for the source of the words where it is known: no model is better, but
    by chance."""
    if data.given.labels is None:
        raise InvalidInputError(
            "states have no n-grams",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"n-gram" for data that are states',
            wanted="data that are words",
        )
    found: dict[str, list[Shares]] = {}
    parts = {"train": data.train, "test": data.test}
    if data.validation is not None:
        parts["validation"] = data.validation
    for part, sequences in parts.items():
        found[part] = probabilities(data.train, sequences, len(data.given.labels))
    rows = [
        Compared(name, {part: _entropy(shares[order]) for part, shares in found.items()})
        for order, name in enumerate(NAMES)
    ]
    return rows if data.truth is None else [*rows, Compared(SOURCE, {"test": _entropy(data.truth)})]


def probabilities(train: Words, sequences: Words, size: int) -> list[Shares]:
    """The probability of each word of ``sequences`` (S, L) but the first, (S, L - 1), by the counts of ``train``: of
    one word, of two, and of three; of ``size`` different words in all. The second word of a sequence has but one before
    it."""
    shares = np.full((len(sequences), sequences.shape[1] - 1), 1 / size)
    found = []
    for order in range(1, len(NAMES) + 1):
        shares = shares.copy()
        # Words at the beginning, which fewer precede, keep the probability of a shorter context.
        first = max(order - 2, 0)
        known, asked = _grams(train, order, size), _grams(sequences, order, size)
        asked = asked[:, 1:] if order == 1 else asked
        shares[:, first:] = _interpolated(known.ravel(), asked, shares[:, first:], size)
        found.append(shares)
    return found


def _grams(sequences: Words, order: int, size: int) -> Words:
    """A number for each run of ``order`` words, (S, L - order + 1)."""
    length = sequences.shape[1] - order + 1
    grams = np.zeros((len(sequences), max(length, 0)), dtype=np.int64)
    for place in range(order if length > 0 else 0):
        grams = grams * size + sequences[:, place : place + length]
    return grams


def _interpolated(known: Words, asked: Words, shorter: Shares, size: int) -> Shares:
    """The probabilities of the last words of runs, by those that are known and the probabilities without their first
    words."""
    if not known.size:
        return shorter
    runs, counts = np.unique(known, return_counts=True)
    contexts, places = np.unique(runs // size, return_inverse=True)
    totals, kinds = np.bincount(places, weights=counts), np.bincount(places)
    own = _looked_up(runs, counts, asked)
    total, kind = (_looked_up(contexts, numbers, asked // size) for numbers in (totals, kinds))
    seen = total > 0
    result: Shares = np.where(seen, (own + kind * shorter) / np.where(seen, total + kind, 1), shorter)
    return result


def _looked_up(names: Words, numbers: NDArray[np.number], asked: Words) -> Shares:
    """The number of each name that is asked for, 0 where there is none."""
    places = np.minimum(np.searchsorted(names, asked), len(names) - 1)
    result: Shares = np.where(names[places] == asked, numbers[places], 0).astype(np.float64)
    return result


def _entropy(shares: Shares) -> dict[str, float | None]:
    return {"cross_entropy": float(-np.log(shares).mean())}
