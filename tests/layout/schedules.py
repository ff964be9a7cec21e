"""Devices, programs and schedules that the tests of the layout search share."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import networkx as nx
from hypothesis import strategies as st

from qsac.ir.blocks import Diagonal, PauliRotation, UniformlyControlledGate
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.layout.annealing import Schedule
from qsac.layout.arrangement import ALIVE, EMPTY, ENDED, Arrangement, Region, Step, steps
from qsac.layout.lookahead import Guess
from qsac.layout.pricing import Course, priced
from qsac.layout.sweep import Sweeper
from qsac.machine.target import ErrorRates, Target
from tests.strategies import block_programs

FAST = ErrorRates(one_qubit=1e-4, two_qubit=1e-2, measure_0=0, measure_1=0, memory=0, date="2026-01-01", source="test")
"""Nothing goes wrong while a qubit waits: layers are worth nothing, and schedules are judged by their gates alone."""


@st.composite
def connected_graphs(draw: st.DrawFn, least: int = 6, most: int = 10) -> nx.Graph:
    """A random tree with a few more edges, on so many nodes."""
    size = draw(st.integers(least, most))
    graph = nx.Graph([(node, draw(st.integers(max(0, node - 3), node - 1))) for node in range(1, size)])
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda pair: pair[0] != pair[1])
    graph.add_edges_from(draw(st.lists(pairs, max_size=4)))
    return graph


def region_of(graph: nx.Graph) -> Region:
    """The whole graph."""
    return Region(tuple(sorted(graph)), tuple(tuple(sorted(graph[node])) for node in sorted(graph)))


def machine_of(graph: nx.Graph) -> Target:
    return Target(
        name="random",
        vendor="test",
        description="",
        kind="device",
        qubits=len(graph),
        family="cz",
        gates=("SX", "X", "Rz", "CZ", "Measure", "Reset"),
        coupling=tuple(sorted((min(edge), max(edge)) for edge in graph.edges)),
        errors=FAST,
    )


def without_ladders(op: Op) -> Op:
    """What a uniformly controlled gate leaves depends on its order: it has to be lowered anew, which these are not."""
    return PauliRotation("y", (op.target,), 0.3) if isinstance(op, UniformlyControlledGate) else op


def order_of(program: Program) -> list[Step]:
    return steps(program, [range(len(op.qubits)) for op in program.ops if isinstance(op, Diagonal)])


def ladders(ladders: bool = True) -> st.SearchStrategy[Program]:
    """Programs of at most five qubits with something of two qubits in them; perhaps without uniformly controlled
    gates."""
    programs = block_programs(generic=True)
    if not ladders:
        programs = programs.map(lambda program: program.with_ops(map(without_ladders, program.ops)))
    return programs.filter(lambda program: any(step.controls for step in order_of(program)))


def long_ladders() -> st.SearchStrategy[Program]:
    """The same, with all that is turned four times: to be scheduled, not to be run."""
    return ladders().map(lambda program: program.with_ops([*turning(program) * 3, *program.ops]))


def turning(program: Program) -> list[Op]:
    """The ops that measure and reset nothing."""
    return [op for op in program.ops if not op.outcomes and not op.ends and not op.reopens]


def sweeper_of(program: Program, graph: nx.Graph, layer: float = 0.0) -> Sweeper:
    region = region_of(graph)
    return Sweeper(region, order_of(program), len(program.registers), layer, Guess(region))


def random_schedule(program: Program, graph: nx.Graph, random: Random, swaps: int = 6, layer: float = 0.0) -> Schedule:
    """From anywhere, with swaps of neighbours anywhere: nothing is searched for."""
    sweeper = sweeper_of(program, graph, layer)
    sketch = sweeper.at_random(random)
    after: list[list[tuple[int, int]]] = [[] for _ in sweeper.order]
    for _ in range(swaps):
        after[random.choice(sweeper.turning)].append(random.choice(sorted(graph.edges)))
    sketch = sketch._replace(after=tuple(map(tuple, after)))
    return Schedule(sweeper.region, sweeper.order, sweeper.qubits, sketch, layer, random)


def price_of(schedule: Schedule) -> float:
    """What a schedule costs, step by step from the beginning, nothing remembered."""
    holds = [-1] * len(schedule.region.nodes)
    for qubit, node in enumerate(schedule.start):
        holds[node] = qubit
    course = Course(list(schedule.start), holds, {}, [0] * len(holds))
    total = 0.0
    for step, lives, swaps in zip(
        schedule.order, lives_of(schedule.order, len(schedule.start)), schedule.swaps, strict=True
    ):
        price = priced(schedule.region, step, course, lives, swaps)
        total += sum(price.swaps) + price.own + schedule.layer * price.layers
    return total


def lives_of(order: Sequence[Step], qubits: int) -> list[list[int]]:
    """Which qubits are in use before each step."""
    lives = [EMPTY] * qubits
    found = []
    for step in order:
        found.append(lives.copy())
        for qubit in (*step.controls, *([step.target] if step.event != "visit" else [])):
            lives[qubit] = ALIVE
        if step.event in ("measure", "reset"):
            lives[step.target] = ENDED if step.event == "measure" else EMPTY
    return found


def assert_can_be_done(arrangement: Arrangement, graph: nx.Graph) -> None:
    """Every swap is of neighbours, or of nodes that hold nothing and are only renamed; every way is a path of them to
    the target, through controls and empty nodes unless it says otherwise."""
    place = list(arrangement.start)
    assert len(set(place)) == len(place)
    lives = lives_of([arranged.step for arranged in arrangement.steps], len(place))
    for arranged, living in zip(arrangement.steps, lives, strict=True):
        for first, second, _ in arranged.swaps:
            full = {node for qubit, node in enumerate(place) if living[qubit] == ALIVE}
            assert graph.has_edge(first, second) or not full & {first, second}
            place = [second if node == first else first if node == second else node for node in place]
        step = arranged.step
        assert sorted(toggle.control for toggle in arranged.toggles) == sorted(step.controls)
        controls = {place[control] for control in step.controls}
        used = {node for qubit, node in enumerate(place) if living[qubit] == ALIVE}
        for toggle in arranged.toggles:
            assert toggle.nodes[0] == place[toggle.control]
            assert all(graph.has_edge(*pair) for pair in zip(toggle.nodes, toggle.nodes[1:], strict=False))
            assert graph.has_edge(toggle.nodes[-1], place[step.target])
            if not toggle.exact:
                assert set(toggle.nodes) & used <= controls
