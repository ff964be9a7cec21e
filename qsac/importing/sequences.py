"""What a model is imported with: the sequence of the model file, and the inputs that stand-ins are fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted
from qsac.importing.original import Real
from qsac.importing.weights import array_of, checked

Words = NDArray[np.int64]


def sequences_of(
    sequence: object, inputs: object, words: int | None, width: int, longest: int | None
) -> list[Words | Real]:
    """The sequence, then the inputs, by default the sequence alone: words by their numbers, (N,), or rows (N, d).

    ``words``: how many there are, None for rows; ``longest``: how many positions the model has, None for any number.
    """
    if sequence is None and inputs is None:
        raise InvalidInputError(
            "the sequence of the model is missing",
            code="import.no-sequence",
            wanted="words by their numbers, from 0" if words is not None else f"rows of {width} numbers each",
            help="--sequence 3,0,2 gives words; --inputs FILE rows, or more sequences of words",
        )
    given = [sequence] if inputs is None else _several(inputs, words is not None)
    given = [given[0] if sequence is None else sequence, *given]
    read = _words if words is not None else _rows
    return [read(one, words or width, longest) for one in given]


def _several(inputs: object, words: bool) -> list[object]:
    """The sequences of ``inputs``, which may be one."""
    if isinstance(inputs, list | tuple) and inputs:
        first = np.ndim(inputs[0]) if not hasattr(inputs[0], "ndim") else inputs[0].ndim
        return list(inputs) if first == (1 if words else 2) else [inputs]
    array = array_of(inputs, "inputs")
    found: list[object] = list(array) if array.ndim == (2 if words else 3) else [array]
    if not found:
        raise _invalid("no input", "at least one sequence")
    return found


def _words(given: object, words: int, longest: int | None) -> Words:
    array = array_of(given, "sequence")
    if array.ndim == 1 and array.dtype.kind == "f" and np.array_equal(array, np.trunc(array)):
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not len(array):
        raise _invalid(_described(array), "words by their numbers, from 0: a list of whole numbers")
    if array.min() < 0 or array.max() >= words:
        raise InvalidInputError(
            "the sequence has a word that the model does not have",
            code="words.unknown-word",
            found=f"the word {int(array.min() if array.min() < 0 else array.max()):,}",
            wanted=f"0 to {words - 1:,}",
        )
    _check_length(len(array), longest)
    return array.astype(np.int64)


def _rows(given: object, width: int, longest: int | None) -> Real:
    array = array_of(given, "inputs")
    if array.ndim != 2 or array.shape[1] != width or not len(array) or array.dtype.kind not in "iuf":
        raise _invalid(_described(array), f"rows of {width} real numbers, as the model's queries read")
    _check_length(len(array), longest)
    return checked(array, "inputs").astype(np.float64, copy=False)


def _check_length(length: int, longest: int | None) -> None:
    if longest is not None and length > longest:
        raise InvalidInputError(
            "the sequence is longer than the model's positions",
            code="import.sequence-too-long",
            found=counted(length, "token"),
            wanted=f"at most {longest:,}",
        )


def _described(array: NDArray[Any]) -> str:
    return f"an array of shape {array.shape} and type {array.dtype}"


def _invalid(found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError(
        "the sequence is not one for this model",
        code="import.invalid-sequence",
        found=found,
        wanted=wanted,
    )
