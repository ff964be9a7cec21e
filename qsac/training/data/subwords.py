"""Byte-pair encoding by the package ``tokenizers``: learned here, or as a tokenizer.json file says.

Such a file comes from a stranger: what it may hold is listed in :mod:`qsac.families.tokens.tokenizer_parts`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.tokens.tokenizer_parts import unsuitable_part
from qsac.files import limits, strict_json
from qsac.files.pointer import counted, quoted
from qsac.optional import optional_package
from qsac.training.data.files import content

Words = NDArray[np.int64]

_POINTER = "/data/tokens/path"
_LINE = 2**20
_BATCH = 1000


def byte_pairs(
    lines: Sequence[str], learned: Sequence[str], alphabet: Sequence[str], size: int
) -> tuple[tuple[str, ...], list[Words]]:
    """The labels of at most ``size`` words that the lines ``learned`` are best written with, and the words of all
    ``lines``, whose characters are in the ``alphabet``. Blanks are "▁"; each line begins with one."""
    library = _library()
    found = library.Tokenizer(library.models.BPE())
    found.pre_tokenizer = library.pre_tokenizers.Metaspace()
    letters = sorted(letter.replace(" ", "▁") for letter in alphabet)
    trainer = library.trainers.BpeTrainer(vocab_size=size, initial_alphabet=letters, show_progress=False)
    with _one_thread():
        found.train_from_iterator(learned, trainer)
    return _labels(found), _encoded(found, lines)


def given(path: str, folder: Path, lines: Sequence[str]) -> tuple[tuple[str, ...], list[Words], int | None]:
    """The labels of the words of a tokenizer.json file, the words of lines, and the number of the one that stands for
    unknown ones, if there is one.

    Raises :class:`~qsac.errors.InvalidInputError` for a file that is not one, or has parts that are not known to be
    safe, and where a character of the lines is in none of its words.
    """
    library = _library()
    data = content(path, folder, _POINTER, limits.TOKENIZER_FILE_BYTES, "tokenizer")
    try:
        document = strict_json.parse(data, path, "tokenizer")
    except QsacError as error:
        raise _damaged(path, error.title) from None
    if not isinstance(document, dict) or not isinstance(document.get("model"), dict):
        raise _damaged(path, 'no object "model"')
    unsuitable = unsuitable_part(document)
    if unsuitable is not None:
        raise _damaged(path, *unsuitable)
    kind = document["model"]["type"]
    # Words alone are wanted: no special words around a text, nothing cut or filled up.
    text = json.dumps({**document, "post_processor": None, "decoder": None, "truncation": None, "padding": None})
    with _refused(path):
        found = library.Tokenizer.from_str(text)
    longest = max(map(len, lines), default=0)
    if longest > _LINE:
        raise DoesNotFitError(
            "a line of the text is too long for a tokenizer of a file",
            code="capacity.data-too-large",
            pointer=_POINTER,
            found=counted(longest, "character"),
            wanted=f"at most {_LINE:,}",
            help="break the text into lines",
        )
    labels = _labels(found)
    unknown = found.token_to_id(getattr(found.model, "unk_token", None) or "") if kind != "Unigram" else None
    if kind == "BPE" and unknown is None:
        _check_characters(found, lines)
    with _refused(path):
        return labels, _encoded(found, lines), unknown


def _library() -> Any:
    command = "pip install 'qsac[train]'; characters and words need no package"
    return optional_package("tokenizers", "byte-pair encoding", command, pointer="/data/tokens/type")


@contextmanager
def _one_thread() -> Iterator[None]:
    """No threads of the library's, which a later fork of this process would not survive, and complain about."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _labels(found: Any) -> tuple[str, ...]:
    numbers: dict[str, int] = found.get_vocab(with_added_tokens=True)
    limits.check_vocabulary(max([len(numbers), *numbers.values()], default=0), "/data/tokens")
    if sorted(numbers.values()) != list(range(len(numbers))):
        raise InvalidInputError(
            "the words of the tokenizer are not numbered from 0 on",
            code="data.damaged-tokenizer",
            pointer=_POINTER,
            found=f"{counted(len(numbers), 'word')} with numbers up to {max(numbers.values(), default=0):,}",
            wanted="each number once",
        )
    return tuple(sorted(numbers, key=numbers.__getitem__))


def _encoded(found: Any, lines: Sequence[str]) -> list[Words]:
    """The words of lines, a part of them at once, counted on the way."""
    encoded: list[Words] = []
    total = 0
    with _one_thread():
        for first in range(0, len(lines), _BATCH):
            batch = found.encode_batch(lines[first : first + _BATCH], add_special_tokens=False)
            encoded += [np.array(line.ids, dtype=np.int64) for line in batch]
            total += sum(map(len, encoded[first:]))
            limits.check_sequences(1, total, 1, "/data/path")
    return encoded


def _check_characters(found: Any, lines: Sequence[str]) -> None:
    """Whether the model has words for all characters; it leaves out what it has none for, and says nothing."""
    for character in sorted(set().union(*lines)):
        text = found.normalizer.normalize_str(character) if found.normalizer is not None else character
        pieces = found.pre_tokenizer.pre_tokenize_str(text) if found.pre_tokenizer is not None else [(text, None)]
        if not all(found.model.tokenize(letter) for piece, _ in pieces for letter in piece):
            place = next(number for number, line in enumerate(lines) if character in line)
            raise InvalidInputError(
                "the text has a character that the tokenizer does not know",
                code="data.unknown-word",
                pointer=_POINTER,
                found=f"{quoted(character)} in {quoted(lines[place])}",
                wanted="a tokenizer with a word for every character, or with one for unknown ones",
            )


@contextmanager
def _refused(path: str) -> Iterator[None]:
    """Whatever the library complains about is an error of the file; it also panics, which is no Exception."""
    try:
        yield
    except QsacError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise _damaged(path, str(error).split("\n")[0][:200]) from None


def _damaged(
    path: str, what: str, wanted: str = "a tokenizer.json file of the package tokenizers"
) -> InvalidInputError:
    return InvalidInputError(
        "the tokenizer cannot be used",
        code="data.damaged-tokenizer",
        pointer=_POINTER,
        found=f"{quoted(path)}: {what}",
        wanted=wanted,
    )
