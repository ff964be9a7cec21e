"""Labelled samples in files: inputs and targets as arrays."""

from __future__ import annotations

import csv
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError, QsacError
from qsac.families.tokens.file import file_series
from qsac.files import limits, strict_json
from qsac.files.numbers import finite_row
from qsac.files.pointer import counted, describe, join, kind, quoted
from qsac.training.data import files

Real: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["classes", "bits", "numbers"]

POINTER = "/data/path"
BITS = 20
"""Most bits of a target."""

_TESTED, _PARTS = 1, 3
"""In a split: the part that is for testing, and how many parts there are. Of the others, to train and to validate by,
a run draws its own samples to validate by."""


class Labelled(NamedTuple):
    """``inputs`` (S, F) or (S, T, F), F = 0 where there are none; ``targets`` (S, 1): the numbers of classes that are
    called ``labels``, or those that strings of ``width`` bits write; or (S, ``width``) of numbers. ``tested`` (S,) are
    the samples that the file itself says to be for testing, None where it does not say."""

    inputs: Real
    targets: Real
    width: int
    labels: tuple[str, ...]
    tested: NDArray[np.bool_] | None = None


def read(path: str, wanted: Kind, columns: int, folder: Path) -> Labelled:
    """The samples in a file, at least two. ``columns``: how many of a .csv file are targets.

    Raises :class:`~qsac.errors.InvalidInputError` with the pointer of the file's path.
    """
    suffix = PurePosixPath(path).suffix.lower()
    split: object = None
    if suffix == ".json":
        inputs, targets, split = _of_json(path, folder)
    elif suffix == ".csv":
        inputs, targets = _of_csv(path, wanted, columns, folder)
    else:
        inputs, targets, split = _of_arrays(path, folder)
    if len(inputs) != len(targets) and inputs.size:
        raise _invalid(f"{counted(len(inputs), 'input')}, {counted(len(targets), 'target')}", "a target for each input")
    if len(targets) < 2:
        raise _invalid(counted(len(targets), "sample"), "at least 2, one of which is for testing")
    if not inputs.size:
        inputs = np.empty((len(targets), 0))
    tested = None if split is None else _tested(split, len(targets))
    if wanted == "bits":
        return Labelled(inputs, *_bits(targets), (), tested)
    if wanted == "classes":
        return Labelled(inputs, *_classes(targets), tested)
    numbers = _numbers(targets)
    return Labelled(inputs, numbers, numbers.shape[1], (), tested)


def _tested(split: object, count: int) -> NDArray[np.bool_]:
    """Which samples are for testing, by the part of each."""
    parts = split if isinstance(split, list) else [split]
    whole = all(isinstance(part, int | float) and part in range(_PARTS) for part in parts)
    if not whole or len(parts) != count:
        raise _invalid(
            f"{counted(len(parts), 'part')} for {counted(count, 'sample')}"
            if whole
            else "a split with other entries than 0, 1 and 2",
            "for each sample 0 to train, 1 to test or 2 to validate",
        )
    tested: NDArray[np.bool_] = np.array(parts) == _TESTED
    if not tested.any() or tested.all():
        raise _invalid("a split that tests none or all", "some samples of the part 1, to test, and some of others")
    return tested


def _of_json(path: str, folder: Path) -> tuple[Real, list[Any], object]:
    content = files.content(path, folder, POINTER, limits.MODEL_FILE_BYTES, "data file")
    document = strict_json.parse(content, path, "data file")
    if not isinstance(document, dict) or not isinstance(document.get("targets"), list):
        raise _invalid(kind(document), 'an object {"inputs": [[..], ..], "targets": [..]}; without inputs, the targets')
    unknown = next((name for name in document if name not in ("inputs", "targets", "split")), None)
    if unknown is not None:
        raise _invalid(f"the field {quoted(unknown)}", '"inputs", "targets" and "split"')
    return _array(document.get("inputs", []), "/inputs"), document["targets"], document.get("split")


def _of_csv(path: str, wanted: Kind, columns: int, folder: Path) -> tuple[Real, list[Any]]:
    """Rows of inputs and then targets; a first row that has no numbers is a header."""
    text = files.text(path, folder, POINTER, limits.CSV_FILE_BYTES)
    rows = [row for row in csv.reader(text.splitlines()) if row]
    count = columns if wanted == "numbers" else 1
    own = len(rows[0]) - count if rows else 0
    if own < 0 or any(len(row) != own + count for row in rows):
        short = next((number for number, row in enumerate(rows, 1) if own < 0 or len(row) != own + count), 1)
        raise _invalid(f"line {short} of another length", f"in every line the inputs and then {count:,} of targets")
    if rows and own and not _is_number(rows[0][0]):
        rows = rows[1:]
    inputs = np.array([[_number(cell, number) for cell in row[:own]] for number, row in enumerate(rows, 1)])
    if wanted == "numbers":
        return inputs, [[_number(cell, number) for cell in row[own:]] for number, row in enumerate(rows, 1)]
    cells = [row[own].strip() for row in rows]
    if wanted == "classes" and all(map(str.isdigit, cells)):
        return inputs, list(map(int, cells))
    return inputs, list(cells)


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _number(cell: str, line: int) -> float:
    if not _is_number(cell):
        raise _invalid(f"{quoted(cell.strip())} in line {line}", "numbers")
    return float(cell)


