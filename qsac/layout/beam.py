"""A beam that sweeps over a program's steps in one direction, and keeps the schedules that seem best.

What the steps so far have cost is known; what those to come will cost is a guess (:mod:`qsac.layout.lookahead`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain
from math import inf
from operator import attrgetter
from typing import NamedTuple

from qsac.layout import compiled
from qsac.layout.arrangement import DeviceSubgraph, Edge
from qsac.layout.lookahead import Guess, Kind, Look, Places
from qsac.layout.pricing import laddered, latest, together

_ROUNDS = 4
"""Most swaps before one step."""

_FIRST = 6
"""Nodes that are tried for the first life."""

_WORTH = 2.0
"""Two-qubit gates that a step and those to come must seem to take above the least for a swap to be looked at."""

NOWHERE = -1

EVER = -(1 << 30)
"""A time before all others."""


_EVENTS = ("place", "left", "swap")
"""What :class:`Trace` tells, as the compiled code numbers it."""


class LiveRange(NamedTuple):
    """A qubit from its first step after a reset (or ever) to its measurement (or the end): first and last step."""

    qubit: int
    first: int
    last: int


class Trace(NamedTuple):
    """What was done, newest first: a swap (a, b) before a step, or a life's node where it starts (kind "place") or
    where the sweep leaves it ("left")."""

    before: Trace | None
    kind: str
    step: int
    first: int
    second: int


def events(trace: Trace | None) -> list[Trace]:
    """What was done, oldest first."""
    found = []
    while trace is not None:
        found.append(trace)
        trace = trace.before
    return found[::-1]


@dataclass(slots=True)
class State:
    """One schedule of the beam. ``place`` of each life; ``full`` nodes as a mask; ``vacated``: the time since which
    each node is empty; ``pairs`` whose last gates were of the same two nodes; ``free`` as in
    :class:`~qsac.layout.pricing.ScheduleState`."""

    place: Places
    full: int
    vacated: tuple[int, ...]
    pairs: frozenset[Edge]
    free: tuple[int, ...]
    cost: float
    trace: Trace | None
    score: float = 0.0


def nothing_placed(lives: int, nodes: int) -> State:
    """The schedule that has not begun."""
    return State((NOWHERE,) * lives, 0, (EVER,) * nodes, frozenset(), (0,) * nodes, 0, None)


class _Taken(NamedTuple):
    """A step where it stands: its gates, as in :meth:`DeviceSubgraph.ladder` the mask of the controls of which any may
    toggle at its end and the ranks of all, and whether the swap just before it merges with its first toggle."""

    own: int
    options: int
    ranks: tuple[tuple[int, ...], ...]
    merged: bool


class _Move(NamedTuple):
    """A swap that may be made: what it leads to, at the least it seems to cost."""

    score: float
    place: Places
    before: State
    edge: Edge
    price: int
    taken: _Taken


_score = attrgetter("score")


def _ended(start: State, place: bytes, free: bytes, cost: float, done: bytes) -> State:
    """The end of a sweep that the compiled code has found, without what only further steps would ask for."""
    trace = start.trace
    numbers = iter(compiled.of_bytes(done))
    for event, step, first, second in zip(numbers, numbers, numbers, numbers, strict=True):
        trace = Trace(trace, _EVENTS[event], step, first, second)
    places = tuple(compiled.of_bytes(place))
    full = sum(1 << node for node in places if node >= 0)
    return State(places, full, (), frozenset(), tuple(compiled.of_bytes(free)), cost, trace)


class Beam:
    """One sweep: its direction in time (1 or -1), its width, and how far and how sharply it looks ahead.

    ``anchor`` is the step where sweeps start. Lives that begin on the other side of it keep off the nodes that are
    ``taken``.
    """

    def __init__(
        self,
        region: DeviceSubgraph,
        lives: Sequence[LiveRange],
        guess: Guess,
        *,
        anchor: int,
        direction: int,
        width: int,
        look: int,
        discount: float,
        layer: float,
        taken: int,
    ) -> None:
        self._region, self._lives, self._guess = region, lives, guess
        self._anchor, self._direction, self._width = anchor, direction, width
        self._look, self._discount, self._layer = look, discount, layer
        self._avoided = taken

    def swept(
        self, kinds: Sequence[Kind], steps: Sequence[int], start: State, most: Callable[[int], float] = lambda _: inf
    ) -> State | None:
        """The cheapest schedule after steps of these kinds, from a start where no pair has had a gate; None where there
        was no free node for a life, or where all cost more after some step than ``most`` says of it."""
        if compiled.kernel is None or self._region.compiled is None or len(self._lives) > compiled.MOST_LIVES:
            return self._interpreted(kinds, steps, start, most)
        words: list[int] = []
        for kind in kinds:
            words += (len(kind.lives), kind.free, kind.nearest_first, kind.nearest_last, kind.number)
            words += kind.lives
            words += kind.weights
        found = compiled.kernel.sweep(
            self._region.compiled,
            compiled.integers(words),
            compiled.integers(steps),
            compiled.integers(chain.from_iterable(self._lives)),
            compiled.integers(start.place),
            compiled.integers(start.vacated),
            compiled.integers(start.free),
            compiled.floats(map(most, steps)),
            compiled.floats(self._discount**place for place in range(1, self._look + 1)),
            self._direction,
            self._anchor,
            self._width,
            self._layer,
            start.full,
            self._avoided,
            start.cost,
        )
        return None if found is None else _ended(start, *found)

    def _interpreted(
        self, kinds: Sequence[Kind], steps: Sequence[int], start: State, most: Callable[[int], float]
    ) -> State | None:
        """The same in Python."""
        beam = [start]
        for number, (kind, index) in enumerate(zip(kinds, steps, strict=True)):
            ahead = kinds[number + 1 : number + 1 + self._look]
            for state in beam:
                self._release(state, index)
            look = self._guess.look(ahead, self._discount)
            beam = self._placed(beam, kind, index, look)
            if not beam:
                return None
            beam = self._stepped(beam, kind, index, look)
            limit = most(index)
            if all(state.cost > limit for state in beam):
                return None
        return min(beam, key=lambda state: state.cost)

    def _release(self, state: State, index: int) -> None:
        """Take off what does not live any more, or, on the way back, not yet."""
        for life, node in enumerate(state.place):
            _, first, last = self._lives[life]
            if node >= 0 and (last < index if self._direction > 0 else first > index):
                state.place = (*state.place[:life], NOWHERE, *state.place[life + 1 :])
                state.full &= ~(1 << node)
                state.pairs = frozenset(pair for pair in state.pairs if node not in pair)
                until = last if self._direction > 0 else -first
                state.vacated = (*state.vacated[:node], until, *state.vacated[node + 1 :])
                state.trace = Trace(state.trace, "left", index, life, node)

    # Places

    def _placed(self, beam: list[State], kind: Kind, index: int, look: Look) -> list[State]:
        """With a node for each of the step's lives: what has none yet gets one that was free since it began."""
        for life in kind.lives:
            if not beam or beam[0].place[life] >= 0:
                continue
            since, avoided = self._since(life)
            found: dict[Places, State] = {}
            for state in beam:
                for node in self._open(state, kind, avoided, since):
                    place = (*state.place[:life], node, *state.place[life + 1 :])
                    if place in found:
                        continue
                    trace = Trace(state.trace, "place", index, life, node)
                    made = State(
                        place, state.full | 1 << node, state.vacated, state.pairs, state.free, state.cost, trace
                    )
                    made.score = made.cost + self._guess.step(kind, place) + self._guess.steps(look, place)
                    found[place] = made
            beam = nsmallest(self._width, found.values(), key=_score)
        return beam

    def _since(self, life: int) -> tuple[int, int]:
        """Since when a node must have been free for a life, and the nodes (a mask) that are not for it."""
        _, first, last = self._lives[life]
        if self._direction > 0:
            return (first, 0) if first > self._anchor else (EVER + 1, 0)
        return (-last, 0) if last < self._anchor else (EVER + 1, self._avoided)

    def _open(self, state: State, kind: Kind, avoided: int, since: int) -> Iterable[int]:
        """Nodes near the step's other lives, free since a time."""
        distances, shut = self._region.distances, state.full | avoided
        free = [node for node, vacated in enumerate(state.vacated) if not shut >> node & 1 and vacated < since]
        placed = [state.place[life] for life in kind.lives if state.place[life] >= 0]
        placed = placed or [node for node in state.place if node >= 0]
        if not placed:
            return free[:_FIRST]
        away = {node: min([distances[node][other] for other in placed]) for node in free}
        least = min(away.values(), default=0)
        return [node for node in free if away[node] <= max(least, 2)]

    # Steps

    def _stepped(self, beam: list[State], kind: Kind, index: int, look: Look) -> list[State]:
        """After the step, swaps before it and all."""
        done: dict[Places, State] = {}
        for state in beam:
            taken = self._taken(kind, state.place, state.full, None)
            state.score = state.cost + taken.own + self._guess.steps(look, state.place)
            self._offer(done, kind, state, taken, 0)
        ideal = sum(kind.weights)
        frontier = [state for state in beam if state.score - state.cost - ideal >= _WORTH]
        seen = {state.place for state in beam}
        for _ in range(_ROUNDS if frontier else 0):
            moves = self._moves(frontier, kind, look, seen)
            moves.sort(key=_score)
            limit = inf if len(done) < self._width else sorted(map(_score, done.values()))[self._width - 1]
            frontier = []
            for place, move in enumerate(moves):
                kept = move.score < limit
                if place >= self._width and not kept:
                    break
                state = self._made(move, index)
                if place < self._width:
                    frontier.append(state)
                if kept:
                    self._offer(done, kind, state, move.taken, move.price - 1)
            if not moves or moves[0].score > limit:
                break
        return nsmallest(self._width, done.values(), key=_score)

    def _moves(self, frontier: Sequence[State], kind: Kind, look: Look, seen: set[Places]) -> list[_Move]:
        """One more swap of one of the step's lives with a neighbour, as far as it leads to places not ``seen`` yet."""
        moves = []
        neighbours, guessed, taken_at = self._region.neighbours, self._guess.steps, self._taken
        for state in frontier:
            standing, full = state.place, state.full
            for life in kind.lives:
                node = standing[life]
                for other in neighbours[node]:
                    places = list(standing)
                    both = full >> other & 1
                    if both:
                        places[standing.index(other)] = node
                    places[life] = other
                    place = tuple(places)
                    if place in seen:
                        continue
                    seen.add(place)
                    edge = (node, other) if node < other else (other, node)
                    price = 1 if edge in state.pairs else 3 if both else 2
                    after = full if both else full ^ (1 << node | 1 << other)
                    taken = taken_at(kind, place, after, edge if price > 1 else None)
                    gates = taken.own + (1 if taken.merged else price)
                    score = state.cost + gates + guessed(look, place)
                    moves.append(_Move(score, place, state, edge, price, taken))
        return moves

    def _made(self, move: _Move, index: int) -> State:
        """What a swap leads to."""
        state, edge, price = move.before, move.edge, move.price
        first, second = edge
        full, vacated = state.full, state.vacated
        if not full >> first & full >> second & 1:
            left = first if full >> first & 1 else second
            full ^= 1 << first | 1 << second
            vacated = (*vacated[:left], self._direction * index, *vacated[left + 1 :])
        pairs = state.pairs
        if price > 1 or len(pairs) > 1:
            pairs = frozenset([pair for pair in pairs if first not in pair and second not in pair])
            if price == 1:
                pairs |= {edge}
        free = list(state.free)
        together(free, edge, price)
        trace = Trace(state.trace, "swap", index, first, second)
        return State(move.place, full, vacated, pairs, tuple(free), state.cost + price, trace, move.score)

    def _taken(self, kind: Kind, place: Places, full: int, last: Edge | None) -> _Taken:
        """The step with its qubits where they are, after a ``last`` swap with which its first toggle may merge."""
        target, *nodes = kind.at(place)
        ranks: tuple[tuple[int, ...], ...] = ()
        if kind.free:
            lying = 0
            for node in nodes:
                lying |= 1 << node
            own, options, ranks = self._region.ladder(kind.ladders, kind.weights, target, lying, full & ~lying)
        else:
            away = self._region.distances[target]
            own = sum([weight * (4 * away[node] - 4 or 1) for node, weight in zip(nodes, kind.weights, strict=True)])
            options = 1 << nodes[0] if len(nodes) == 1 and away[nodes[0]] == 1 else 0
        if last is not None and kind.nearest_first and target in last:
            other = last[0] + last[1] - target
            if options >> other & 1:
                return _Taken(own, 1 << other, ranks, True)
        return _Taken(own, options, ranks, False)

    def _offer(self, done: dict[Places, State], kind: Kind, state: State, taken: _Taken, saved: int) -> None:
        """Take the step, and keep what comes of it if it is the best of its places; ``saved`` are the gates that the
        swap before it does without where both merge."""
        place = state.place
        target, *nodes = kind.at(place)
        free = list(state.free)
        if kind.free:
            laddered(free, target, taken.ranks, taken.options, kind.weights, taken.own)
        else:
            together(free, [target, *nodes], taken.own)
        added, free = latest(free)
        layers = self._layer * added
        score = state.score + layers
        known = done.get(place)
        if known is not None and known.score <= score:
            return
        touched = {target, *nodes}
        pairs = frozenset([pair for pair in state.pairs if pair[0] not in touched and pair[1] not in touched])
        if taken.options and kind.nearest_last:
            ends = [node for node in nodes if taken.options >> node & 1]
            pairs |= {(target, node) if target < node else (node, target) for node in ends}
        cost = state.cost + taken.own - (saved if taken.merged else 0) + layers
        done[place] = State(place, state.full, state.vacated, pairs, tuple(free), cost, state.trace, score)
