"""The search for places on a device: sketches, the best of them annealed, the best of these once more."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import networkx as nx

from qsac.emit.annealing import Schedule
from qsac.emit.arrange import Arrangement, Region, steps
from qsac.emit.guess import Guess
from qsac.emit.pricing import IMPOSSIBLE
from qsac.emit.sweeping import Sweeper
from qsac.ir.blocks import Diagonal
from qsac.ir.program import Program
from qsac.pipeline import PassContext

_ROOM = 3
"""Nodes of the region for each qubit."""

_WIDTH = 16
"""Of the beams: a narrow one from many steps finds more than a wide one from few."""

_ORDERS = 4
"""Orders of the diagonals' qubits that are tried."""

_TRIED, _KEPT = 8, 3
"""Sketches that are annealed, and how many of these go on."""

_LAYER = 0.3
"""What a layer is worth, in two-qubit gates, where no rates are known."""

_HOT, _WARM = 1.5, 1.0
"""Temperatures, in two-qubit gates, at which the first annealing starts, and the second one."""


def arrange(program: Program, context: PassContext, sketches: int, changes: int) -> list[Arrangement]:
    """The best schedules that are found for a verified block program on the context's target, the best one first: of so
    many sketches, and with that many changes in all.

    The same for the same seed. None at all where the target does not connect enough nodes.
    """
    assert context.target.coupling is not None
    graph = nx.Graph(context.target.coupling)
    random = Random(context.seed)
    qubits = len(program.registers)
    diagonals = [len(op.qubits) for op in program.ops if isinstance(op, Diagonal)]
    region = _region(graph, qubits)
    if len(region.nodes) < qubits:
        return []
    layer = _layer(context, qubits)
    orders = [steps(program, [random.sample(range(size), size) for size in diagonals]) for _ in range(_ORDERS)]
    guess = Guess(region)
    sweepers = [Sweeper(region, order, layer, guess) for order in orders]
    schedules: list[Schedule] = []
    for number in range(sketches):
        sweeper = sweepers[number % _ORDERS]
        sketch = sweeper.sketch(random, _WIDTH) or sweeper.at_random(random)
        schedules.append(Schedule(region, sweeper.order, qubits, sketch, layer, random))
        schedules = _best(schedules, _TRIED)
        _tell(context, number + 1, sketches + _TRIED + _KEPT)
    if not schedules:
        schedules = [Schedule(region, orders[0], qubits, sweepers[0].at_random(random), layer, random)]
    done = sketches
    for kept, hot in ((_TRIED, _HOT), (_KEPT, _WARM)):
        schedules = _best(schedules, kept)
        for number, schedule in enumerate(schedules):
            schedule.anneal(changes // (2 * kept), hot)
            _tell(context, done + number + 1, sketches + _TRIED + _KEPT)
        done += kept
    return [schedule.arranged() for schedule in _best(schedules, _KEPT)]


def _best(schedules: Sequence[Schedule], most: int) -> list[Schedule]:
    """The cheapest of those that differ."""
    found: list[Schedule] = []
    for schedule in sorted(schedules, key=lambda schedule: schedule.total):
        if schedule.total < IMPOSSIBLE and all(schedule.swaps != other.swaps for other in found):
            found.append(schedule)
    return found[:most]


def _layer(context: PassContext, qubits: int) -> float:
    """What a layer in which all but two qubits idle is worth, in two-qubit gates."""
    rates = context.target.errors
    return _LAYER if rates is None or not rates.two_qubit else min(rates.memory / rates.two_qubit * (qubits - 2), 1.0)


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