def _of_arrays(path: str, folder: Path) -> tuple[Real, list[Any], object]:
    """The arrays ``inputs``, ``targets`` and, where it is there, ``split`` of a .npz or .safetensors file."""
    if PurePosixPath(path).suffix.lower() == ".npy":
        raise _invalid(quoted(path), "a file of two arrays: .npz or .safetensors, or .json or .csv")
    inputs, targets = (_real(file_series(path, folder, POINTER, name), name) for name in ("inputs", "targets"))
    if inputs.ndim == 1:
        inputs = inputs[:, None]
    return inputs, targets.tolist(), _split(path, folder)


def _split(path: str, folder: Path) -> object:
    try:
        return _real(file_series(path, folder, POINTER, "split"), "split").tolist()
    except QsacError as error:
        if error.code == "tokens.unknown-array":
            return None
        raise


def _real(array: Any, name: str) -> Real:
    if np.iscomplexobj(array):
        raise _invalid(f"complex {name}", "real numbers")
    return np.asarray(array, dtype=np.float64)


def _array(given: object, pointer: str) -> Real:
    """Nested lists (S, F) or (S, T, F)."""
    if not isinstance(given, list) or not given:
        return np.empty((0, 0))
    lengths: list[int] = []
    inner: Any = given
    while isinstance(inner, list) and inner and len(lengths) < 4:
        lengths.append(len(inner))
        inner = inner[0]
    if len(lengths) not in (2, 3):
        raise _invalid(f"{kind(given)} at {pointer}", "a vector for each sample, or a sequence of vectors")
    limits.check_sequences(lengths[0], lengths[1], lengths[-1] if len(lengths) == 3 else 1, POINTER)
    result = np.empty(tuple(lengths))
    try:
        _fill(given, pointer, result)
    except QsacError as error:
        raise _invalid(f"{error.found or error.title} at {error.pointer}", error.wanted or "numbers") from None
    return result


def _fill(given: object, pointer: str, into: Real) -> None:
    if not isinstance(given, list) or len(given) != len(into):
        raise _invalid(f"{kind(given)} at {pointer}", "lists of one length")
    if into.ndim == 1:
        finite_row(given, pointer, into)
        return
    for place, value in enumerate(given):
        _fill(value, join(pointer, place), into[place])


def _bits(targets: list[Any]) -> tuple[Real, int]:
    """Texts of 0 and 1, or lists of these numbers, as the numbers that they write, and how many bits there are."""
    strings = []
    for place, target in enumerate(targets):
        if isinstance(target, list) and target and all(bit in (0, 1) for bit in target):
            target = "".join(str(int(bit)) for bit in target)
        if not isinstance(target, str) or not target or set(target) - {"0", "1"}:
            raise _invalid(f"{kind(target)} as target {place}", 'strings of bits, such as "0110"')
        strings.append(target)
    width = len(strings[0])
    other = next((string for string in strings if len(string) != width), None)
    if other is not None or width > BITS:
        raise _invalid(
            f"strings of {width} and {len(other)} bits" if other else counted(width, "bit"),
            f"strings of one length, at most {BITS} bits",
        )
    return np.array([[float(int(string, 2))] for string in strings]), width


def _classes(targets: list[Any]) -> tuple[Real, int, tuple[str, ...]]:
    """Numbers of classes: texts in the order of the alphabet, whole numbers as they are."""
    if all(isinstance(target, str) for target in targets):
        labels = tuple(sorted(set(targets)))
        numbers = {label: number for number, label in enumerate(labels)}
        found = [numbers[target] for target in targets]
    else:
        for place, target in enumerate(targets):
            whole = isinstance(target, int | float) and not isinstance(target, bool) and target == int(target)
            if not whole or not 0 <= target < limits.VOCABULARY:
                raise _invalid(f"{describe(target)} as target {place}", "names of classes, or whole numbers from 0 on")
        found = [int(target) for target in targets]
        labels = tuple(map(str, range(max(found) + 1)))
    if len(labels) < 2:
        raise _invalid(counted(len(labels), "class").replace("classs", "classes"), "at least 2 different ones")
    limits.check_vocabulary(len(labels), POINTER)
    return np.array(found, dtype=np.float64)[:, None], 1, labels


def _numbers(targets: list[Any]) -> Real:
    rows = [target if isinstance(target, list) else [target] for target in targets]
    result = np.empty((len(rows), len(rows[0])))
    try:
        _fill(rows, "/targets", result)
    except QsacError as error:
        raise _invalid(f"{error.found or error.title} at {error.pointer}", "a number, or as many, for each") from None
    return result


def _invalid(found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the file holds no labelled samples",
        code="data.no-samples",
        pointer=POINTER,
        found=found,
        wanted=wanted,
    )
