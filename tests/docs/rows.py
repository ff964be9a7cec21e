"""Which rows of a dear table are made anew: all of them in `make many` and when pages are written, else some."""

import os
from collections.abc import Iterable
from typing import TypeVar

from tests.cases import ALL, some

WHOLE = ALL or bool(os.environ.get("QSAC_REGENERATE"))

Row = TypeVar("Row")


def rows(cases: Iterable[Row], one_of: int) -> list[Row]:
    """All of the cases, or one of ``one_of``."""
    return some(cases, 1 if WHOLE else one_of)
