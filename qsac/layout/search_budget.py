"""How much the search for places on a device tries (:mod:`qsac.layout.search`)."""

from __future__ import annotations

from typing import NamedTuple


class SearchBudget(NamedTuple):
    """``sketches`` at first; then, with as many of the best schedules as each of the ``rounds`` says, so many
    ``changes`` of an annealing and ``sweeps`` from its own middle for each of them. ``kept``: how many schedules are
    found in the end, at the most."""

    sketches: int
    rounds: tuple[int, ...]
    sweeps: int
    changes: int
    kept: int = 8
