"""The search for places on a device: sketches of many variants, the best of them swept again and annealed in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

import networkx as nx

from qsac.errors import present
from qsac.ir.blocks import Diagonal
from qsac.ir.program import Program
from qsac.layout.annealing import Schedule
from qsac.layout.arrangement import Arrangement, DeviceSubgraph, steps
from qsac.layout.lookahead import Guess
from qsac.layout.pricing import IMPOSSIBLE
from qsac.layout.search_budget import SearchBudget
from qsac.layout.sweep import Sketch, Sweeper
from qsac.pipeline.contract import PassContext

_ROOM = 3
"""Nodes of the region for each qubit."""

_AROUND = 6
"""Steps within which the middle of the region has the most others."""

_WIDTH = 6
"""Of the beams: narrow ones from many steps find more than a wide one from few."""

_PARENTS = 4
"""Sketches whose variants others are made from."""

_CLOSE = 1.04
"""A schedule that costs so many times what the best one does will not be the best in the end, either."""

_LAYER = 0.3
"""What a layer is worth, in two-qubit gates, where no rates are known."""

_HOT = 1.0
"""Temperature, in two-qubit gates, at which an annealing starts."""

_MOST_SWEEPERS = 64
"""Programs of which a search remembers how it sweeps over them."""

V = TypeVar("V")


class Choice(Protocol[V]):
    """Block programs that mean the same, to choose from."""

    @property
    def usual(self) -> V:
        """The one to begin with."""
        ...

    @property
    def width(self) -> int:
        """The most qubits that any takes."""
        ...

    def drawn(self, random: Random) -> V:
        """Any."""
        ...

    def changed(self, variant: V, random: Random) -> V:
        """One like a given one."""
        ...

    def blocks(self, variant: V) -> Program | None:
        """Its program; None if there is none."""
        ...


@dataclass(eq=False)
class _Found(Generic[V]):
    """A schedule of a variant, and what it was swept by."""

    variant: V
    sweeper: Sweeper
    schedule: Schedule

    @property
    def total(self) -> float:
        return self.schedule.total


def arrange(choice: Choice[V], context: PassContext, budget: SearchBudget) -> list[tuple[V, Arrangement]]:
    """The best schedules that are found for any of the programs on the context's target, the best one first.

    The same for the same seed. None at all where the target does not connect enough nodes.
    """
    coupling = present(context.target.coupling, "the coupling of the target")
    region = _region(nx.Graph(coupling).subgraph(context.target.part), choice.width)
    usual = choice.blocks(choice.usual)
    if usual is None or len(region.nodes) < choice.width:
        return []
    search = _Search(choice, usual, region, context)
    total = budget.sketches + sum(budget.rounds)

    def tell(done: int) -> None:
        if context.progress is not None:
            context.progress(done, total, "arranging")

    found: list[_Found[V]] = []
    for number in range(budget.sketches):
        variant = choice.usual
        if number:
            parents = _best(found, _PARENTS)
            drawn = number % 2 or not parents
            variant = (
                choice.drawn(search.random)
                if drawn
                else choice.changed(search.random.choice(parents).variant, search.random)
            )
        sketch = search.sketched(variant)
        found += [sketch] if sketch else []
        tell(number + 1)
    done = budget.sketches
    ended: list[_Found[V]] = []
    for kept in budget.rounds:
        best = _best(found, kept)
        ended += [one for one in found if one not in best]
        found = best
        for place, one in enumerate(found):
            one.schedule.anneal(budget.changes, _HOT)
            search.sweep_again(one, budget.sweeps)
            tell(done + place + 1)
        done += kept
        tell(done)
    best = _best([*found, *ended], budget.kept)
    return [(one.variant, one.schedule.arranged()) for one in best if one.total <= _CLOSE * best[0].total]


class _Search(Generic[V]):
    """What all sketches of a search share."""

    def __init__(self, choice: Choice[V], usual: Program, region: DeviceSubgraph, context: PassContext) -> None:
        self._choice, self._region = choice, region
        self._guess = Guess(region)
        self._layer = _layer(context, len(usual.registers))
        self._resets = "Reset" in context.target.gates
        self.random = Random(context.seed)
        self._sweepers: dict[tuple[object, ...], tuple[Program, Sweeper]] = {}

    def sketched(self, variant: V) -> _Found[V] | None:
        """A first schedule of a variant."""
        sweeper = self._sweeper(variant)
        if sweeper is None:
            return None
        sketch = sweeper.sketch(self.random, _WIDTH) or sweeper.at_random(self.random)
        return _Found(variant, sweeper, self._schedule(sweeper, sketch))

    def _sweeper(self, variant: V) -> Sweeper | None:
        program = self._choice.blocks(variant)
        if program is None:
            return None
        diagonals = [len(op.qubits) for op in program.ops if isinstance(op, Diagonal)]
        orders = [self.random.sample(range(size), size) for size in diagonals]
        # Many variants come to the same program, which is told apart by identity.
        key = id(program), *map(tuple, orders)
        if key not in self._sweepers:
            if len(self._sweepers) >= _MOST_SWEEPERS:
                self._sweepers.clear()
            order = steps(program, orders, resets=self._resets)
            sweeper = Sweeper(self._region, order, len(program.registers), self._layer, self._guess)
            self._sweepers[key] = program, sweeper
        return self._sweepers[key][1]

    def _schedule(self, sweeper: Sweeper, sketch: Sketch) -> Schedule:
        order, qubits = sweeper.order, sweeper.qubits
        return Schedule(self._region, order, qubits, sketch, self._layer, self.random, sweeper.facts)

    def sweep_again(self, found: _Found[V], times: int) -> None:
        """Sweep from where a schedule has its qubits at some step, for its variant or one like it, and keep what is
        better."""
        for number in range(times):
            variant, sweeper = found.variant, found.sweeper
            if number % 2:
                variant = self._choice.changed(variant, self.random)
                sweeper = self._sweeper(variant) or sweeper
            if not sweeper.turning or sweeper.qubits != found.sweeper.qubits:
                continue
            turn = self.random.randrange(len(sweeper.turning))
            step = sweeper.turning[turn] * len(found.sweeper.order) // len(sweeper.order)
            spent = found.schedule.spent if len(sweeper.order) == len(found.sweeper.order) else ()
            sketch = sweeper.again(self.random, _WIDTH, turn, found.schedule.places(step), spent)
            if sketch is None:
                continue
            schedule = self._schedule(sweeper, sketch)
            if schedule.total < found.total:
                found.variant, found.sweeper, found.schedule = variant, sweeper, schedule


def _best(found: Sequence[_Found[V]], most: int) -> list[_Found[V]]:
    """The cheapest of those that differ."""
    kept: list[_Found[V]] = []
    for one in sorted(found, key=lambda one: one.total):
        if one.total < IMPOSSIBLE and all(one.schedule.swaps != other.schedule.swaps for other in kept):
            kept.append(one)
    return kept[:most]


def _layer(context: PassContext, qubits: int) -> float:
    """What a layer in which all but two qubits idle is worth, in two-qubit gates."""
    rates = context.target.errors
    return _LAYER if rates is None or not rates.two_qubit else min(rates.memory / rates.two_qubit * (qubits - 2), 1.0)


def _near(adjacent: Mapping[int, set[int]], start: int, steps: int) -> int:
    """How many nodes are at most so many steps away."""
    seen = layer = {start}
    for _ in range(steps):
        layer = set().union(*[adjacent[node] for node in layer]) - seen
        seen = seen | layer
    return len(seen)


def _region(graph: nx.Graph, qubits: int) -> DeviceSubgraph:
    """The nodes around the one that has most others near."""
    adjacent = {node: set(graph[node]) for node in graph}
    middle = max(sorted(graph), key=lambda node: _near(adjacent, node, _AROUND))
    distances = nx.single_source_shortest_path_length(graph, middle)
    nodes = sorted(distances, key=lambda node: (distances[node], node))[: max(_ROOM * qubits, 20)]
    number = {node: index for index, node in enumerate(nodes)}
    neighbours = tuple(tuple(sorted(number[other] for other in graph[node] if other in number)) for node in nodes)
    return DeviceSubgraph(tuple(nodes), neighbours)
