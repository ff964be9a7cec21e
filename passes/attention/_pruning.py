"""Which controls token loaders can do without, with the gates saved and the error added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.counting.formulas import pruned_cost
from qsac.numerics.pruned_cascade import pruned_cascade, pruned_rows

WORK_LIMIT = 1 << 26
"""Most numbers of tables that one search may look at, about: some ten seconds."""

COMBINATIONS = 1 << 21
"""Most combinations of loaders that are compared."""

ROUNDING = 1e-10
"""How far loaded rows may be off when they are taken apart once more."""


class Choice(NamedTuple):
    """The control cutoffs; the loader's two-qubit gates, and the root of its weighted squared distances."""

    cutoffs: tuple[int, ...]
    cost: int
    error: float


@dataclass(frozen=True, eq=False)
class Pruning:
    """Prunes the loaders of one table. ``rows`` (C, d), ``weights`` (C,) the largest probability of each row's index
    value; ``exact`` are the two-qubit gates of an exact loader, ``most`` is the largest useful error."""

    rows: NDArray[np.float64] | NDArray[np.complex128]
    weights: NDArray[np.float64]
    exact: int
    most: float

    @property
    def size(self) -> int:
        """The qubits of the data."""
        return int(self.rows.shape[1]).bit_length() - 1

    @property
    def bits(self) -> int:
        """The qubits of the index."""
        return (len(self.rows) - 1).bit_length()

    @property
    def real(self) -> bool:
        return not np.iscomplexobj(self.rows)

    def loaded(self, cutoffs: Sequence[int]) -> NDArray[np.float64] | NDArray[np.complex128]:
        """The rows that are loaded instead of the table's."""
        return pruned_rows(self.rows, cutoffs, self.weights)

    def error(self, cutoffs: Sequence[int]) -> float:
        """The root of sum_i p_i ||x'_i - x_i||^2, at most that of the largest distance."""
        squares = np.sum(np.abs(self.loaded(cutoffs) - self.rows) ** 2, axis=1)
        return sqrt(min(float(self.weights @ squares), float(squares.max())))

    def cost(self, cutoffs: Sequence[int]) -> int:
        """Two-qubit gates of the loader."""
        return pruned_cost(len(self.rows), self.size, cutoffs, real=self.real)

    @cached_property
    def front(self) -> list[Choice]:
        """The exact loader, then choices of fewer and fewer gates, and growing errors: each time the step that saves
        most gates for what it adds to the squared error."""
        cutoffs = (self.size,) * (self.bits + self.size - 1)
        found = [Choice(cutoffs, self.cost(cutoffs), 0.0)]
        looked_at = 0
        while looked_at < WORK_LIMIT:
            best: tuple[float, Choice] | None = None
            for changed in self._steps(found[-1].cutoffs):
                cost = self.cost(changed)
                if cost >= found[-1].cost:
                    continue
                looked_at += self.rows.size
                error = self.error(changed)
                rate = (found[-1].cost - cost) / max(error**2 - found[-1].error ** 2, 1e-30)
                if error <= self.most and (best is None or rate > best[0]):
                    best = rate, Choice(changed, cost, error)
            if best is None:
                break
            found.append(best[1])
        fewer = [choice for choice in found[1:] if choice.cost < self.exact and self._holds(choice)]
        return [Choice(cutoffs, self.exact, 0.0), *fewer]

    def _steps(self, cutoffs: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Every way to let one control cutoffs less far."""
        least = [*[0] * self.bits, *range(1 + self.real, self.size + self.real)]
        for place, low in enumerate(least):
            for shorter in range(low, cutoffs[place]):
                yield (*cutoffs[:place], shorter, *cutoffs[place + 1 :])

    def _holds(self, choice: Choice) -> bool:
        """Whether the loaded rows, taken apart once more, are what is loaded again: rounding may decide otherwise."""
        rows = self.loaded(choice.cutoffs)
        return bool(np.max(np.abs(pruned_cascade(rows, choice.cutoffs).loaded - rows)) < ROUNDING)


def cheapest(fronts: Sequence[Sequence[Choice]], counts: Sequence[int], allowed: float) -> tuple[Choice, ...]:
    """One choice for each front, of the fewest gates and then the least error, such that the errors add up to at most
    ``allowed``. Each front begins with the exact choice and counts as often as ``counts`` says."""
    shown = [list(front) for front in fronts]
    while prod(map(len, shown)) > COMBINATIONS:
        longest = max(shown, key=len)
        del longest[1::2]
    costs = np.zeros(1)
    errors = np.zeros(1)
    for front, count in zip(shown, counts, strict=True):
        costs = np.add.outer(costs, [count * choice.cost for choice in front]).reshape(-1)
        errors = np.add.outer(errors, [count * choice.error for choice in front]).reshape(-1)
    fitting = np.flatnonzero(errors <= allowed)
    best = int(fitting[np.lexsort((errors[fitting], costs[fitting]))[0]])
    places = np.unravel_index(best, [len(front) for front in shown])
    return tuple(front[int(place)] for front, place in zip(shown, places, strict=True))
