"""What counts and floors say of a text before anything learns it: `python -m tests.bench.text_table` prints a table.

Cross entropies in nats a word on the test blocks of corpus/pentateuch.txt (`make corpus`): of unigram, bigram and
trigram counts, smoothed as Witten and Bell (1991) have it; and the floors that embeddings of some dimensions have.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qsac.training.data.entropy import floor
from qsac.training.data.making import data_of, kinds
from tests.bench.corpus import CORPUS
from tests.bench.table import table

Words = NDArray[np.int64]

SIZES = (0, 64, 128, 256, 512)
"""Vocabularies of byte-pair encoding; 0 for characters."""
DIMENSIONS = (8, 16, 32, 64)
CONTEXT = 255


def witten_bell(train: Words, test: Words, words: int, order: int) -> NDArray[np.float64]:
    """The probabilities of the words ``test[:, order - 1:]`` by how often words follow ``order`` - 1 others in
    ``train``: (c(w) + t p'(w)) / (n + t), where n words, t of them different, were seen there, and p' is the
    probability by one word less, at last 1 / ``words``."""

    def keys(sequences: Words, length: int) -> Words:
        """The numbers of all runs of so many words that end at each place from ``order`` - 1 on."""
        found = np.zeros(sequences[:, order - 1 :].shape, dtype=np.int64)
        for back in reversed(range(length)):
            found = found * words + sequences[:, order - 1 - back : sequences.shape[1] - back]
        return found

    def count(of: Words, among: Words) -> Words:
        values, numbers = np.unique(among, return_counts=True)
        places = np.minimum(np.searchsorted(values, of), len(values) - 1)
        return np.where(values[places] == of, numbers[places], 0)

    chances = np.full(test[:, order - 1 :].shape, 1 / words)
    for length in range(1, order + 1):
        seen, asked = keys(train, length), keys(test, length)
        before = asked // words
        total, different = count(before, seen // words), count(before, np.unique(seen) // words)
        weight = np.maximum(total + different, 1)
        chances = np.where(total > 0, (count(asked, seen) + different * chances) / weight, chances)
    return chances


def row(path: Path, size: int) -> list[str]:
    """A row of the table: one vocabulary."""
    tokens = {"type": "bpe", "size": size} if size else {"type": "characters"}
    given = {"type": "text", "path": path.name, "tokens": tokens, "context": CONTEXT}
    data = data_of(kinds()["text"].fields.model_validate(given), 0, path.parent)
    labels = data.given.labels or ()
    nats = [-np.log(witten_bell(data.train, data.test, len(labels), order)).mean() for order in (1, 2, 3)]
    floors = [floor(data, dimension) or 0 for dimension in DIMENSIONS]
    return [str(len(labels)), f"{data.characters:.2f}", *(f"{value:.2f}" for value in (*nats, *floors))]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.text_table", description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=CORPUS)
    options = parser.parse_args()
    head = ["words", "characters each", "unigram", "bigram", "trigram", *(f"floor d = {d}" for d in DIMENSIONS)]
    print(table(head, [row(options.path, size) for size in SIZES]))


if __name__ == "__main__":
    main()
