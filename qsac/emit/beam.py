"""A beam that sweeps over a program's steps in one direction, and keeps the schedules that seem best.

What the steps so far have cost is known; what those to come will cost is a guess (:mod:`qsac.emit.guess`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from operator import attrgetter
from typing import NamedTuple

from qsac.emit.arrange import Edge, Region
from qsac.emit.guess import Guess, Kind, Places
from qsac.emit.pricing import laddered, latest, together

_ROUNDS = 4
"""Most swaps before one step."""

_SLACK = 2.0
"""How much more the best of the swapped schedules may seem to cost than the last one kept before swaps end."""

NOWHERE = -1

EVER = -(1 << 30)
"""A time before all others."""


class Life(NamedTuple):
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
    :class:`~qsac.emit.pricing.Course`; the ``last`` swap, and the gates ``saved`` where one of that pair follows."""

    place: Places
    full: int
    vacated: tuple[int, ...]
    pairs: frozenset[Edge]
    free: tuple[int, ...]
    cost: float
    trace: Trace | None
    last: Edge | None = None
    saved: int = 0
    score: float = 0.0


def nothing_placed(lives: int, nodes: int) -> State:
    """The schedule that has not begun."""
    return State((NOWHERE,) * lives, 0, (EVER,) * nodes, frozenset(), (0,) * nodes, 0, None)


class _Taken(NamedTuple):
    """A step where it stands: its gates, as in :meth:`Region.ladder` the mask of the controls of which any may toggle
    at its end and the ranks of all, and the swap just before it that merges with its first toggle."""

    own: int
    options: int
    ranks: tuple[tuple[int, ...], ...]
    merged: Edge | None


@dataclass(slots=True)
class _Move:
    """A swap that may be made: what it leads to, at the least it seems to cost; ``state`` once it is made."""

    score: float
    place: Places
    before: State
    edge: Edge
    taken: _Taken
    state: State | None = None


_score = attrgetter("score")


