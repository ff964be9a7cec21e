"""A guess at what steps to come will cost where the qubits lie now, above what they cost anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qsac.emit.arrange import Region


class Kind(NamedTuple):
    """A step in the direction of a sweep: target, controls and their toggles, and whether the nearest control toggles
    first and last."""

    target: int
    controls: tuple[int, ...]
    weights: tuple[int, ...]
    free: bool
    nearest_first: bool
    nearest_last: bool


class Guess:
    """For a region; each step to come counts less than the one before it by ``discount``. A place of -1 is none yet."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self.discount = 1.0
        self._known: dict[tuple[object, ...], float] = {}

    def steps(self, ahead: Sequence[Kind], place: tuple[int, ...]) -> float:
        """The same for the steps to come."""
        total, factor = 0.0, 1.0
        for kind in ahead:
            factor *= self.discount
            total += factor * self.step(kind, place)
        return total

    def step(self, kind: Kind, place: tuple[int, ...]) -> float:
        """What a step may cost above its toggles, its target or its controls moved nearer or not."""
        target = place[kind.target]
        controls = tuple([place[control] for control in kind.controls])
        key = (kind.weights, kind.free, target, tuple(sorted(controls)) if kind.free else controls)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._guessed(kind, target, controls)
        return found

    def _guessed(self, kind: Kind, target: int, controls: Sequence[int]) -> float:
        distances = self._region.distances
        given = [node for node in controls if node >= 0]
        if not given:
            return 0.0
        best = float("inf")
        for node in range(len(distances)):
            moved = 0.0 if target < 0 else 2.0 * distances[target][node]
            if node in given or moved >= best:
                continue
            # A place that a control holds can be had by swapping with it.
            best = min(best, moved + self._excess(kind, node, controls))
        if target >= 0 and target not in given:
            best = min(best, sum(2.0 * (distances[target][node] - 1) for node in given))
        return best

    def _excess(self, kind: Kind, target: int, controls: Sequence[int]) -> float:
        distance = self._region.distances[target]
        if not kind.free:
            return float(
                sum(
                    weight * (4 * distance[node] - 5)
                    for node, weight in zip(controls, kind.weights, strict=True)
                    if node >= 0 and distance[node] > 1
                )
            )
        given = sorted(distance[node] for node in controls if node >= 0)
        missing = len(controls) - len(given)
        return float(sum(weight * 2 * (away - 1) for away, weight in zip(given, kind.weights[missing:], strict=True)))
