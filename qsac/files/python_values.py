"""Models given as Python dictionaries: whatever stands for an array or a number, as JSON would have it."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files import limits
from qsac.files.pointer import describe, join
from qsac.files.strict_json import too_deep

_SOURCE = "<dict>"
_ARRAY_ENTRIES = 2 * limits.TOKEN_ENTRIES

_KINDS = {"M": "dates", "m": "durations", "V": "records"}
"""Kinds of NumPy arrays that would turn into numbers or rows by default."""


def plain(value: object, pointer: str = "") -> object:
    """A Python value as what :func:`~qsac.files.strict_json.parse` would return, sharing nothing with ``value``.

    Tuples become lists, NumPy's numbers Python's, complex numbers [re, im]; arrays become lists, and so does anything
    that NumPy takes for an array (``__array__`` or ``__array_interface__``: tensors, data frames, series). Raises
    :class:`~qsac.errors.InvalidInputError` where that fails, and for names of fields that are no texts.
    """
    try:
        return _plain(value, pointer)
    except RecursionError:
        raise too_deep(pointer, _SOURCE) from None


def _plain(value: object, pointer: str) -> object:
    if pointer.count("/") > limits.JSON_DEPTH:
        raise too_deep(pointer, _SOURCE)
    if isinstance(value, np.generic):
        return _number(value, pointer)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise InvalidInputError(
                    "a field's name is not a text",
                    code="field.invalid-name",
                    pointer=pointer,
                    found=describe(name),
                    wanted="text as names",
                )
        return {str(name): _plain(item, join(pointer, name)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        if all(type(item) in (int, float) for item in value):
            return list(value)
        return [_plain(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    if isinstance(value, np.ndarray) or _is_array(value):
        return _plain(_lists(value, pointer), pointer)
    return value


def _is_array(value: object) -> bool:
    # Asked of the class: an object that makes up every attribute it is asked for is no array.
    return hasattr(type(value), "__array__") or hasattr(type(value), "__array_interface__")


def _lists(value: Any, pointer: str) -> object:
    """The nested lists of an array, or of what NumPy takes for one."""
    try:
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
    except Exception as error:  # whatever another package's object raises
        raise InvalidInputError(
            "an object cannot be read as an array",
            code="array.unreadable",
            pointer=pointer,
            found=f"{describe(value)}: {type(error).__name__}: {str(error).split(chr(10))[0]}",
            wanted="numbers that NumPy can read",
            help="convert it yourself, for example by numpy.array(values, dtype=float); tensors by "
            "tensor.detach().cpu().float().numpy()",
        ) from None
    _check(array, pointer)
    if isinstance(array, np.ma.MaskedArray):
        return array.tolist()  # null where an entry is masked, which is refused with its place
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return array.astype(np.float64).tolist()
    if array.dtype.kind == "c":
        with np.errstate(over="ignore"):
            array = array.astype(np.complex128)
        return np.stack([array.real, array.imag], axis=-1).tolist()
    if array.dtype.kind == "O" and array.ndim == 0:
        raise InvalidInputError(
            "an array holds an object, not numbers",
            code="array.not-numbers",
            pointer=pointer,
            found=describe(value),
            wanted="numbers",
        )
    return array.tolist()


def _check(array: np.ndarray[Any, Any], pointer: str) -> None:
    if array.dtype.kind in _KINDS:
        raise InvalidInputError(
            "an array does not hold numbers",
            code="array.not-numbers",
            pointer=pointer,
            found=f"an array of {_KINDS[array.dtype.kind]}",
            wanted="real or complex numbers",
        )
    if array.size > _ARRAY_ENTRIES:
        raise DoesNotFitError(
            "an array has too many entries",
            code="capacity.array-too-large",
            pointer=pointer,
            found=f"{array.size:,} entries",
            wanted=f"at most {_ARRAY_ENTRIES:,}",
        )


def _number(value: np.generic, pointer: str) -> object:
    if isinstance(value, np.complexfloating):
        return [float(value.real), float(value.imag)]
    if isinstance(value, np.floating):
        return float(value)
    if value.dtype.kind in _KINDS:
        raise InvalidInputError(
            "a number is wanted here",
            code="field.wrong-type",
            pointer=pointer,
            found=f"one of NumPy's {_KINDS[value.dtype.kind]}",
        )
    return value.item()
