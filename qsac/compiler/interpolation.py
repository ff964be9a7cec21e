"""Counts of many circuits from those of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from qsac.families.contract import CircuitStep

T = TypeVar("T")


def evenly(number: int, most: int) -> list[int]:
    """At most so many of the first whole numbers, evenly: the first and the last among them."""
    if number <= most:
        return list(range(number))
    return sorted({round(place * (number - 1) / (most - 1)) for place in range(most)})


def interpolated(counts: Sequence[Mapping[str, Any]], places: Sequence[int]) -> list[dict[str, Any]]:
    """The counts of all circuits from those at some ``places``, the first and the last among them.

    Between two of these every number is on a straight line, and of error-free probabilities their logarithm.
    """
    found = [dict(counts[0])]
    for (start, before), (stop, after) in pairwise(zip(places, counts, strict=True)):
        found += [_between(before, after, (place - start) / (stop - start)) for place in range(start + 1, stop)]
        found.append(dict(after))
    return found


def _between(before: Mapping[str, Any], after: Mapping[str, Any], share: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in before.items():
        other = after[name]
        if one is None or other is None or isinstance(one, str):
            found[name] = one if isinstance(one, str) else None
        elif isinstance(one, Mapping):
            found[name] = _between(one, other, share)
        elif name == "error_free_probability":
            found[name] = one ** (1 - share) * other**share
        else:
            number = one + share * (other - one)
            found[name] = round(number) if isinstance(one, int) else number
    return found


def kinds_of(steps: Sequence[CircuitStep]) -> list[list[int]]:
    """The places of circuits that are alike, from small ones to large ones; each by itself, in order, where none is
    said to be like others."""
    found: dict[tuple[int, ...], list[int]] = {}
    for place, step in enumerate(steps):
        found.setdefault((place,) if step.alike is None else step.alike, []).append(place)
    return [found[kind] for kind in sorted(found)]


def of_all(of_kinds: Sequence[T], kinds: Sequence[Sequence[int]]) -> list[T]:
    """What is known of each kind of circuit, for all circuits in their order."""
    by_place = {place: known for known, places in zip(of_kinds, kinds, strict=True) for place in places}
    return [by_place[place] for place in range(len(by_place))]
