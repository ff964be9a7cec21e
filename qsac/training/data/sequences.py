"""Data: sequences of words, from a file or from a source that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, Field

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact
from qsac.families.learning import Given
from qsac.families.schema import Count, Seed
from qsac.files import limits
from qsac.files.diagnosis import Location
from qsac.files.fields import ONE_COMPLAINT, Fields, without_default
from qsac.files.pointer import counted
from qsac.training.data import listed_words, sources
from qsac.training.data.contract import Data, Reals
from qsac.training.data.drawing import Split
from qsac.training.data.entropy import entropy
from qsac.training.data.sources import CopyingSource, GrammarSource, MarkovSource, Words
from qsac.training.data.windows import chosen, parted, windows

_DRAWN = 512
_CONTEXT = 8


class FileSource(Fields):
    """Sequences in a file: lists of numbers or of texts in .json, an array of whole numbers in .npy, .npz, .csv or
    .safetensors, words between blanks in the lines of a .txt file.

    ``labels``: what words are called; absent: the texts in the file, in order, or the numbers. The last ``test_share``
    of the sequences is for testing.
    """

    type: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    labels: Annotated[list[str], Field(min_length=1, max_length=limits.VOCABULARY), ONE_COMPLAINT] = Field(
        default=None,  # type: ignore[arg-type]  # as in the file
        json_schema_extra=without_default,
    )
    test_share: Annotated[float, Field(allow_inf_nan=False, gt=0, lt=1)] = 0.2


Source = Annotated[FileSource | CopyingSource | MarkovSource | GrammarSource, Field(discriminator="type")]


class SequencesFields(Fields):
    """Sequences of ``context`` + 1 words, each of which but the first is predicted.

    Absent: 8 for a source that is drawn, whole sequences of a file; those that are longer are cut, one after the other.
    ``train`` and ``test``: so many sequences; absent: all there are, or 512 of a source without an end.
    """

    type: Literal["sequences"]
    source: Source
    context: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # see above
    train: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    test: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    seed: Seed = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the run's


fields = SequencesFields
classes: Mapping[Location, type[BaseModel]] = {
    ("source", "file"): FileSource,
    ("source", "copying"): CopyingSource,
    ("source", "markov"): MarkovSource,
    ("source", "grammar"): GrammarSource,
}
examples: Mapping[str, str] = {
    "source": '"source": {"type": "copying", "letters": 4, "length": 4}',
    "labels": '"labels": ["a", "b", "c"]',
}


def make(fields: SequencesFields, seed: int, folder: Path) -> Data:
    """Sequences of words."""
    source = fields.source
    if isinstance(source, FileSource):
        return _of_file(fields, source, seed, folder)
    length = (_CONTEXT if fields.context is None else fields.context) + 1
    train, test = (_DRAWN if number is None else number for number in (fields.train, fields.test))
    limits.check_sequences(train + test, length, 1, "/data")
    if isinstance(source, CopyingSource):
        drawn = sources.copying(source, length, seed)
        found = {
            Split.TRAIN: chosen(drawn.train, fields.train, seed, Split.TRAIN),
            Split.TEST: chosen(drawn.test, fields.test, seed, Split.TEST),
        }
        truth = drawn.truth[: len(found[Split.TEST])]
        return _data(f"{source.length} letters of {source.letters}, again and again", drawn.labels, found, truth)
    if isinstance(source, MarkovSource):
        drawn, what = sources.markov(source, length, train, test, seed), f"a Markov source of {source.words} words"
    else:
        drawn, what = sources.grammar(length, train, test, seed), "sentences whose verbs agree with their subjects"
    return _data(what, drawn.labels, {Split.TRAIN: drawn.train, Split.TEST: drawn.test}, drawn.truth)


def _of_file(fields: SequencesFields, source: FileSource, seed: int, folder: Path) -> Data:
    labels, listed = listed_words.read(source.path, source.labels, folder)
    streams = parted(listed, source.test_share)
    context = fields.context
    if context is None:
        context = _common_length(listed) - 1
        streams = streams if len(listed) > 1 else {split: [] for split in streams}
    parts = {}
    for split, number in ((Split.TRAIN, fields.train), (Split.TEST, fields.test)):
        found = windows(streams[split], context + 1, context, "/data/context")
        if not len(found):
            raise InvalidInputError(
                f"no sequence is long enough for {split.purpose}",
                code="data.too-few-sequences",
                pointer="/data/context",
                found=f"at most {counted(max(map(len, streams[split]), default=0), 'word')}",
                wanted=f"{context + 1:,}, one more than the context",
                help='a smaller "context" cuts long sequences into several',
            )
        parts[split] = chosen(found, number, seed, split)
    return _data(f"{counted(len(listed), 'sequence')} of a file", labels, parts, None)


def _common_length(listed: list[Words]) -> int:
    """The length of all sequences, at least 2."""
    shortest, longest = (pick(map(len, listed)) for pick in (min, max))
    if shortest != longest or shortest < 2:
        raise InvalidInputError(
            "the sequences differ in length" if shortest != longest else "the sequences are too short",
            code="data.unequal-lengths" if shortest != longest else "data.too-few-sequences",
            pointer="/data/source/path",
            found=f"{shortest:,} to {longest:,} words" if shortest != longest else counted(shortest, "word"),
            wanted='one length, or a "context" to cut them by' if shortest != longest else "at least 2 words",
        )
    return longest


def _data(what: str, labels: tuple[str, ...], parts: dict[Split, Words], truth: Reals | None) -> Data:
    """The data of sequences, and what can be said of them."""
    train, test = parts[Split.TRAIN], parts[Split.TEST]
    shares = np.bincount(train.ravel(), minlength=len(labels)) / train.size
    facts: list[Fact] = [
        ("sequences", f"{what}; {len(train):,} for training, {len(test):,} for testing"),
        ("words", f"{len(labels):,} different ones, {train.shape[1]:,} in a sequence"),
        ("unigram entropy", f"{entropy(shares):.3f} nats a word"),
    ]
    made = Data(
        train=train,
        test=test,
        given=Given(train.shape[1], None, labels=labels),
        shares=shares,
        truth=truth,
    )
    if made.optimum is not None:
        facts.append(("optimum", f"{made.optimum:.3f} nats a word, the test cross entropy of the source itself"))
    return replace(made, facts=tuple(facts))
