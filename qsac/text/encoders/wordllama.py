"""WordLlama: static vectors of the tokens of a language model, and their mean for a text (package wordllama).

Its files are read from the package, whose own code would ask the network for a tokenizer that it brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qsac.families.tokens.tokenizer import TokenizerWords
from qsac.text.encoders.contract import Arrays, Encoder, Reals, Record
from qsac.text.encoders.packaged import Package, Tensors, check_same

PACKAGE = Package("wordllama", "wordllama")
_WEIGHTS = ("weights", "l2_supercat_256.safetensors")
_TOKENIZER = ("tokenizers", "l2_supercat_tokenizer_config.json")


@dataclass(frozen=True, eq=False)
class WordLlama:
    """``rows``: the vector of each token, (M, F)."""

    rows: NDArray[np.float32]
    words: TokenizerWords
    record: Record
    costly: bool = True

    @property
    def arrays(self) -> Arrays:
        return {}

    @property
    def dimension(self) -> int:
        return int(self.rows.shape[1])

    def vectors(self, texts: Sequence[str]) -> Reals:
        found = np.zeros((len(texts), self.dimension))
        for place, text in enumerate(texts):
            tokens = self.words.split(text, "")
            if tokens:
                found[place] = self.rows[tokens].mean(axis=0, dtype=np.float64)
        return found


def fitted(texts: Sequence[str]) -> Encoder:
    """The vectors of the package; nothing is fitted."""
    PACKAGE.check_tokenizers()
    tensors = Tensors(PACKAGE.content(*_WEIGHTS), _WEIGHTS[-1], PACKAGE)
    rows = tensors("embedding.weight", (None, None))
    words = PACKAGE.tokenizer(PACKAGE.content(*_TOKENIZER), _TOKENIZER[-1])
    if len(words.words) > len(rows):
        raise PACKAGE.broken(f"{len(words.words):,} words and {len(rows):,} vectors")
    record = {
        "name": "wordllama",
        "package": PACKAGE.distribution,
        "version": PACKAGE.version,
        "sha256": tensors.digest,
        "dimension": int(rows.shape[1]),
    }
    return WordLlama(rows, words, record)


def restored(record: Record, arrays: Arrays) -> Encoder:
    """The same, if it is the version that ``record`` names."""
    found = fitted(())
    check_same(record, found.record)
    return found
