"""A first schedule for :mod:`qsac.emit.annealing`: beam searches that sweep over a program's steps from its middle.

A sweep starts at one step with nothing placed and goes to the program's end; another goes back from there to its
beginning. A qubit is placed where it is first needed, so that the step in the middle is laid out as if nothing came
before it, and what comes before it brings its qubits there. Each use of a qubit between resets is a life of its own,
and may be anywhere. The beam keeps the schedules that cost least so far and by a guess at the steps to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from qsac.emit.arrange import Edge, Region, Step
from qsac.emit.guess import Guess, Kind
from qsac.emit.pricing import laddered, latest, together

_LOOKS = (5, 8, 12, 18)
"""How many steps to come a guess looks at."""

_DISCOUNTS = (0.8, 0.88, 0.94)
"""How much less each of them counts than the one before it."""

_ROUNDS = 4
"""Most swaps before one step."""

_NOWHERE = -1


class Life(NamedTuple):
    """A qubit from its first step after a reset (or ever) to its measurement (or the end): first and last step."""

    qubit: int
    first: int
    last: int


class Sketch(NamedTuple):
    """A schedule in outline: the node where each life starts, and the swaps before each step: those that come
    ``before`` the lives that start with it are brought to their nodes, and those ``after``."""

    cost: float
    lives: tuple[Life, ...]
    nodes: tuple[int, ...]
    before: tuple[tuple[Edge, ...], ...]
    after: tuple[tuple[Edge, ...], ...]


class _Trace(NamedTuple):
    """What was done, newest first: a swap (a, b) before a step, or a life's node where it starts (kind "place") or
    where the sweep leaves it ("left")."""

    before: _Trace | None
    kind: str
    step: int
    first: int
    second: int


@dataclass(slots=True)
class _State:
    """One schedule of the beam. ``place`` of each life; ``full`` nodes as a mask; ``vacated``: the time since which
    each node is empty; ``pairs`` whose last gates were of the same two nodes; ``free`` as in
    :class:`~qsac.emit.pricing.Course`; the ``last`` swap, and the gates ``saved`` where one of that pair follows."""

    place: tuple[int, ...]
    full: int
    vacated: tuple[int, ...]
    pairs: frozenset[Edge]
    free: tuple[int, ...]
    cost: float
    trace: _Trace | None
    last: Edge | None = None
    saved: int = 0
    score: float = 0.0


class Sweeper:
    """Sweeps over the steps of one program in one region."""

    def __init__(self, region: Region, order: Sequence[Step], layer: float) -> None:
        self.region, self.order, self._layer = region, order, layer
        self._guess, self._look = Guess(region), 0
        self.lives, self.of = _lives(order)
        self.turning = [index for index, step in enumerate(order) if step.controls]

    def sketch(self, random: Random, width: int) -> Sketch | None:
        """The best schedule that starts at some step, of beams of the given width; None where the region is too small
        for the way that nodes are chosen."""
        turns = self.turning
        if not turns:
            return self.at_random(random)
        at = random.randrange(len(turns))
        anchor = turns[at]
        self._look, self._guess.discount = random.choice(_LOOKS), random.choice(_DISCOUNTS)
        forward = self._sweep([self._kind(i, 1) for i in turns[at:]], turns[at:], self._empty(), anchor, 1, width, 0)
        if forward is None:
            return None
        place = [_NOWHERE] * len(self.lives)
        taken = 0
        for event in _events(forward.trace):
            if event.kind == "place":
                taken |= 1 << event.second
                if self.lives[event.first].first <= anchor:
                    place[event.first] = event.second
            elif event.kind == "swap":
                taken |= 1 << event.first | 1 << event.second
        # What ends before the anchor step has any node; what lives on keeps off those that are used after it.
        full = sum(1 << node for node in place if node >= 0)
        start = _State(tuple(place), full, self._empty().vacated, frozenset(), forward.free, forward.cost, None)
        back = turns[:at][::-1]
        backward = self._sweep([self._kind(i, -1) for i in back], back, start, anchor, -1, width, taken)
        return None if backward is None else self._joined(anchor, forward, backward)

    def at_random(self, random: Random) -> Sketch:
        """A schedule without swaps from anywhere."""
        nodes: list[int] = []
        free = random.sample(range(len(self.region.nodes)), len(self.region.nodes))
        known: set[int] = set()
        for life in self.lives:
            nodes.append(_NOWHERE if life.qubit in known else free.pop())
            known.add(life.qubit)
        nothing = ((),) * len(self.order)
        return Sketch(0, self.lives, tuple(nodes), nothing, nothing)

    def _empty(self) -> _State:
        nodes = len(self.region.nodes)
        return _State((_NOWHERE,) * len(self.lives), 0, (-(1 << 30),) * nodes, frozenset(), (0,) * nodes, 0, None)

    def _kind(self, index: int, direction: int) -> Kind:
        step, of = self.order[index], self.of[index]
        nearest = step.free or len(step.controls) == 1
        ends = (nearest, step.ends_nearest)
        return Kind(of[step.target], tuple(of[c] for c in step.controls), step.weights, step.free, *ends[::direction])

    def _joined(self, anchor: int, forward: _State, backward: _State) -> Sketch:
        """Both sweeps as one schedule in time."""
        nodes = [_NOWHERE] * len(self.lives)
        before: list[list[Edge]] = [[] for _ in self.order]
        after: list[list[Edge]] = [[] for _ in self.order]
        for event in _events(forward.trace):
            if event.kind == "place":
                nodes[event.first] = event.second
            elif event.kind == "swap":
                after[event.step].append((event.first, event.second))
        following = dict(zip(self.turning, [*self.turning[1:], anchor], strict=True))
        for step, later in following.items():
            if any(step < life.first < later for life in self.lives):
                following[step] = step + 1  # what begins in between comes to where there is room then
        for event in _events(backward.trace):
            if event.kind == "left":
                nodes[event.first] = event.second
            elif event.kind == "swap":
                # Before the step on the way back: after it in time.
                before[following[event.step]].insert(0, (event.first, event.second))
        for life, node in enumerate(backward.place):
            if node >= 0:
                nodes[life] = node
        return Sketch(backward.cost, self.lives, tuple(nodes), tuple(map(tuple, before)), tuple(map(tuple, after)))

    def _sweep(
        self,
        kinds: Sequence[Kind],
        turns: Sequence[int],
        start: _State,
        anchor: int,
        direction: int,
        width: int,
        taken: int,
    ) -> _State | None:
        """The cheapest schedule at the end of a sweep; None where there was no free node for a life."""
        beam = [start]
        for number, (kind, index) in enumerate(zip(kinds, turns, strict=True)):
            ahead = kinds[number + 1 : number + 1 + self._look]
            for state in beam:
                self._released(state, index, direction)
            beam = self._placed(beam, kind, index, ahead, anchor, direction, width, taken)
            if not beam:
                return None
            beam = self._stepped(beam, kind, index, ahead, direction, width)
        return min(beam, key=lambda state: state.cost)

    # One step

    def _placed(
        self,
        beam: list[_State],
        kind: Kind,
        index: int,
        ahead: Sequence[Kind],
        anchor: int,
        direction: int,
        width: int,
        taken: int,
    ) -> list[_State]:
        """With a node for each of the step's lives: what has none yet gets one that was free since it began."""
        for life in (kind.target, *kind.controls):
            if not beam or beam[0].place[life] >= 0:
                continue
            _, first, last = self.lives[life]
            since = (
                (first if direction > 0 else -last) if (first > anchor if direction > 0 else last < anchor) else None
            )
            avoided = taken if since is None and direction < 0 else 0
            found: dict[tuple[int, ...], _State] = {}
            for state in beam:
                for node in self._open(state, kind, avoided, since if since is not None else -(1 << 29)):
                    place = (*state.place[:life], node, *state.place[life + 1 :])
                    trace = _Trace(state.trace, "place", index, life, node)
                    made = _State(
                        place, state.full | 1 << node, state.vacated, state.pairs, state.free, state.cost, trace
                    )
                    made.score = made.cost + self._guess.step(kind, place) + self._guess.steps(ahead, place)
                    found.setdefault(place, made)
            beam = sorted(found.values(), key=_score)[:width]
        return beam

    def _open(self, state: _State, kind: Kind, avoided: int, since: int) -> Iterable[int]:
        """Nodes near the step's other lives, free since a time."""
        placed = [state.place[life] for life in (kind.target, *kind.controls) if state.place[life] >= 0]
        if not placed and not state.full:
            return range(min(6, len(self.region.nodes)))
        distances = self.region.distances
        free = [
            node
            for node in range(len(self.region.nodes))
            if not (state.full | avoided) >> node & 1 and state.vacated[node] < since
        ]
        if not placed:
            placed = [node for node in state.place if node >= 0]
        away = {node: min(distances[node][other] for other in placed) for node in free}
        least = min(away.values(), default=0)
        return [node for node in free if away[node] <= max(least, 2)]

    def _stepped(
        self, beam: list[_State], kind: Kind, index: int, ahead: Sequence[Kind], direction: int, width: int
    ) -> list[_State]:
        """After the step, swaps before it and all."""
        done: dict[tuple[int, ...], _State] = {}
        for state in beam:
            self._offer(done, state, kind, index, ahead, direction)
        frontier = beam
        seen = {state.place for state in beam}
        for _ in range(_ROUNDS):
            moved: list[_State] = []
            for state in frontier:
                for life in (kind.target, *kind.controls):
                    node = state.place[life]
                    for other in self.region.neighbours[node]:
                        after = self._swapped(state, node, other, index, direction)
                        if after.place not in seen:
                            seen.add(after.place)
                            moved.append(after)
            limit = None if len(done) < width else sorted(state.score for state in done.values())[width - 1]
            for state in moved:
                self._offer(done, state, kind, index, ahead, direction)
            frontier = sorted(moved, key=_score)[:width]
            if limit is not None and (not frontier or frontier[0].score > limit + 2):
                break
        return sorted(done.values(), key=_score)[:width]

    def _offer(
        self,
        done: dict[tuple[int, ...], _State],
        state: _State,
        kind: Kind,
        index: int,
        ahead: Sequence[Kind],
        direction: int,
    ) -> None:
        """Take the step, and keep what comes of it if it is the best of its places."""
        target, place = state.place[kind.target], state.place
        if kind.free:
            lying = 0
            for control in kind.controls:
                lying |= 1 << place[control]
            own, options, ranks = self.region.ladder(kind.weights, target, lying, state.full & ~lying)
        else:
            distance = self.region.distances[target]
            own = options = 0
            ranks = ()
            for control, weight in zip(kind.controls, kind.weights, strict=True):
                own += weight * (4 * distance[place[control]] - 4 or 1)
            if len(kind.controls) == 1 and distance[place[kind.controls[0]]] == 1:
                options = 1 << place[kind.controls[0]]
        cost = state.cost + own
        if kind.nearest_first and state.last is not None and target in state.last:
            other = state.last[0] + state.last[1] - target
            if options >> other & 1:
                cost -= state.saved
                options = 1 << other
        free = list(state.free)
        if kind.free:
            laddered(free, target, ranks, options, kind.weights, own)
        else:
            together(free, [target, *(place[control] for control in kind.controls)], own)
        added, free = latest(free)
        cost += self._layer * added
        touched = {target, *(place[control] for control in kind.controls)}
        pairs = frozenset(pair for pair in state.pairs if pair[0] not in touched and pair[1] not in touched)
        if options and kind.nearest_last:
            pairs |= {_edge(target, place[control]) for control in kind.controls if options >> place[control] & 1}
        score = cost + self._guess.steps(ahead, place)
        state.score = score
        known = done.get(place)
        if known is None or score < known.score:
            done[place] = _State(
                place, state.full, state.vacated, pairs, tuple(free), cost, state.trace, None, 0, score
            )

    def _released(self, state: _State, index: int, direction: int) -> None:
        """Take off what does not live any more, or, on the way back, not yet."""
        for life, node in enumerate(state.place):
            _, first, last = self.lives[life]
            if node >= 0 and (last < index if direction > 0 else first > index):
                state.place = (*state.place[:life], _NOWHERE, *state.place[life + 1 :])
                state.full &= ~(1 << node)
                state.pairs = frozenset(pair for pair in state.pairs if node not in pair)
                until = last if direction > 0 else -first
                state.vacated = (*state.vacated[:node], until, *state.vacated[node + 1 :])
                state.trace = _Trace(state.trace, "left", index, life, node)

    def _swapped(self, state: _State, first: int, second: int, index: int, direction: int) -> _State:
        edge = _edge(first, second)
        both = state.full >> first & state.full >> second & 1
        beside = edge in state.pairs
        price = 1 if beside else 3 if both else 2
        place = tuple([second if node == first else first if node == second else node for node in state.place])
        full, vacated = state.full, state.vacated
        if not both:
            full ^= 1 << first | 1 << second
            vacated = (*vacated[:first], direction * index, *vacated[first + 1 :])
        pairs = frozenset([edge, *(pair for pair in state.pairs if not {first, second} & set(pair))])
        trace = _Trace(state.trace, "swap", index, first, second)
        last = edge if price > 1 else None
        free = list(state.free)
        together(free, edge, price)
        made = _State(place, full, vacated, pairs, tuple(free), state.cost + price, trace, last, price - 1)
        if not beside:
            made.pairs = pairs - {edge}
        return made


def _score(state: _State) -> float:
    return state.score


def _edge(first: int, second: int) -> Edge:
    return (first, second) if first < second else (second, first)


def _events(trace: _Trace | None) -> list[_Trace]:
    found = []
    while trace is not None:
        found.append(trace)
        trace = trace.before
    return found[::-1]


def _lives(order: Sequence[Step]) -> tuple[tuple[Life, ...], list[dict[int, int]]]:
    """The lives of all qubits, and for each step which life of a qubit it is of."""
    first: list[int] = []
    last: list[int] = []
    qubits: list[int] = []
    now: dict[int, int] = {}
    of: list[dict[int, int]] = []
    for index, step in enumerate(order):
        for qubit in (step.target, *step.controls):
            if step.event == "reset":
                now.pop(qubit, None)
                continue
            if qubit not in now:
                now[qubit] = len(first)
                qubits.append(qubit)
                first.append(index)
                last.append(index)
            last[now[qubit]] = index
        of.append({qubit: now[qubit] for qubit in (step.target, *step.controls) if qubit in now})
        if step.event == "measure":
            now.pop(step.target)
    return tuple(map(Life, qubits, first, last)), of
