"""What can be said of words before anything is trained: their entropy, and the least cross entropy that an embedding
allows."""

from __future__ import annotations

import numpy as np

from qsac.families.contract import Fact
from qsac.training.data.contract import Data, Reals

_LARGE = 0.3
"""A floor of more than this part of the words' entropy leaves little to learn. With byte-pair encoding of English text
that is so from a vocabulary of five to eight times the dimension on."""


def entropy(shares: Reals) -> float:
    """-sum p ln p, in nats."""
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum()) + 0.0


def least_cross_entropy(shares: Reals, dimension: int) -> float:
    """The least cross entropy, in nats a word, of words that come with these ``shares`` (M,), adding up to 1, and whose
    probabilities are |<e_l|z>|^2 with sum_l |e_l><e_l| = 1 on ``dimension`` entries.

    No word's probability then exceeds alpha_l = |e_l|^2 <= 1, and sum_l alpha_l = d, so that the cross entropy is at
    least min over alpha of -sum_l p_l ln alpha_l = -sum_l p_l ln min(1, c p_l), with c from the sum: water-filling. It
    is 0 where no more than ``dimension`` words occur.
    """
    falling = np.sort(shares[shares > 0])[::-1]
    if len(falling) <= dimension:
        return 0.0
    left = falling[::-1].cumsum()[::-1]  # of a word and all that are rarer
    full = np.arange(dimension)
    # The first k words have alpha = 1, for the least k with which no other one would exceed it.
    factors = (dimension - full) / left[full]
    first = int(np.argmax(factors * falling[full] <= 1))
    scaled = falling[first:]
    return float(-(scaled * np.log(factors[first] * scaled)).sum()) + 0.0


def floor(data: Data, dimension: int) -> float | None:
    """:func:`least_cross_entropy` of some data's training words, for a learner of so many entries; None for states."""
    return None if data.shares is None else least_cross_entropy(data.shares, dimension)


def said_of_floor(data: Data, dimension: int) -> tuple[list[Fact], list[str]]:
    """What is to be said of the floor before training starts: facts, and warnings where it is large compared with the
    entropy of the words. Nothing for states."""
    least = floor(data, dimension)
    if least is None or data.shares is None:
        return [], []
    words = f"{len(data.shares):,} words in {dimension:,} entries"
    facts = [("floor", f"no embedding of {words} has a cross entropy below {least:.2f} nats a word")]
    whole = entropy(data.shares)
    if least <= _LARGE * whole:
        return facts, []
    return facts, [
        f"the vocabulary is too large for {dimension:,} entries: whatever is learned, the cross entropy stays above "
        f"{least:.2f} nats a word, while the words' frequencies alone give {whole:.2f}; use fewer words, such as "
        f"characters or byte-pair encoding with {4 * dimension:,}, or a larger dimension"
    ]
