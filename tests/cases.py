"""How many cases are generated: some in `make test`, all of them in `make many`, before an issue closes."""

import os

ALL = os.environ.get("QSAC_CASES") == "all"


def seeds(last: int, first: int = 0, one_of: int = 3) -> range:
    """The seeds from ``first`` to ``last`` - 1; in `make test` one of ``one_of``."""
    return range(first, last, 1 if ALL else one_of)


def examples(count: int) -> int:
    """How many examples Hypothesis draws where ``count`` are drawn in `make many`: a third of them."""
    return count if ALL else max(10, count // 3)
