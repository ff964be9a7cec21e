"""Lists of numbers in a model file, as arrays; every item that is not a finite number is refused with its place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.limits import MAGNITUDE
from qsac.files.pointer import counted, describe, join, kind, number_help

Numbers = NDArray[np.inexact[Any]]
"""A float64 or complex128 array."""

_NUMBER_TYPES = {int, float}


def exactly_real(values: Numbers) -> Numbers:
    """``values`` as float64 where no entry has an imaginary part, else as complex128. Read-only."""
    if np.iscomplexobj(values):
        values = values.astype(np.complex128) if values.imag.any() else np.ascontiguousarray(values.real)
    result: Numbers = np.ascontiguousarray(values, dtype=np.complex128 if np.iscomplexobj(values) else np.float64)
    if result.flags.writeable and result.base is None:
        result.flags.writeable = False
        return result
    result = result.copy()
    result.flags.writeable = False
    return result


def reduced(angles: NDArray[np.float64], turns: int) -> NDArray[np.float64]:
    """``angles`` in radians, those beyond MAGNITUDE replaced by the equivalent ones nearest to 0, where ``turns`` full
    turns are none. Divided by pi, as circuits write angles, large ones would lose digits that sine and cosine keep."""
    part = angles / turns
    return np.where(np.abs(angles) <= MAGNITUDE, angles, turns * np.arctan2(np.sin(part), np.cos(part)))


def as_lists(values: Numbers) -> list[Any]:
    """An array as nested lists for JSON, complex entries as [re, im]."""
    if np.iscomplexobj(values):
        values = np.stack([values.real, values.imag], axis=-1)
    lists: list[Any] = values.tolist()
    return lists


def refuse_non_number(value: object, pointer: str, wanted: str = "a finite number") -> InvalidInputError:
    """The diagnostic for an item that is not a finite number."""
    help = None
    if isinstance(value, str):
        help = number_help(value)
    elif isinstance(value, float | int) and not isinstance(value, bool):
        return InvalidInputError(
            "a number is not finite in double precision",
            code="number.not-finite",
            pointer=pointer,
            found="NaN" if value != value else "a number beyond 1.8e308",
            wanted="a finite number",
        )
    return InvalidInputError(
        "a number is wanted here",
        code="field.wrong-type",
        pointer=pointer,
        found=kind(value),
        wanted=wanted,
        help=help,
    )


def finite_row(row: list[Any], pointer: str, into: NDArray[np.float64]) -> None:
    """Write a list of ``len(into)`` numbers into ``into``; the caller has checked its length."""
    if set(map(type, row)) <= _NUMBER_TYPES:
        try:
            into[:] = row
        except OverflowError:
            into[:] = np.inf
        if np.isfinite(into).all():
            return
    for index, value in enumerate(row):
        if type(value) not in _NUMBER_TYPES or not _finite(value):
            raise refuse_non_number(value, join(pointer, index))


def _finite(value: float) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:
        return False


def finite_pairs(row: list[object], pointer: str, into: NDArray[np.float64]) -> None:
    """Write a list of [re, im] pairs into ``into`` of shape (len(row), 2)."""
    if set(map(type, row)) == {list} and set(map(len, row)) == {2}:  # type: ignore[arg-type]
        flat: list[Any] = list(chain.from_iterable(row))  # type: ignore[arg-type]
        if set(map(type, flat)) <= _NUMBER_TYPES:
            try:
                into.reshape(-1)[:] = flat
            except OverflowError:
                into[:] = np.inf
            if np.isfinite(into).all():
                return
    for index, pair in enumerate(row):
        place = join(pointer, index)
        if not isinstance(pair, list):
            raise InvalidInputError(
                "a [re, im] pair is wanted here",
                code="field.wrong-type",
                pointer=place,
                found=kind(pair),
                wanted="a complex number as a list of two numbers",
                help=f"write a real number x as [x, 0]: [{describe(pair)}, 0]" if type(pair) in _NUMBER_TYPES else None,
            )
        if len(pair) != 2:
            raise InvalidInputError(
                "a complex number is a pair [re, im]",
                code="number.invalid-pair",
                pointer=place,
                found=describe(pair),
                wanted="a list of exactly 2 numbers",
            )
        finite_row(pair, place, into[index])


def number_list(values: object, pointer: str, count: int, noun: str) -> NDArray[np.float64]:
    """A list of exactly ``count`` finite numbers."""
    values = checked_list(values, pointer, count, "number", noun)
    result = np.empty(count)
    finite_row(values, pointer, result)
    return result


def checked_list(values: object, pointer: str, count: int, noun: str, reason: str) -> list[object]:
    """``values`` if it is a list of ``count`` items; ``reason`` says where the count comes from."""
    if not isinstance(values, list):
        raise InvalidInputError(
            "a list is wanted here",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(values),
            wanted=f"a list of {counted(count, noun)}",
        )
    if len(values) != count:
        raise InvalidInputError(
            f"the list has {'too few' if len(values) < count else 'too many'} items",
            code="field.wrong-length",
            pointer=pointer,
            found=counted(len(values), "item"),
            wanted=f"{counted(count, noun)}: {reason}",
        )
    return values


def parameter_array(values: object, pointer: str, shape: Sequence[int], reasons: Sequence[str]) -> NDArray[np.float64]:
    """Nested lists of numbers of exactly ``shape`` (3 axes); ``reasons`` says what fixes each length."""
    result = np.empty(tuple(shape))
    for i, block in enumerate(checked_list(values, pointer, shape[0], "list", reasons[0])):
        block_place = join(pointer, i)
        for j, row in enumerate(checked_list(block, block_place, shape[1], "list", reasons[1])):
            place = join(block_place, j)
            finite_row(checked_list(row, place, shape[2], "number", reasons[2]), place, result[i, j])
    return result
