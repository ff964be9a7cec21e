"""Names that a name is most likely a slip of: one rule for commands, options, targets, passes and fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

_LONGEST = 64
"""Characters of a name that is compared at all."""

_MOST_SLIPS = 2
"""Letters too many, missing, wrong or swapped with their neighbour."""

_LONG = 5
"""Letters of a name in which two slips are forgiven."""

_ALIKE = 0.6
"""Share of letters in common, as :mod:`difflib` counts it, from which a name is a slip with more of them."""


def near(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that are nearest to ``name``, the nearest first; case does not matter.

    A name is near within two slips (one, of short names), as long as no more than half of its letters are wrong, or
    where most letters are alike. Of those within few slips only the ones with the fewest are told.
    """
    if not 0 < len(name) <= _LONGEST:
        return []
    from difflib import SequenceMatcher

    asked = name.lower()
    ranked = []
    for place, one in enumerate(dict.fromkeys(known)):
        word = one.lower()
        slips = _slips(asked, word)
        matcher = SequenceMatcher(None, asked, word)
        alike = matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0
        close = 2 * slips <= max(len(asked), len(word)) and slips <= (_MOST_SLIPS if len(word) >= _LONG else 1)
        if close or alike >= _ALIKE:
            ranked.append((slips if close else _MOST_SLIPS + 1, -alike, place, one))
    ranked.sort()
    return [one for slips, _, _, one in ranked if slips == ranked[0][0]][:most]


Otherwise = TypeVar("Otherwise", str, "str | None")


def perhaps(name: str, known: Iterable[str], otherwise: Otherwise) -> str | Otherwise:
    """What an error suggests in place of ``name``: the known names that are near, or ``otherwise``."""
    found = near(name, known)
    return f"perhaps {' or '.join(found)}" if found else otherwise


def _slips(first: str, second: str) -> int:
    """How many letters to add, drop, change or swap with their neighbour (optimal string alignment); or more than
    :data:`_MOST_SLIPS`, where the lengths alone say so."""
    if abs(len(first) - len(second)) > _MOST_SLIPS:
        return _MOST_SLIPS + 1
    before: list[int] = []
    row: list[int] = [*range(len(second) + 1)]
    for i, letter in enumerate(first, 1):
        following: list[int] = [i]
        for j, other in enumerate(second, 1):
            cost = min(row[j] + 1, following[-1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        before, row = row, following
    return row[-1]
