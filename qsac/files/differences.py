"""Where two JSON documents differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from math import isclose
from typing import Any

from qsac.files.pointer import describe, join

_SHOWN = 80

CLOSE = 1e-9
"""Relative difference up to which recomputed numbers count as equal: another machine may round differently."""

Difference = tuple[str, Any, Any]
"""The JSON pointer of a place, what is found there and what is wanted; :data:`ABSENT` for what is not there."""

ABSENT = object()


def differences(
    found: Any, wanted: Any, pointer: str = "", alike: Callable[[Any, Any], bool] | None = None
) -> Iterator[Difference]:
    """The places where ``found`` differs from ``wanted``, in the order of ``wanted``, outer ones where types differ.

    ``alike`` says which numbers and texts count as equal; without it they have to be the same, and 1 is not True.
    """
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name, value in wanted.items():
            yield from differences(found.get(name, ABSENT), value, join(pointer, name), alike)
        for name in found.keys() - wanted.keys():
            yield join(pointer, name), found[name], ABSENT
    elif isinstance(found, list) and isinstance(wanted, list):
        yield from _of_lists(found, wanted, pointer, alike)
    elif not _equal(found, wanted) and not (alike and alike(found, wanted)):
        yield pointer, found, wanted


def _of_lists(
    found: list[Any], wanted: list[Any], pointer: str, alike: Callable[[Any, Any], bool] | None
) -> Iterator[Difference]:
    """Lists of one length entry by entry; of others what lies between a beginning and an end that they share."""
    start, stop = 0, 0
    if len(found) != len(wanted):
        shorter = min(len(found), len(wanted))
        while stop < shorter and not _differ(found[-1 - stop], wanted[-1 - stop], alike):
            stop += 1
        while start < shorter - stop and not _differ(found[start], wanted[start], alike):
            start += 1
    left, right = found[start : len(found) - stop], wanted[start : len(wanted) - stop]
    for index, (one, other) in enumerate(zip_longest(left, right, fillvalue=ABSENT), start):
        yield from differences(one, other, join(pointer, index), alike)


def _differ(found: Any, wanted: Any, alike: Callable[[Any, Any], bool] | None) -> bool:
    return next(differences(found, wanted, "", alike), None) is not None


def _equal(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and bool(found == wanted)


def close(found: Any, wanted: Any) -> bool:
    """Whether two values are numbers that differ by rounding alone, texts that are the same, or lists or objects of
    them."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(close(found[name], value) for name, value in wanted.items())
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(found, str) and isinstance(wanted, str):
        return found == wanted
    if not all(type(value) in (int, float) for value in (found, wanted)):
        return False
    try:
        return isclose(found, wanted, rel_tol=CLOSE)
    except OverflowError:  # an integer beyond the range of floats
        return bool(found == wanted)


_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")


def same_text(found: Any, wanted: Any) -> bool:
    """Whether two texts are the same but for the rounding of their numbers, to 1e-9: other machines round otherwise."""
    if not isinstance(found, str) or not isinstance(wanted, str):
        return False
    if found == wanted:
        return True
    ours, theirs = _NUMBER.split(found), _NUMBER.split(wanted)
    if len(ours) != len(theirs) or ours[::2] != theirs[::2]:
        return False
    pairs = zip(ours[1::2], theirs[1::2], strict=True)
    return all(one == other or abs(float(one) - float(other)) <= CLOSE for one, other in pairs)


def shown(value: Any) -> str:
    """A value of a difference, shortened."""
    if value is ABSENT:
        return "nothing"
    try:
        text = json.dumps(value, default=repr)
    except (ValueError, RecursionError):  # an integer of thousands of digits, or what holds itself
        return describe(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
