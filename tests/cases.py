"""How many cases are generated: some in `make test`, all of them in `make many`, before an issue closes."""

import os
from collections.abc import Iterable
from typing import TypeVar

ALL = os.environ.get("QSAC_CASES") == "all"

Case = TypeVar("Case")


def seeds(last: int, first: int = 0, one_of: int = 9) -> range:
    """The seeds from ``first`` to ``last`` - 1; in `make test` one of ``one_of``."""
    return range(first, last, 1 if ALL else one_of)


def some(cases: Iterable[Case], one_of: int) -> list[Case]:
    """All of the cases; in `make test` one of ``one_of``, a number that what they vary in does not come back after."""
    return list(cases)[:: 1 if ALL else one_of]


def examples(count: int, one_of: int = 9) -> int:
    """How many examples Hypothesis draws where ``count`` are drawn in `make many`: one of ``one_of``, ten at least."""
    return count if ALL else max(10, count // one_of)
