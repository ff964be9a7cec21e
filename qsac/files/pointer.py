"""How a place in a JSON document and a value found there are written in a diagnostic."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from qsac.errors import printable
from qsac.near import near

_LONGEST_TEXT = 48
_MOST_NAMES = 8
_LONGEST_NAME = 200
"""Longest text whose like is looked for: comparing texts takes the product of their lengths."""
_MOST_SIBLINGS = 1000


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
    rest = iter(names)
    shown = [_short(str(name)) for name in islice(rest, _MOST_NAMES)]
    left = sum(1 for _ in rest)
    return ", ".join([*shown, f"{left} more"] if left else shown)


def _short(name: str) -> str:
    return printable(name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "...")


def siblings(folder: Path) -> list[str]:
    """The names of the files in a folder, for suggestions: none where it cannot be read, no more than a thousand."""
    try:
        return sorted(item.name for item in islice(folder.iterdir(), _MOST_SIBLINGS))
    except OSError:
        return []


def nearest_file(path: Path, ending: str = "") -> str | None:
    """The file beside ``path`` whose name, up to its first dot, ``path`` is most likely a slip of, or None: files that
    have nothing else in common have the same ending. One of another ending has to be called the same before it, unless
    ``path`` has no ending. With an ``ending`` only such files are looked at."""
    names: dict[str, list[str]] = {}
    for name in siblings(path.parent):
        if name.endswith(ending) and (not path.suffix or name.endswith(path.suffix) or _bare(name) == _bare(path.name)):
            names.setdefault(_bare(name), []).append(name)
    found = nearest(_bare(path.name), names)
    return None if found is None else nearest(path.name, names[found]) or names[found][0]


def _bare(name: str) -> str:
    """A file's name up to its first dot, in small letters; that of a hidden file as it is."""
    return (name.partition(".")[0] or name).lower()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is most likely a slip of, or None."""
    return next(iter(near(name, known, 1)), None)