class Beam:
    """One sweep: its direction in time (1 or -1), its width, and how far and how sharply it looks ahead.

    ``anchor`` is the step where sweeps start. Lives that begin on the other side of it keep off the nodes that are
    ``taken``.
    """

    def __init__(
        self,
        region: Region,
        lives: Sequence[Life],
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

    def swept(self, kinds: Sequence[Kind], steps: Sequence[int], start: State) -> State | None:
        """The cheapest schedule after steps of these kinds; None where there was no free node for a life."""
        beam = [start]
        for number, (kind, index) in enumerate(zip(kinds, steps, strict=True)):
            ahead = kinds[number + 1 : number + 1 + self._look]
            for state in beam:
                self._release(state, index)
            beam = self._placed(beam, kind, index, ahead)
            if not beam:
                return None
            beam = self._stepped(beam, kind, index, ahead)
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

    def _placed(self, beam: list[State], kind: Kind, index: int, ahead: Sequence[Kind]) -> list[State]:
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
                    ahead_of = self._guess.steps(ahead, self._discount, place)
                    made.score = made.cost + self._guess.step(kind, place) + ahead_of
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
        placed = [state.place[life] for life in kind.lives if state.place[life] >= 0]
        if not placed and not state.full:
            return range(min(6, len(self._region.nodes)))
        distances = self._region.distances
        shut = state.full | avoided
        free = [node for node, vacated in enumerate(state.vacated) if not shut >> node & 1 and vacated < since]
        if not placed:
            placed = [node for node in state.place if node >= 0]
        away = {node: min([distances[node][other] for other in placed]) for node in free}
        least = min(away.values(), default=0)
        return [node for node in free if away[node] <= max(least, 2)]

    # Steps

    def _stepped(self, beam: list[State], kind: Kind, index: int, ahead: Sequence[Kind]) -> list[State]:
        """After the step, swaps before it and all."""
        done: dict[Places, State] = {}
        for state in beam:
            taken = self._taken(kind, state.place, state.full, state.last)
            cost = state.cost + taken.own - (state.saved if taken.merged else 0)
            state.score = cost + self._guess.steps(ahead, self._discount, state.place)
            self._offer(done, kind, state, taken)
        frontier = beam
        seen = {state.place for state in beam}
        for _ in range(_ROUNDS):
            moves = self._moves(frontier, kind, ahead, seen)
            limit = (
                None if len(done) < self._width else sorted([state.score for state in done.values()])[self._width - 1]
            )
            for move in moves:
                if limit is None or move.score < limit:
                    self._offer(done, kind, self._made(move, index), move.taken)
            best = nsmallest(self._width, moves, key=_score)
            if limit is not None and (not best or best[0].score > limit + _SLACK):
                break
            frontier = [self._made(move, index) for move in best]
        return nsmallest(self._width, done.values(), key=_score)

    def _moves(self, frontier: Sequence[State], kind: Kind, ahead: Sequence[Kind], seen: set[Places]) -> list[_Move]:
        """One more swap of one of the step's lives with a neighbour, as far as it leads to places not ``seen`` yet."""
        moves = []
        neighbours = self._region.neighbours
        for state in frontier:
            for life in kind.lives:
                node = state.place[life]
                for other in neighbours[node]:
                    places = list(state.place)
                    if state.full >> other & 1:
                        places[state.place.index(other)] = node
                    places[life] = other
                    place = tuple(places)
                    if place in seen:
                        continue
                    seen.add(place)
                    edge = (node, other) if node < other else (other, node)
                    price = self._price(state, edge)
                    both = state.full >> other & 1
                    full = state.full if both else state.full ^ (1 << node | 1 << other)
                    taken = self._taken(kind, place, full, edge if price > 1 else None)
                    cost = state.cost + price + taken.own - (price - 1 if taken.merged else 0)
                    score = cost + self._guess.steps(ahead, self._discount, place)
                    moves.append(_Move(score, place, state, edge, taken))
        return moves

    @staticmethod
    def _price(state: State, edge: Edge) -> int:
        if edge in state.pairs:
            return 1
        return 3 if state.full >> edge[0] & state.full >> edge[1] & 1 else 2

    def _made(self, move: _Move, index: int) -> State:
        """What a swap leads to."""
        if move.state is not None:
            return move.state
        state, edge = move.before, move.edge
        first, second = edge
        price = self._price(state, edge)
        full, vacated = state.full, state.vacated
        if not full >> first & full >> second & 1:
            left = first if full >> first & 1 else second
            full ^= 1 << first | 1 << second
            vacated = (*vacated[:left], self._direction * index, *vacated[left + 1 :])
        pairs = frozenset([pair for pair in state.pairs if first not in pair and second not in pair])
        if price == 1:
            pairs |= {edge}
        free = list(state.free)
        together(free, edge, price)
        trace = Trace(state.trace, "swap", index, first, second)
        move.state = State(move.place, full, vacated, pairs, tuple(free), state.cost + price, trace)
        move.state.last, move.state.saved = edge if price > 1 else None, price - 1
        move.state.score = move.score
        return move.state

    def _taken(self, kind: Kind, place: Places, full: int, last: Edge | None) -> _Taken:
        """The step with its qubits where they are, after a ``last`` swap."""
        target, *nodes = kind.at(place)
        ranks: tuple[tuple[int, ...], ...] = ()
        if kind.free:
            lying = 0
            for node in nodes:
                lying |= 1 << node
            own, options, ranks = self._region.ladder(kind.weights, target, lying, full & ~lying)
        else:
            away = self._region.distances[target]
            own = sum([weight * (4 * away[node] - 4 or 1) for node, weight in zip(nodes, kind.weights, strict=True)])
            options = 1 << nodes[0] if len(nodes) == 1 and away[nodes[0]] == 1 else 0
        if kind.nearest_first and last is not None and target in last:
            other = last[0] + last[1] - target
            if options >> other & 1:
                return _Taken(own, 1 << other, ranks, last)
        return _Taken(own, options, ranks, None)

    def _offer(self, done: dict[Places, State], kind: Kind, state: State, taken: _Taken) -> None:
        """Take the step, and keep what comes of it if it is the best of its places."""
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
            pairs |= {
                (target, node) if target < node else (node, target) for node in nodes if taken.options >> node & 1
            }
        cost = state.cost + taken.own - (state.saved if taken.merged else 0) + layers
        done[place] = State(place, state.full, state.vacated, pairs, tuple(free), cost, state.trace, None, 0, score)
