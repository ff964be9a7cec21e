"""The readout of next words: the probability of every word after some positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qsac.files.numbers import Numbers


@dataclass(frozen=True, eq=False)
class NextToken:
    """P(l | j) = |<e_l|o_j>|^2 / sum_l' |<e_l'|o_j>|^2 for the words e_l, rows of ``vocabulary`` (M, d), after each of
    ``positions`` (from 1). ``targets``: the word, from 0, that does follow each of them, or None."""

    type: ClassVar[str] = "next-token"

    vocabulary: Numbers = field(repr=False)
    positions: tuple[int, ...]
    targets: tuple[int, ...] | None
