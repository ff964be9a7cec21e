"""Places for the qubits of a block program, step by step, by simulated annealing over the exact cost.

What is annealed is the whole schedule: where the qubits start and which neighbours are swapped before which step. A
change is priced by running the steps from the first that it touches, until everything lies where it lay before.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Any

from qsac.errors import present
from qsac.layout import compiled
from qsac.layout.arrangement import (
    Arranged,
    Arrangement,
    DeviceSubgraph,
    Edge,
    Step,
    Swap,
    toggles,
)
from qsac.layout.pricing import ScheduleState, priced
from qsac.layout.step_facts import StepFacts
from qsac.layout.sweep import RECOVERED, Sketch

COLD = 0.2
"""Temperature, in two-qubit gates, at which an annealing ends."""

_REACH = 10
"""Most steps after which a swap is taken back in one change."""


class Schedule:
    """One schedule under annealing. ``facts`` are those of the order, if they are known."""

    def __init__(
        self,
        region: DeviceSubgraph,
        order: Sequence[Step],
        qubits: int,
        sketch: Sketch,
        layer: float,
        random: Random,
        facts: StepFacts | None = None,
    ) -> None:
        self.region, self.order, self.layer, self.random = region, order, layer, random
        self.start, self.swaps = _placed(sketch, qubits, len(region.nodes))
        self._facts = StepFacts(order, qubits) if facts is None else facts
        self.turning, self.least = self._facts.turning, self._facts.least
        self.spent = [0.0] * (len(order) + 1)
        self.costs: list[float] = []
        self._courses: list[ScheduleState] = []
        self._begin(self.start, self.swaps)

    @property
    def total(self) -> float:
        return self.spent[-1]

    @property
    def courses(self) -> list[ScheduleState]:
        """What stands where before each step."""
        if not self._courses:
            self._courses = self._whole()[0]
        return self._courses

    def places(self, step: int) -> list[int]:
        """The node of each qubit when a step is taken, after the swaps before it."""
        course = self._course(self.start)
        for edges in self.swaps[: step + 1]:
            for edge in edges:
                course.swap(*edge)
        return course.place

    def _begin(self, start: list[int], swaps: list[tuple[Edge, ...]]) -> None:
        """Take a schedule, whatever it costs."""
        self.start, self.swaps = start, swaps
        self.spent = [0.0] * (len(self.order) + 1)
        self._courses = []
        if (known := self._compiled()) is None:
            self._install(0, *self._whole())
            return
        module, region, steps, alive = known
        costs = module.price(region, steps, alive, compiled.integers(start), *compiled.swaps_of(swaps), self.layer)
        self.costs = compiled.floats_of(costs)
        self.spent = [0.0, *accumulate(self.costs)]

    def _compiled(self) -> tuple[Any, object, array[int], array[int]] | None:
        """The compiled code, and what it takes that does not change; None where it cannot be used."""
        region = self.region.compiled
        if compiled.kernel is None or region is None or max(map(len, self.swaps), default=0) > compiled.MOST_SWAPS:
            return None
        return compiled.kernel, region, *self._facts.flat

    def _course(self, start: Sequence[int]) -> ScheduleState:
        holds = [-1] * len(self.region.nodes)
        for qubit, node in enumerate(start):
            holds[node] = qubit
        return ScheduleState(list(start), holds, {}, [0] * len(holds))

    def _whole(self) -> tuple[list[ScheduleState], list[float]]:
        """Courses and costs of all steps, whatever the total."""
        found = self._run(self.start, self.swaps, 0, len(self.order), math.inf)
        return present(found, "the course of a schedule")

    def _run(
        self, start: list[int], swaps: list[tuple[Edge, ...]], first: int, last: int, most: float
    ) -> tuple[list[ScheduleState], list[float]] | None:
        """Courses and costs of the steps from ``first`` on, until after ``last`` all is as it was; None if the total
        comes above ``most``, or seems to."""
        course = self.courses[first].copy() if first else self._course(start)
        total = self.spent[first]
        courses: list[ScheduleState] = []
        costs: list[float] = []
        for index in range(first, len(self.order)):
            if index > last:
                known = self.courses[index]
                if known.place == course.place and known.free == course.free and known.partners == course.partners:
                    break
            courses.append(course.copy())
            price = priced(self.region, self.order[index], course, self._facts.lives[index], swaps[index])
            costs.append(sum(price.swaps) + price.own + self.layer * price.layers)
            total += costs[-1]
            behind = total - self.spent[index + 1]
            if behind > most - self.total + RECOVERED or total + self.least[index + 1] > most:
                return None
        return (courses, costs) if total + self.spent[-1] - self.spent[first + len(costs)] <= most else None

    def _install(self, first: int, courses: list[ScheduleState], costs: list[float]) -> None:
        self._courses[first : first + len(courses)] = courses
        self.costs[first : first + len(costs)] = costs
        for index in range(first, len(self.costs)):
            self.spent[index + 1] = self.spent[index] + self.costs[index]

    def anneal(self, changes: int, hot: float) -> None:
        """Try changes while it cools down; ends at the best schedule seen."""
        temperatures = [hot * (COLD / hot) ** (count / changes) for count in range(changes if self.turning else 0)]
        if (known := self._compiled()) is None:
            self._begin(*self._annealed(temperatures))
            return
        module, region, steps, alive = known
        drawing = compiled.Drawing(self.random)
        start, sizes, edges = module.anneal(
            region,
            steps,
            alive,
            compiled.integers(self.start),
            *compiled.swaps_of(self.swaps),
            self.layer,
            RECOVERED,
            compiled.floats(temperatures),
            drawing.state,
        )
        drawing.give_back()
        self._begin(compiled.of_bytes(start), compiled.edges_of(sizes, edges))

    def _annealed(self, temperatures: Sequence[float]) -> tuple[list[int], list[tuple[Edge, ...]]]:
        """Start and swaps of the best schedule that is seen at these temperatures."""
        best = self.total, self.start, self.swaps
        for temperature in temperatures:
            start, swaps, first, last = self._change()
            if last < 0:
                continue
            most = self.total - temperature * math.log(max(self.random.random(), 1e-12))
            found = self._run(start, swaps, first, last, most)
            if found is None:
                continue
            self.start, self.swaps = start, swaps
            self._install(first, *found)
            if self.total < best[0]:
                best = self.total, start, swaps
        return best[1:]

    def _change(self) -> tuple[list[int], list[tuple[Edge, ...]], int, int]:
        """A changed schedule and the first and last step that it touches; the last is -1 where there is no change."""
        random, chance = self.random, self.random.random()
        changed: dict[int, tuple[Edge, ...]] = {}
        start = self.start
        if chance < 0.12:
            start, changed = self._moved_start()
        else:
            turn = random.randrange(len(self.turning))
            index = self.turning[turn]
            here = self.swaps[index]
            if chance < 0.35 and here:
                changed = self._without(turn, random.randrange(len(here)))
            elif chance < 0.8:
                changed = self._with(turn)
            elif here:
                place, other = random.randrange(len(here)), turn + random.choice((-2, -1, 1, 2))
                if not 0 <= other < len(self.turning):
                    return start, self.swaps, 0, -1
                goal = self.turning[other]
                there = self.swaps[goal]
                changed[index] = here[:place] + here[place + 1 :]
                changed[goal] = (*there, here[place]) if other < turn else (here[place], *there)
        swaps = self.swaps
        if any(len(edges) > compiled.MOST_SWAPS for edges in changed.values()):
            return start, swaps, 0, -1
        if changed:
            swaps = swaps.copy()
            for index, edges in changed.items():
                swaps[index] = _reduced(edges)
        if start is not self.start:
            return start, swaps, 0, max(changed, default=0)
        return start, swaps, min(changed, default=0), max(changed, default=-1)

    def _moved_start(self) -> tuple[list[int], dict[int, tuple[Edge, ...]]]:
        random = self.random
        start = self.start.copy()
        qubit = random.randrange(len(start))
        node = start[qubit]
        near = self.region.neighbours[node]
        goal = random.choice(near) if random.random() < 0.6 else random.choice(start)
        if goal in start:
            start[start.index(goal)] = node
        start[qubit] = goal
        if goal in near and random.random() < 0.5:
            index = random.choice(self.turning)
            return start, {index: ((node, goal), *self.swaps[index])}
        return start, {}

    def _without(self, turn: int, place: int) -> dict[int, tuple[Edge, ...]]:
        """Without one swap, and perhaps without the next one of the same pair."""
        here = self.swaps[self.turning[turn]]
        changed = {self.turning[turn]: here[:place] + here[place + 1 :]}
        if self.random.random() < 0.6:
            pair = set(here[place])
            for index in self.turning[turn + 1 : turn + _REACH]:
                same = next((at for at, edge in enumerate(self.swaps[index]) if set(edge) == pair), None)
                if same is not None:
                    changed[index] = self.swaps[index][:same] + self.swaps[index][same + 1 :]
                    break
        return changed

    def _with(self, turn: int) -> dict[int, tuple[Edge, ...]]:
        """With a swap at one of a step's qubits, perhaps taken back some steps later."""
        random, index = self.random, self.turning[turn]
        step, here = self.order[index], self.swaps[index]
        course = self.courses[index].copy()
        for edge in here:
            course.swap(*edge)
        qubit = step.target if random.random() < 0.3 else random.choice((step.target, *step.controls))
        node = course.place[qubit]
        edge = node, random.choice(self.region.neighbours[node])
        at = len(here) if random.random() < 0.8 or not here else random.randrange(len(here))
        changed = {index: (*here[:at], edge, *here[at:])}
        later = turn + random.randrange(1, _REACH)
        if random.random() < 0.7 and later < len(self.turning):
            changed[self.turning[later]] = (edge, *self.swaps[self.turning[later]])
        return changed

    def arranged(self) -> Arrangement:
        """The schedule on the device's nodes."""
        found: list[Arranged] = []
        nodes, cost = self.region.nodes, 0
        # Which of the nearest controls toggles last was left open until something merges with it.
        opened: dict[int, tuple[int, int]] = {}
        ranks: list[list[int]] = []
        prices = []
        # Where the qubits lie while each step is taken, and what lies on the nodes; only swaps change it.
        lying: list[tuple[list[int], list[int]]] = []
        course, lives = self._course(self.start), self._facts.lives
        for index, step in enumerate(self.order):
            price = priced(self.region, step, course, lives[index], self.swaps[index])
            for edge, merges in zip(self.swaps[index], price.merges, strict=True):
                for node, other in (edge, edge[::-1]):
                    if merges < 0 and node in opened and opened[node][1] >> other & 1:
                        ranked = ranks[opened[node][0]]
                        ranked.remove(other)
                        ranked.insert(0, other)
                opened.pop(edge[0], None)
                opened.pop(edge[1], None)
            if step.controls or step.event != "turn":
                for qubit in (step.target, *step.controls):
                    opened.pop(course.place[qubit], None)
            if price.options and price.ranked:
                opened[course.place[step.target]] = index, price.options
            prices.append(price)
            ranks.append(price.ranked)
            moved = bool(self.swaps[index]) or not lying
            lying.append((course.place.copy(), course.holds.copy()) if moved else lying[-1])
        for index, (step, price, lay, ranked) in enumerate(zip(self.order, prices, lying, ranks, strict=True)):
            ways = []
            if step.controls:
                ways = toggles(self.region, step, *lay, lives[index], ranked)
            swaps = tuple(
                Swap(nodes[first], nodes[second], bool(merges))
                for (first, second), merges in zip(self.swaps[index], price.merges, strict=True)
            )
            led = tuple(way._replace(nodes=tuple(nodes[node] for node in way.nodes)) for way in ways)
            cost += sum(price.swaps) + price.own
            found.append(Arranged(step, swaps, led))
        return Arrangement(tuple(nodes[node] for node in self.start), tuple(found), cost)


