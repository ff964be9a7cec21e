"""Sequences of words in files: .json, .txt, and arrays of whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.tokens.file import file_series
from qsac.files import limits, strict_json
from qsac.files.pointer import counted, kind, nearest, quoted
from qsac.training.data import files

Words: TypeAlias = NDArray[np.int64]

_POINTER = "/data/source/path"
_LABELS = "/data/source/labels"


def read(path: str, labels: Sequence[str] | None, folder: Path) -> tuple[tuple[str, ...], list[Words]]:
    """What words are called, and the sequences of the file, at least one, each (L,).

    Words that are texts are numbered as ``labels`` are, or in the order of the texts; words that are numbers are called
    ``labels``, or by their numbers. Raises :class:`~qsac.errors.InvalidInputError`.
    """
    if labels is not None and len(set(labels)) < len(labels):
        seen: set[str] = set()
        twice = next(label for label in labels if label in seen or seen.add(label))  # type: ignore[func-returns-value]
        raise InvalidInputError(
            "two words have the same label",
            code="words.repeated-label",
            pointer=_LABELS,
            found=quoted(twice),
            wanted="a label for each word",
        )
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".txt":
        lines = files.text(path, folder, _POINTER, limits.TEXT_FILE_BYTES).splitlines()
        given: list[Any] = [words for words in map(str.split, lines) if words]
    elif suffix == ".json":
        given = _lists(strict_json.parse(_content(path, folder), path, "data file"))
    else:
        return _numbered(_whole(file_series(path, folder, _POINTER), path), labels)
    if not given:
        raise _invalid("no sequence", "at least one")
    limits.check_sequences(1, sum(map(len, given)), 1, _POINTER)
    if isinstance(given[0][0], str):
        return _named(given, labels)
    return _numbered([np.array(words, dtype=np.int64) for words in given], labels)


def _content(path: str, folder: Path) -> bytes:
    return files.content(path, folder, _POINTER, limits.MODEL_FILE_BYTES, "data file")


def _lists(document: object) -> list[list[Any]]:
    """A list of lists of words, or one list of them: whole numbers from 0 on, or texts, all of one kind."""
    if not isinstance(document, list):
        raise _invalid(kind(document), "a list of sequences, each a list of whole numbers or of texts")
    sequences = document if document and isinstance(document[0], list) else [document] if document else []
    first: type | None = None
    for words in sequences:
        if not isinstance(words, list) or not words:
            raise _invalid("an empty sequence" if words == [] else kind(words), "a list of words")
        first = first or type(words[0])
        if first not in (int, str) or set(map(type, words)) != {first}:
            wrong = next(word for word in words if type(word) is not first or first not in (int, str))
            raise _invalid(kind(wrong), "whole numbers in all places, or texts in all places")
        if first is int and not 0 <= min(words) <= max(words) < 2**53:
            raise _invalid(kind(min(words) if min(words) < 0 else max(words)), "whole numbers from 0 on")
    return sequences


def _whole(array: NDArray[Any], path: str) -> list[Words]:
    """The rows of an array of whole numbers."""
    if array.ndim > 2:
        raise _invalid(f"shape {array.shape} in {quoted(path)}", "shape (S, L), or (L,) for one sequence")
    if array.dtype.kind == "c" or (array != np.floor(array)).any() or (array < 0).any() or (array >= 2**53).any():
        raise _invalid(f"other numbers in {quoted(path)}", "whole numbers from 0 on")
    return list(np.atleast_2d(array.astype(np.int64)))


def _named(given: list[list[str]], labels: Sequence[str] | None) -> tuple[tuple[str, ...], list[Words]]:
    found = sorted(set().union(*given)) if labels is None else labels
    limits.check_vocabulary(len(found), _POINTER)
    numbers = {label: number for number, label in enumerate(found)}
    unknown = next((word for words in given for word in words if word not in numbers), None)
    if unknown is not None:
        guess = nearest(unknown, found)
        raise InvalidInputError(
            "a sequence has a word that has no label",
            code="words.unknown-word",
            pointer=_POINTER,
            found=quoted(unknown),
            wanted=f"words among the {counted(len(found), 'label')}",
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )
    return tuple(found), [np.array([numbers[word] for word in words], dtype=np.int64) for words in given]


def _numbered(given: list[Words], labels: Sequence[str] | None) -> tuple[tuple[str, ...], list[Words]]:
    most = 1 + max(int(words.max()) for words in given)
    if labels is None:
        limits.check_vocabulary(most, _POINTER)
        return tuple(map(str, range(most))), given
    if most > len(labels):
        raise InvalidInputError(
            "a sequence has a word that has no label",
            code="words.unknown-word",
            pointer=_POINTER,
            found=f"the word {most - 1:,}",
            wanted=f"0 to {len(labels) - 1:,}, as there are {counted(len(labels), 'label')}",
        )
    return tuple(labels), given


def _invalid(found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the data file does not hold sequences of words",
        code="data.wrong-shape",
        pointer=_POINTER,
        found=found,
        wanted=wanted,
    )
