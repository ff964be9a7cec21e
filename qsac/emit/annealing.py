"""Places for the qubits of a block program, step by step, by simulated annealing over the exact cost.

What is annealed is the whole schedule: where the qubits start and which neighbours are swapped before which step. A
change is priced by running the steps from the first that it touches, until everything lies where it lay before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import networkx as nx

from qsac.emit.arrange import ALIVE, EMPTY, ENDED, Arranged, Arrangement, Edge, Region, Step, Swap, cost, steps, toggles
from qsac.emit.sweeping import Sketch, Sweeper
from qsac.ir.blocks import Diagonal
from qsac.ir.program import Program
from qsac.pipeline import PassContext

_WIDTH = 16
"""Of the beams: a narrow one from many steps finds more than a wide one from few."""

_ORDERS = 4
"""Orders of the diagonals' qubits that are tried."""

_TRIED, _KEPT = 8, 3
"""Sketches that are annealed, and how many of these go on."""

_HOT, _WARM, _COLD = 1.5, 1.0, 0.2
"""Temperatures, in two-qubit gates: of the first annealing's start, of the second one's, and of the ends."""

_IMPOSSIBLE = 1 << 20
"""The price of swapping nodes that are no neighbours; only empty ones can be."""

_ROOM = 3
"""Nodes of the region for each qubit."""

_REACH = 10
"""Most steps after which a swap is taken back in one change."""


@dataclass
class _Course:
    """What stood where before a step: qubit -> node, node -> qubit, node -> the node of its last gate."""

    place: list[int]
    holds: list[int]
    partner: dict[int, int]

    def copy(self) -> _Course:
        return _Course(self.place.copy(), self.holds.copy(), self.partner.copy())

    def swap(self, first: int, second: int) -> tuple[int, int]:
        """Exchange what two nodes hold; the qubits that now lie there (-1: none)."""
        held = self.holds[second], self.holds[first]
        self.holds[first], self.holds[second] = held
        if held[0] >= 0:
            self.place[held[0]] = first
        if held[1] >= 0:
            self.place[held[1]] = second
        return held


class _Schedule:
    """One schedule under annealing."""

    def __init__(self, region: Region, order: Sequence[Step], sketch: Sketch, random: Random) -> None:
        self.region, self.order, self.random = region, order, random
        self.start, self.swaps = _placed(sketch, len(region.nodes))
        self.turning = [index for index, step in enumerate(order) if step.controls]
        self.lives = _lives(order, len(self.start))
        self.least = [0]
        for step in reversed(order):
            self.least.append(self.least[-1] + sum(step.weights))
        self.least.reverse()
        self.courses: list[_Course] = []
        self.costs: list[int] = []
        self.spent = [0] * (len(order) + 1)
        found = self._run(self.start, self.swaps, 0, len(order), math.inf)
        assert found is not None
        self._install(0, *found)

    @property
    def total(self) -> int:
        return self.spent[-1]

    def _course(self, start: Sequence[int]) -> _Course:
        holds = [-1] * len(self.region.nodes)
        for qubit, node in enumerate(start):
            holds[node] = qubit
        return _Course(list(start), holds, {})

    def _run(
        self, start: list[int], swaps: list[tuple[Edge, ...]], first: int, last: int, most: float
    ) -> tuple[list[_Course], list[int]] | None:
        """Courses and costs of the steps from ``first`` on, until after ``last`` all is as it was; None if the total
        comes above ``most``."""
        course = self.courses[first].copy() if first or (start is self.start and self.courses) else self._course(start)
        total = self.spent[first]
        courses: list[_Course] = []
        costs: list[int] = []
        for index in range(first, len(self.order)):
            if index > last:
                known = self.courses[index]
                if known.place == course.place and known.partner == course.partner:
                    break
            courses.append(course.copy())
            costs.append(sum(priced(self.region, self.order[index], course, self.lives[index], swaps[index])[0]))
            total += costs[-1]
            if total + self.least[index + 1] > most:
                return None
        return (courses, costs) if total + self.spent[-1] - self.spent[first + len(costs)] <= most else None

    def _install(self, first: int, courses: list[_Course], costs: list[int]) -> None:
        self.courses[first : first + len(courses)] = courses
        self.costs[first : first + len(costs)] = costs
        for index in range(first, len(self.costs)):
            self.spent[index + 1] = self.spent[index] + self.costs[index]

    def anneal(self, changes: int, hot: float) -> None:
        """Try changes while it cools down; ends at the best schedule seen."""
        best = self.total, self.start, self.swaps
        for count in range(changes if self.turning else 0):
            temperature = hot * (_COLD / hot) ** (count / changes)
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
        _, self.start, self.swaps = best
        self.courses = []
        self.spent = [0] * (len(self.order) + 1)
        found = self._run(self.start, self.swaps, 0, len(self.order), math.inf)
        assert found is not None
        self._install(0, *found)

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
        found = []
        nodes = self.region.nodes
        for index, step in enumerate(self.order):
            course, lives = self.courses[index].copy(), self.lives[index]
            prices, kept = priced(self.region, step, course, lives, self.swaps[index])
            ways = toggles(self.region, step, course.place, course.holds, lives) if step.controls else []
            assert sum(kept) + sum(prices) - sum(kept) == self.costs[index]
            swaps = tuple(
                Swap(nodes[first], nodes[second], price == 1)
                for (first, second), price in zip(self.swaps[index], kept, strict=True)
            )
            moved = tuple(way._replace(nodes=tuple(nodes[node] for node in way.nodes)) for way in ways)
            found.append(Arranged(step, swaps, moved))
        return Arrangement(tuple(nodes[node] for node in self.start), tuple(found), self.total)