def _placed(sketch: Sketch, qubits: int, nodes: int) -> tuple[list[int], list[tuple[Edge, ...]]]:
    """A sketch in terms of qubits: where they start, and the swaps, before a life those that bring its qubit there."""
    start = [-1] * qubits
    beginning: dict[int, list[tuple[int, int]]] = {}
    for (qubit, first, _), node in zip(sketch.lives, sketch.nodes, strict=True):
        if node >= 0:
            beginning.setdefault(first, []).append((qubit, node))
            if start[qubit] < 0 and node not in start:
                start[qubit] = node
    rest = iter(sorted(set(range(nodes)) - set(start)))
    start = [next(rest) if node < 0 else node for node in start]
    holds = [-1] * nodes
    for qubit, node in enumerate(start):
        holds[node] = qubit
    course = ScheduleState(start.copy(), holds, {}, [])
    swaps = []
    for index, (before, after) in enumerate(zip(sketch.before, sketch.after, strict=True)):
        for edge in before:
            course.swap(*edge)
        brought = []
        for qubit, node in beginning.get(index, ()):
            if course.place[qubit] != node:
                brought.append((course.place[qubit], node))
                course.swap(*brought[-1])
        for edge in after:
            course.swap(*edge)
        swaps.append((*before, *brought, *after))
    return start, swaps


def _reduced(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Without swaps that the next one takes back."""
    kept: list[Edge] = []
    for edge in edges:
        if kept and set(kept[-1]) == set(edge):
            kept.pop()
        else:
            kept.append(edge)
    return tuple(kept)
