"""Heralded rounds of search, exactly: what the circuits of a row leave, without a circuit.

With ``score`` projected on zero after each oracle call, whatever the loader's completion, a round takes the amplitudes
a of the keys to (2 |u><u| - 1) diag(P(s)) a, u uniform over the row's keys (docs/programs.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.families.outcomes import Index, Outcomes
from qsac.numerics.signal_processing import signal

if TYPE_CHECKING:
    from qsac.families.program.search.rows import Search

NAME = "found"
"""The readout of every circuit."""

LABELS = ("P(key and accepted) at key = ", "P(key and accepted) again at key = ")


def circuit_names(search: Search) -> Iterator[tuple[str, int, int]]:
    """The name of each circuit, its row and its rounds."""
    for row in search.rows:
        for rounds in search.planned.get(search.keys(row), {}):
            yield f"row-{row}-rounds-{rounds}", row, rounds


def given_keys(search: Search, row: int, rounds: int) -> Outcomes:
    """The exact outcomes of a circuit: the joint probabilities of each key and of all heralds."""
    keys = search.keys(row)
    amplitudes = np.full(keys, 1 / np.sqrt(keys), dtype=np.complex128)
    if rounds:
        applied = applied_to(search, search.scores[row, :keys])
        for _ in range(rounds):
            marked = applied * amplitudes
            amplitudes = 2 * marked.mean() - marked
    weights = np.zeros(1 << (keys - 1).bit_length())
    weights[:keys] = np.abs(amplitudes) ** 2
    given = float(weights.sum())
    return Outcomes(1.0, given, {NAME: given}, Index(weights, weights, LABELS), exact=True)


def applied_to(search: Search, scores: NDArray[np.float64]) -> NDArray[np.complex128]:
    """P of the oracle at some scores."""
    points = scores if search.part == "abs" else (1 + scores) / 2
    return signal(search.phases, np.clip(points, -1.0, 1.0))
