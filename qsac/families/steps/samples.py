"""Samples: what a list of steps is run on, one or many of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.steps.model import Shape
from qsac.families.steps.normal_form import Real
from qsac.families.tokens.file import file_series
from qsac.files import limits, strict_json
from qsac.files.numbers import checked_list, finite_row
from qsac.files.pointer import counted, join, kind
from qsac.files.source import read_file

SAMPLES = 1 << 20
"""Most samples of one file."""


def sample_of(given: object, shape: Shape, pointer: str) -> Real:
    """A sample of the shape that a model takes: a vector (F,) or a sequence (T, F), read-only.

    Raises :class:`~qsac.errors.InvalidInputError` with the place of what does not fit.
    """
    if isinstance(given, np.ndarray):
        found = np.array(given, dtype=np.float64)
        if found.ndim not in (1, 2) or not np.isfinite(found).all():
            raise InvalidInputError(
                "a sample is not an array of finite numbers",
                code="inputs.wrong-shape",
                pointer=pointer,
                found=f"shape {found.shape}",
                wanted="a vector (F,) or a sequence (T, F) of finite numbers",
            )
        _check_rank(found.ndim == 2, shape, pointer)
        _check_width(found.shape[-1], shape, pointer)
    else:
        found = _from_lists(given, shape, pointer)
    if shape.flat is not None and found.size != shape.flat:
        raise InvalidInputError(
            "the sample has another number of entries than the model reads",
            code="inputs.wrong-shape",
            pointer=pointer,
            found=f"{counted(found.size, 'number')} in all",
            wanted=f"{shape.flat:,}: a sequence is flattened, and then read by a step that takes as many",
        )
    found.flags.writeable = False
    return found


def _from_lists(given: object, shape: Shape, pointer: str) -> Real:
    if not isinstance(given, list):
        raise InvalidInputError(
            "a sample is not a list",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=_wanted(shape),
        )
    sequence = bool(given) and isinstance(given[0], list)
    _check_rank(sequence, shape, pointer)
    width = len(given[0]) if sequence else len(given)
    _check_width(width, shape, f"{pointer}/0" if sequence else pointer)
    limits.check_matrices(len(given) * width if sequence else width, pointer)
    if not sequence:
        result = np.empty(width)
        finite_row(given, pointer, result)
        return result
    result = np.empty((len(given), width))
    for place, row in enumerate(given):
        where = join(pointer, place)
        finite_row(checked_list(row, where, width, "number", "as in the first vector"), where, result[place])
    return result


def _check_rank(sequence: bool, shape: Shape, pointer: str) -> None:
    if sequence == (shape.sequence if shape.sequence is not None else sequence):
        return
    raise InvalidInputError(
        "a sample is a vector where a sequence is wanted" if shape.sequence else "a sample is a sequence",
        code="inputs.wrong-shape",
        pointer=pointer,
        found="a sequence of vectors" if sequence else "one vector",
        wanted=_wanted(shape),
    )


def _check_width(width: int, shape: Shape, pointer: str) -> None:
    if shape.width is None or width == shape.width:
        return
    raise InvalidInputError(
        "a vector of the sample has another length than the model takes",
        code="inputs.wrong-shape",
        pointer=pointer,
        found=counted(width, "number"),
        wanted=counted(shape.width, "number") if shape.width else "none: the model has no inputs",
    )


def _wanted(shape: Shape) -> str:
    width = "" if shape.width is None else f" of {counted(shape.width, 'number')}"
    return f"a sequence of vectors{width}" if shape.sequence else f"a vector{width}"


def samples_of(given: object, shape: Shape, pointer: str = "") -> list[Real]:
    """Many samples: of a list, or of an array (B, F) or (B, T, F)."""
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str | bytes):
        raise InvalidInputError(
            "the inputs are not a list of samples",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=f"a list, each item {_wanted(shape)}",
        )
    if not 1 <= len(given) <= SAMPLES:
        raise InvalidInputError(
            "there are no samples, or too many",
            code="inputs.wrong-count",
            pointer=pointer,
            found=counted(len(given), "sample"),
            wanted=f"1 to {SAMPLES:,} samples",
        )
    return [sample_of(one, shape, join(pointer, place)) for place, one in enumerate(given)]


def read_samples(path: str, shape: Shape) -> list[Real]:
    """The samples in a file: a JSON list, or an .npy array of shape (B, F) or (B, T, F)."""
    try:
        if path.endswith((".npy", ".npz", ".safetensors", ".csv")):
            file = Path(path)
            found: Any = file_series(file.name, file.parent, "")
            return samples_of(np.real_if_close(found), shape)
        return samples_of(strict_json.parse(read_file(path, limits.MODEL_FILE_BYTES, "inputs"), path), shape)
    except InvalidInputError as error:
        raise error.located(path) from None
