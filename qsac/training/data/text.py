"""Data: windows of the words of a text, whose blocks of lines are split into a training and a test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field, SkipValidation

from qsac.errors import InvalidInputError
from qsac.families.learning import Given
from qsac.families.schema import Count, Seed
from qsac.files import limits
from qsac.files.diagnosis import Location
from qsac.files.fields import Fields, without_default
from qsac.files.pointer import counted, join, kind
from qsac.training.data import files, tokenising
from qsac.training.data.contract import Data
from qsac.training.data.drawing import Split
from qsac.training.data.entropy import entropy
from qsac.training.data.tokenising import Tokenised, Tokens, Words
from qsac.training.data.windows import chosen, windows

_FILES = 1000


class TextFields(Fields):
    """Windows of ``context`` + 1 words of one text file, or of several; each word but the first is predicted.

    One in every ``test_every`` blocks of ``block`` lines is for testing. Windows begin every ``stride`` words (absent:
    every ``context`` words, so that each word is predicted once), for testing every ``context`` words. ``train`` and
    ``test``: so many of them, drawn by the seed; absent: all.
    """

    type: Literal["text"]
    path: SkipValidation[
        Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1, max_length=_FILES)]
    ]
    tokens: Tokens = Field(tokenising.CharacterTokens(type="characters"))
    context: Count = 32
    stride: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the context
    block: Count = 50
    test_every: Annotated[int, Field(ge=2, le=2**53)] = 10
    train: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    test: Count = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # all
    seed: Seed = Field(default=None, json_schema_extra=without_default)  # type: ignore[assignment]  # the run's


fields = TextFields
classes: Mapping[Location, type[BaseModel]] = {("tokens", *place): found for place, found in tokenising.CLASSES.items()}
examples: Mapping[str, str] = {
    "tokens": '"tokens": {"type": "bpe", "size": 128}',
    "size": '"size": 128',
}


class _Run(NamedTuple):
    """Consecutive lines of one part: their first one and the one after the last one."""

    split: Split
    first: int
    last: int


def make(fields: TextFields, seed: int, folder: Path) -> Data:
    """Windows of words."""
    lines, runs = _lines(fields, folder)
    training = np.zeros(len(lines), dtype=bool)
    for run in runs:
        training[run.first : run.last] = run.split is Split.TRAIN
    found = tokenising.tokenised(fields.tokens, lines, training.tolist(), folder)
    streams = {
        split: [np.concatenate(found.lines[run.first : run.last]) for run in runs if run.split is split]
        for split in (Split.TRAIN, Split.TEST)
    }
    parts = {split: _windows(streams[split], split, fields, seed) for split in streams}
    words = np.concatenate(streams[Split.TRAIN])
    shares = np.bincount(words, minlength=len(found.labels)) / len(words)
    test = np.concatenate(streams[Split.TEST])
    written = sum(len(line) + 1 for line, is_training in zip(lines, training, strict=True) if not is_training)
    characters = written / len(test)
    blocks = [sum(-(-(run.last - run.first) // fields.block) for run in runs if run.split is split) for split in parts]
    return Data(
        train=parts[Split.TRAIN],
        test=parts[Split.TEST],
        given=Given(fields.context + 1, None, labels=found.labels),
        characters=characters,
        shares=shares,
        facts=(
            ("text", f"{counted(sum(map(len, lines)), 'character')} in {counted(len(lines), 'line')}"),
            ("blocks of lines", f"{blocks[0]:,} for training, {blocks[1]:,} for testing"),
            ("words", f"{len(found.labels):,} different ones, {characters:.2f} characters each on average"),
            *_unknown(found, test),
            ("windows", f"{len(parts[Split.TRAIN]):,} for training, {len(parts[Split.TEST]):,} for testing"),
            ("unigram entropy", f"{entropy(shares):.3f} nats a word"),
        ),
    )


def _unknown(found: Tokenised, test: Words) -> list[tuple[str, str]]:
    """How many of the test words have no word of their own."""
    if found.unknown is None:
        return []
    return [("unknown words", f"{100 * np.mean(test == found.unknown):.1f} % of the test words count as one word")]


def _windows(streams: Sequence[Words], split: Split, fields: TextFields, seed: int) -> Words:
    stride = fields.context if split is Split.TEST or fields.stride is None else fields.stride
    found = windows(streams, fields.context + 1, stride, "/data/context")
    if not len(found):
        longest = max(map(len, streams), default=0)
        raise InvalidInputError(
            f"the text is too short: it has no window for {split.purpose}",
            code="data.text-too-short",
            pointer="/data/context",
            found=f"at most {counted(longest, 'word')} in a row",
            wanted=f"{fields.context + 1:,}, one more than the context",
            help='a smaller "context", a larger "block", or a longer text',
        )
    number = fields.train if split is Split.TRAIN else fields.test
    return chosen(found, number, seed, split)


def _lines(fields: TextFields, folder: Path) -> tuple[list[str], list[_Run]]:
    """The lines of all files that hold something, with single blanks; and which of them are for what."""
    lines: list[str] = []
    runs: list[_Run] = []
    blocks = 0
    left = limits.TEXT_FILE_BYTES
    for path, pointer in _paths(fields.path):
        text = files.text(path, folder, pointer, left)
        left -= len(text.encode())
        found = [" ".join(line.split()) for line in text.splitlines()]
        found = [line for line in found if line]
        for first in range(0, len(found), fields.block):
            blocks += 1
            split = Split.TRAIN if blocks % fields.test_every else Split.TEST
            start, end = len(lines) + first, len(lines) + min(first + fields.block, len(found))
            if first and runs[-1].split is split:
                runs[-1] = runs[-1]._replace(last=end)
            else:
                runs.append(_Run(split, start, end))
        lines += found
    if not lines:
        raise InvalidInputError(
            "the text is empty",
            code="data.empty-text",
            pointer="/data/path",
            found="no line that holds something",
            wanted="a text",
        )
    if blocks < fields.test_every:
        size = max(1, len(lines) // fields.test_every)
        raise InvalidInputError(
            "no block of lines is for testing",
            code="data.too-few-sequences",
            pointer="/data/block",
            found=f"{counted(len(lines), 'line')}: {counted(blocks, 'block')}",
            wanted=f"{fields.test_every:,} blocks or more, as one in {fields.test_every:,} is for testing",
            help=f'for example "block": {size}' if len(lines) >= fields.test_every else "break the text into lines",
        )
    return lines, runs


def _paths(given: object) -> list[tuple[str, str]]:
    """The files and the places of their names."""
    named = [(given, "/data/path")]
    if isinstance(given, list) and 1 <= len(given) <= _FILES:
        named = [(path, join("/data/path", place)) for place, path in enumerate(given)]
    for path, pointer in named:
        if not isinstance(path, str) or not path:
            raise InvalidInputError(
                "the path of the text is not a text",
                code="field.wrong-type",
                pointer=pointer,
                found=kind(path),
                wanted=f"the name of a file, or a list of 1 to {_FILES:,} names",
            )
    return [(str(path), pointer) for path, pointer in named]