def priced(
    region: Region, step: Step, course: _Course, lives: Sequence[int], swaps: Sequence[Edge]
) -> tuple[list[int], list[int]]:
    """Run a step, swaps first, on ``course``: the prices of the swaps and last the step's own, and of the swaps alone.

    A swap is three gates, two where one of the nodes is empty, none where both are; and one more where a gate of the
    same pair stands beside it.
    """
    partner = course.partner
    prices = []
    for first, second in swaps:
        held = course.swap(first, second)
        full = [qubit >= 0 and lives[qubit] == ALIVE for qubit in held]
        beside = partner.get(first) == second and partner.get(second) == first
        price = 1 if beside and any(full) else (0, 2, 3)[sum(full)]
        if price and not region.near[first] >> second & 1:
            price = _IMPOSSIBLE
        prices.append(price)
        if any(full):
            partner[first], partner[second] = second, first
        else:
            partner.pop(first, None)
            partner.pop(second, None)
    if not step.controls:
        return [*prices, 0], prices
    full_nodes = 0
    for qubit, node in enumerate(course.place):
        if lives[qubit] == ALIVE:
            full_nodes |= 1 << node
    own, nearest = cost(region, step, course.place, full_nodes)
    target = course.place[step.target]
    touched: set[int] = set()
    for place in reversed(range(len(swaps))):
        pair = set(swaps[place])
        if prices[place] > 1 and pair == {target, nearest} and not touched & pair:
            prices[place] = 1
        touched |= pair
    for control in step.controls:
        partner.pop(course.place[control], None)
    if step.ends_nearest and nearest >= 0:
        partner[target], partner[nearest] = nearest, target
    else:
        partner.pop(target, None)
    return [*prices, own], prices


def _placed(sketch: Sketch, nodes: int) -> tuple[list[int], list[tuple[Edge, ...]]]:
    """A sketch in terms of qubits: where they start, and the swaps, before a life those that bring its qubit there."""
    start = [-1] * (1 + max(life.qubit for life in sketch.lives))
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
    course = _Course(start.copy(), holds, {})
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


def _lives(order: Sequence[Step], qubits: int) -> list[tuple[int, ...]]:
    """How each qubit lives before each step."""
    now = [EMPTY] * qubits
    found = []
    for step in order:
        found.append(tuple(now))
        now[step.target] = {"turn": ALIVE, "measure": ENDED, "reset": EMPTY}[step.event]
        for control in step.controls:
            now[control] = ALIVE
    return found


def arrange(program: Program, context: PassContext, sketches: int, changes: int) -> list[Arrangement]:
    """The best schedules that are found for a verified block program on the context's target, the best one first: of so
    many sketches, and with that many changes in all.

    The same for the same seed. None where the target does not connect enough nodes.
    """
    assert context.target.coupling is not None
    graph = nx.Graph(context.target.coupling)
    random = Random(context.seed)
    qubits = len(program.registers)
    diagonals = [len(op.qubits) for op in program.ops if isinstance(op, Diagonal)]
    region = _region(graph, qubits)
    if len(region.nodes) < qubits:
        return []
    orders = [steps(program, [random.sample(range(size), size) for size in diagonals]) for _ in range(_ORDERS)]
    sweepers = [Sweeper(region, order) for order in orders]
    schedules: list[_Schedule] = []
    for number in range(sketches):
        sweeper = sweepers[number % _ORDERS]
        sketch = sweeper.sketch(random, _WIDTH)
        schedules.append(_Schedule(region, sweeper.order, sketch, random))
        schedules = _best(schedules, _TRIED)
        _tell(context, number + 1, sketches)
    for kept, hot in ((_TRIED, _HOT), (_KEPT, _WARM)):
        schedules = _best(schedules, kept)
        for schedule in schedules:
            schedule.anneal(changes // (2 * kept), hot)
    return [schedule.arranged() for schedule in _best(schedules, _KEPT)]


def _best(schedules: Sequence[_Schedule], most: int) -> list[_Schedule]:
    """The cheapest of those that differ."""
    found: list[_Schedule] = []
    for schedule in sorted(schedules, key=lambda schedule: schedule.total):
        if schedule.total < _IMPOSSIBLE and all(schedule.swaps != other.swaps for other in found):
            found.append(schedule)
    return found[:most]


def _tell(context: PassContext, done: int, of: int) -> None:
    if context.progress is not None:
        context.progress(done, of, "arranging")


def _region(graph: nx.Graph, qubits: int) -> Region:
    """The nodes around the one that has most others near."""
    graph = graph.subgraph(max(nx.connected_components(graph), key=len))
    near = {node: nx.single_source_shortest_path_length(graph, node, 6) for node in sorted(graph)}
    middle = max(near, key=lambda node: len(near[node]))
    distances = nx.single_source_shortest_path_length(graph, middle)
    nodes = sorted(distances, key=lambda node: (distances[node], node))[: max(_ROOM * qubits, 20)]
    number = {node: index for index, node in enumerate(nodes)}
    neighbours = tuple(tuple(sorted(number[other] for other in graph[node] if other in number)) for node in nodes)
    return Region(tuple(nodes), neighbours)
