"""Seeds that follow from other ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def seed_at(seed: int | Sequence[int], *path: int) -> int:
    """The seed, below 2^63, of one of many draws: ``path`` says which one. Other paths have other seeds, as independent
    as NumPy's seed sequences make them."""
    sequence = np.random.SeedSequence(seed, spawn_key=path)
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)
