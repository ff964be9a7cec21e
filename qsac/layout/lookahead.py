"""A guess at what steps to come will cost where the qubits lie now, above what they cost anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from operator import itemgetter
from typing import NamedTuple

from qsac.layout.arrangement import DeviceSubgraph, Ladders

Places = tuple[int, ...]
"""The node of each life; -1 where it has none yet."""


class Kind(NamedTuple):
    """A step in the direction of a sweep: its lives (the target, then the controls), the controls' toggles, and whether
    the nearest control toggles first and last. ``at`` takes the places of its lives, ``known`` holds what has been
    guessed, ``ladders`` what its ladders take where their controls may take any order. ``number`` is that of all kinds
    of the same toggles."""

    lives: tuple[int, ...]
    weights: tuple[int, ...]
    free: bool
    nearest_first: bool
    nearest_last: bool
    at: Callable[[Places], Places]
    known: dict[Places, float]
    ladders: Ladders
    number: int


Look = list[tuple[Callable[[Places], Places], dict[Places, float], float, Kind]]
"""Steps to come, each with how much it counts."""


class Guess:
    """For a region."""

    def __init__(self, region: DeviceSubgraph) -> None:
        self._region = region
        self._known: dict[tuple[object, ...], dict[Places, float]] = {}
        nodes = range(len(region.distances))
        self._from_near = [sorted(nodes, key=distances.__getitem__) for distances in region.distances]

    def kind(
        self, target: int, controls: tuple[int, ...], weights: tuple[int, ...], free: bool, ends: tuple[bool, bool]
    ) -> Kind:
        """A step of at least one control. What is known of steps of the same toggles is shared."""
        lives = (target, *controls)
        at: Callable[[Places], Places] = itemgetter(*lives)
        known = self._known.setdefault((weights, free), {})
        number = self._region.number(weights, free)
        return Kind(lives, weights, free, *ends, at, known, self._region.ladders(weights), number)

    @staticmethod
    def look(ahead: Sequence[Kind], discount: float) -> Look:
        """Steps to come, each counting less than the one before it."""
        return [(kind.at, kind.known, discount**place, kind) for place, kind in enumerate(ahead, 1)]

    def steps(self, look: Look, place: Places) -> float:
        """What steps to come may cost above their toggles, their targets or controls moved nearer or not."""
        total = 0.0
        for at, known, factor, kind in look:
            places = at(place)
            found = known.get(places)
            if found is None:
                found = self._guessed(kind, places)
            total += factor * found
        return total

    def step(self, kind: Kind, place: Places) -> float:
        """The same for one step."""
        places = kind.at(place)
        found = kind.known.get(places)
        return self._guessed(kind, places) if found is None else found

    def _guessed(self, kind: Kind, places: Places) -> float:
        target, controls = places[0], places[1:]
        ordered = tuple(sorted(controls)) if kind.free else controls
        key = (target, *ordered)
        found = kind.known.get(key)
        if found is None:
            found = kind.known[key] = self._least(kind, target, ordered)
        kind.known[places] = found
        return found

    def _least(self, kind: Kind, target: int, controls: Places) -> float:
        given = [node for node in controls if node >= 0]
        if not given:
            return 0.0
        distances = self._region.distances
        nodes: Sequence[int] = range(len(distances))
        away = [0] * len(distances)
        best = inf
        if target >= 0:
            nodes, away = self._from_near[target], distances[target]
            if target not in given:
                best = sum([2.0 * (away[node] - 1) for node in given])
        excess = self._free_excess if kind.free else self._excess
        weights = kind.weights[len(controls) - len(given) :] if kind.free else kind.weights
        for node in nodes:
            if 2.0 * away[node] >= best:
                break
            # A place that a control holds can be had by swapping with it.
            if node not in given:
                best = min(best, 2.0 * (away[node] + excess(distances[node], controls, given, weights)))
        return best

    @staticmethod
    def _free_excess(away: Sequence[int], controls: Places, given: Sequence[int], weights: Sequence[int]) -> float:
        """Half of what a ladder takes above its toggles, the nearest controls toggling most often."""
        total = 0
        for distance, weight in zip(sorted([away[node] for node in given]), weights, strict=True):
            total += weight * (distance - 1)
        return total

    @staticmethod
    def _excess(away: Sequence[int], controls: Places, given: Sequence[int], weights: Sequence[int]) -> float:
        """The same where each control toggles as often as it is told to."""
        pairs = zip(controls, weights, strict=True)
        return sum([weight * (2 * away[node] - 2.5) for node, weight in pairs if node >= 0 and away[node] > 1])
