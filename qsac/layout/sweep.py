"""A first schedule for :mod:`qsac.layout.annealing`: beam searches that sweep over a program's steps from its middle.

A sweep starts at one step with nothing placed and goes to the program's end; another goes back from there to its
beginning. A qubit is placed where it is first needed, so that the step in the middle is laid out as if nothing came
before it, and what comes before it brings its qubits there. Each use of a qubit between resets is a life of its own,
and may be anywhere. Or the sweeps start where a schedule that is known already has its qubits at some step.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from random import Random
from typing import NamedTuple

from qsac.layout.arrangement import DeviceSubgraph, Edge, Step
from qsac.layout.beam import NOWHERE, Beam, LiveRange, State, events, nothing_placed
from qsac.layout.lookahead import Guess, Kind, Places
from qsac.layout.step_facts import StepFacts

_LOOKS = (5, 8, 12, 18)
"""How many steps to come a guess looks at."""

_DISCOUNTS = (0.8, 0.88, 0.94)
"""How much less each of them counts than the one before it."""


RECOVERED = 6
"""A schedule that costs so many two-qubit gates more than another one until some step is given up: later steps hardly
make up for them."""


class Sketch(NamedTuple):
    """A schedule in outline: the node where each life starts, and the swaps before each step: those that come
    ``before`` the lives that start with it are brought to their nodes, and those ``after``."""

    cost: float
    lives: tuple[LiveRange, ...]
    nodes: tuple[int, ...]
    before: tuple[tuple[Edge, ...], ...]
    after: tuple[tuple[Edge, ...], ...]


class Sweeper:
    """Sweeps over the steps of one program in one region; a ``layer`` is worth so many two-qubit gates."""

    def __init__(self, region: DeviceSubgraph, order: Sequence[Step], qubits: int, layer: float, guess: Guess) -> None:
        self.region, self.order, self.qubits, self._layer, self._guess = region, order, qubits, layer, guess
        self.lives, self._of = _lives(order)
        self.facts = StepFacts(order, qubits)
        self.turning = self.facts.turning
        self._kinds = {direction: [self._kind(index, direction) for index in self.turning] for direction in (1, -1)}

    def _kind(self, index: int, direction: int) -> Kind:
        step, of = self.order[index], self._of[index]
        ends = (step.free or len(step.controls) == 1, step.ends_nearest)
        first, last = ends[::direction]
        controls = tuple(of[control] for control in step.controls)
        return self._guess.kind(of[step.target], controls, step.weights, step.free, (first, last))

    def sketch(self, random: Random, width: int) -> Sketch | None:
        """The best schedule that starts at some step, of beams of the given width; None where the region is too small
        for the way that nodes are chosen."""
        if not self.turning:
            return self.at_random(random)
        return self._swept(random, width, random.randrange(len(self.turning)), (NOWHERE,) * len(self.lives))

    def again(
        self, random: Random, width: int, turn: int, places: Sequence[int], spent: Sequence[float]
    ) -> Sketch | None:
        """Another schedule whose qubits (by number) are at ``places`` before one of the steps with controls.

        It is given up where it costs clearly more than a schedule that has ``spent`` so much before each step and in
        the end.
        """
        step = self.turning[turn]
        start = tuple(places[life.qubit] if life.first <= step <= life.last else NOWHERE for life in self.lives)
        return self._swept(random, width, turn, start, spent)

    def at_random(self, random: Random) -> Sketch:
        """A schedule without swaps from anywhere."""
        nodes: list[int] = []
        free = random.sample(range(len(self.region.nodes)), len(self.region.nodes))
        known: set[int] = set()
        for life in self.lives:
            nodes.append(NOWHERE if life.qubit in known else free.pop())
            known.add(life.qubit)
        nothing = ((),) * len(self.order)
        return Sketch(0, self.lives, tuple(nodes), nothing, nothing)

    def _swept(
        self, random: Random, width: int, turn: int, given: Places, spent: Sequence[float] = ()
    ) -> Sketch | None:
        anchor = self.turning[turn]

        def after(step: int) -> float:
            return spent[step + 1] - spent[anchor] + RECOVERED if spent else inf

        def before(step: int) -> float:
            return spent[-1] - spent[step] + RECOVERED if spent else inf

        look, discount = random.choice(_LOOKS), random.choice(_DISCOUNTS)

        def beam(direction: int, taken: int = 0) -> Beam:
            return Beam(
                self.region,
                self.lives,
                self._guess,
                anchor=anchor,
                direction=direction,
                width=width,
                look=look,
                discount=discount,
                layer=self._layer,
                taken=taken,
            )

        empty = nothing_placed(len(self.lives), len(self.region.nodes))
        start = State(given, _mask(given), empty.vacated, empty.pairs, empty.free, 0, None)
        forward = beam(1).swept(self._kinds[1][turn:], self.turning[turn:], start, after)
        if forward is None:
            return None
        place = list(given)
        taken = _mask(given)
        for event in events(forward.trace):
            if event.kind == "place":
                taken |= 1 << event.second
                if self.lives[event.first].first <= anchor:
                    place[event.first] = event.second
            elif event.kind == "swap":
                taken |= 1 << event.first | 1 << event.second
        # What ends before the anchor step has any node; what lives on keeps off those that are used after it.
        middle = tuple(place)
        start = State(middle, _mask(middle), empty.vacated, empty.pairs, forward.free, forward.cost, None)
        backward = beam(-1, taken).swept(self._kinds[-1][:turn][::-1], self.turning[:turn][::-1], start, before)
        return None if backward is None else self._joined(anchor, middle, forward, backward)

    def _joined(self, anchor: int, middle: Places, forward: State, backward: State) -> Sketch:
        """Both sweeps as one schedule in time."""
        nodes = list(middle)
        before: list[list[Edge]] = [[] for _ in self.order]
        after: list[list[Edge]] = [[] for _ in self.order]
        for event in events(forward.trace):
            if event.kind == "place":
                nodes[event.first] = event.second
            elif event.kind == "swap":
                after[event.step].append((event.first, event.second))
        following = dict(zip(self.turning, [*self.turning[1:], anchor], strict=True))
        for step, later in following.items():
            if any(step < life.first < later for life in self.lives):
                following[step] = step + 1  # what begins in between comes to where there is room then
        for event in events(backward.trace):
            if event.kind == "left":
                nodes[event.first] = event.second
            elif event.kind == "swap":
                # Before the step on the way back: after it in time.
                before[following[event.step]].insert(0, (event.first, event.second))
        for life, node in enumerate(backward.place):
            if node >= 0:
                nodes[life] = node
        return Sketch(backward.cost, self.lives, tuple(nodes), tuple(map(tuple, before)), tuple(map(tuple, after)))


def _mask(places: Sequence[int]) -> int:
    return sum(1 << node for node in places if node >= 0)


def _lives(order: Sequence[Step]) -> tuple[tuple[LiveRange, ...], list[dict[int, int]]]:
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
    return tuple(map(LiveRange, qubits, first, last)), of
