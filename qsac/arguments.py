"""What the public functions accept as arguments: whole and real numbers, words, flags, paths and callables.

One rule for all of them: NumPy's numbers are numbers, truth values and texts are not, and whatever has the wrong type
raises :class:`~qsac.errors.InvalidInputError`. What is returned is Python's own type, so that an option given as
``numpy.int64(3)`` is written into files as 3 is. Each function takes the argument's name as messages call it.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Collection
from numbers import Real

from qsac.errors import InvalidInputError

_LONGEST = 60


SEED_LIMIT = (1 << 63) - 1
"""Largest seed."""


def shown(value: object) -> str:
    """An argument as messages show it: a short value itself, else its type."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        item = value.item()  # of a NumPy scalar
        return shown(item) if isinstance(item, bool | int | float | complex) else _type(value)
    if value is None or isinstance(value, bool | float | complex):
        return repr(value)
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, int | str | bytes):
        text = repr(value)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"an array of shape {shape}"
    return _type(value)


def _type(value: object) -> str:
    kind = type(value)
    home = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"a value of the type {home}{kind.__qualname__}"


def whole_number(value: object, name: str, least: int, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``: any type with ``__index__`` but truth values."""
    bounds = f"from {least:,} on" if most is None else f"from {least:,} to {_written(most)}"
    wanted = f"a whole number {bounds}"
    if isinstance(value, bool):
        raise InvalidInputError(
            f"the {name} must be a whole number",
            code="option.wrong-type",
            found=shown(value),
            wanted=wanted,
        )
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        raise InvalidInputError(
            f"the {name} must be a whole number",
            code="option.wrong-type",
            found=shown(value),
            wanted=wanted,
        ) from None
    if number < least or (most is not None and number > most):
        raise InvalidInputError(
            f"the {name} is out of range",
            code="option.out-of-range",
            found=shown(number),
            wanted=wanted,
        )
    return number


def _written(bound: int) -> str:
    """A bound with separators, or as the power of two below which it is the last."""
    exponent = bound.bit_length()
    return f"2^{exponent} - 1" if exponent > 40 and bound + 1 == 1 << exponent else f"{bound:,}"


def real_number(value: object, name: str, wanted: str) -> float:
    """A finite real number of any numeric type, or an array without axes. ``wanted`` describes what is wanted."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except (OverflowError, ValueError):
            number = math.inf
    if not math.isfinite(number):
        raise InvalidInputError(
            f"the {name} must be a finite number",
            code="option.wrong-type",
            found=shown(value),
            wanted=wanted,
        )
    return number


def word(value: object, name: str, words: Collection[str]) -> str:
    """One of some words."""
    if not isinstance(value, str) or value not in words:
        raise InvalidInputError(
            f"the {name} is invalid",
            code="option.unknown-choice",
            found=shown(value),
            wanted=" or ".join(words),
        )
    return str(value)


def flag(value: object, name: str) -> bool:
    """True or False, also NumPy's."""
    if isinstance(value, bool):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item") and isinstance(value.item(), bool):
        return bool(value)
    raise InvalidInputError(
        f"the option {name} must be True or False",
        code="option.wrong-type",
        found=shown(value),
    )


def file_path(value: object, name: str) -> str:
    """The path of a file or folder as text: from a text or a path object. Paths in bytes are refused."""
    path = value
    if isinstance(value, os.PathLike):
        path = value.__fspath__()
    if not isinstance(path, str):
        raise InvalidInputError(
            f"the {name} must be a path",
            code="option.wrong-type",
            found=shown(value),
            wanted="a text, or a path object such as pathlib.Path",
        )
    try:
        valid = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise InvalidInputError(
            f"the {name} must be a path",
            code="option.invalid-path",
            found=shown(path),
            wanted="characters that a file's name can have",
        )
    return path


def callback(value: object, name: str) -> None:
    """Raise for what is neither None nor can be called."""
    if value is not None and not callable(value):
        raise InvalidInputError(
            f"the option {name} must be a function",
            code="option.wrong-type",
            found=shown(value),
            wanted="a function, or None",
        )
