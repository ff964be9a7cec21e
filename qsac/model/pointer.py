"""How a place in a JSON document and a value found there are written in a diagnostic."""

from __future__ import annotations

import json
from collections.abc import Iterable

from qsac.near import near

_LONGEST_TEXT = 48
_MOST_NAMES = 8


def printable(text: str) -> str:
    """``text`` with control characters and lone surrogates escaped, so that no message can steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def join(pointer: str, *parts: str | int) -> str:
    """The JSON pointer (RFC 6901) of a place below ``pointer``."""
    escaped = (printable(str(part).replace("~", "~0").replace("/", "~1")) for part in parts)
    return "".join((pointer, *(f"/{part}" for part in escaped)))


def quoted(text: str) -> str:
    """``text`` in double quotes, shortened where it is long."""
    shown = text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."
    return f'"{printable(shown)}"'


def describe(value: object) -> str:
    """What was found, in words: a short value itself, or the kind and size of a long one."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 64 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return counted(len(value), "item", "a list of ") if value else "an empty list"
    if isinstance(value, dict):
        return f"an object with {listed(value)}" if value else "an empty object"
    return f"a Python {type(value).__name__}"


def kind(value: object) -> str:
    """:func:`describe`, prefixed with the JSON type where the value alone does not show it."""
    if isinstance(value, bool):
        return f"the truth value {describe(value)}"
    if isinstance(value, int | float):
        return f"the number {describe(value)}"
    if isinstance(value, str):
        return f"the text {describe(value)}"
    return describe(value)


def number_help(text: str) -> str:
    """What to do about a text where a number is wanted."""
    try:
        float(text)
    except ValueError:
        return "write the number itself, as a decimal: expressions are not evaluated"
    return "write numbers without quotes"


def counted(number: int, noun: str, prefix: str = "") -> str:
    """``3 rows``, ``1 row``."""
    return f"{prefix}{number:,} {noun}" + ("" if number == 1 else "s")


def listed(names: Iterable[str]) -> str:
    """Names separated by commas, the rest of a long list counted."""
    shown = [printable(str(name)) for name in names]
    if len(shown) > _MOST_NAMES:
        shown = [*shown[:_MOST_NAMES], f"{len(shown) - _MOST_NAMES} more"]
    return ", ".join(shown)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is most likely a slip of, or None."""
    return next(iter(near(name, known, 1)), None)
