"""Ladders along a graph: their ways can be gone, and cost what the search reckons without looking for them."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.blocks import Diagonal
from qsac.ir.program import Program
from qsac.layout.arrangement import ALIVE, EMPTY, Step, steps, toggles
from tests.cases import examples
from tests.layout.schedules import connected_graphs, ladders, order_of, region_of
from tests.shares import Share


@given(connected_graphs())
def test_distances_are_those_of_the_graph(graph: nx.Graph) -> None:
    region = region_of(graph)
    expected = dict(nx.all_pairs_shortest_path_length(graph))
    assert region.distances == [[expected[a][b] for b in sorted(graph)] for a in sorted(graph)]
    assert [[other for other in sorted(graph) if near >> other & 1] for near in region.near] == [
        sorted(graph[node]) for node in sorted(graph)
    ]


def test_a_ladder_takes_what_its_ways_take() -> None:
    with Share(0.3) as around:

        @settings(max_examples=examples(200, one_of=3))
        @given(connected_graphs(), st.data())
        def holds(graph: nx.Graph, data: st.DataObject) -> None:
            region = region_of(graph)
            nodes = data.draw(st.permutations(sorted(graph)))
            controls = data.draw(st.integers(1, 4))
            weights = tuple(1 << place for place in reversed(range(controls)))
            step = Step(0, 0, tuple(range(1, controls + 1)), weights, free=True)
            # Qubits beyond those of the step are in use somewhere, or nowhere.
            place = nodes[: min(data.draw(st.integers(controls + 1, len(nodes))), len(nodes))]
            others = [data.draw(st.sampled_from([EMPTY, ALIVE])) for _ in place[controls + 1 :]]
            lives = [ALIVE] * (controls + 1) + others
            holds_ = [place.index(node) if node in place else -1 for node in sorted(graph)]
            lying = sum(1 << node for node in place[1 : controls + 1])
            blocked = sum(1 << node for node, life in zip(place[controls + 1 :], others, strict=True) if life == ALIVE)
            found = region.ladder({}, weights, place[0], lying, blocked)
            ranked = [node for rank in found.ranks for node in rank]
            assert sorted(ranked) == sorted(place[1 : controls + 1])
            ways = toggles(region, step, place, holds_, lives, ranked)
            assert [way.nodes[0] for way in ways] == ranked
            taken = 0
            for way, weight in zip(ways, weights, strict=True):
                assert all(graph.has_edge(*pair) for pair in pairwise((*way.nodes, place[0])))
                assert way.exact == (bool({*way.nodes[1:]} & {node for node in sorted(graph) if blocked >> node & 1}))
                taken += weight * (4 * (len(way.nodes) - 1) if way.exact else 2 * len(way.nodes) - 1)
            assert found.gates == taken
            assert found.beside == sum(1 << node for node in graph[place[0]] if lying >> node & 1)
            around.saw(taken > sum(weights))

        holds()


@settings(max_examples=examples(100))
@given(ladders())
def test_where_all_are_neighbours_steps_take_the_gates_of_the_program(program: Program) -> None:
    # A diagonal through a qubit in zero brings every parity there, and takes the last one back.
    through = sum(isinstance(op, Diagonal) and bool(op.through) for op in program.ops)
    assert sum(sum(step.weights) for step in order_of(program)) == two_qubit_gates(program, "cz") + 2 * through


@given(ladders(), st.booleans())
def test_steps_are_the_ops_in_order(program: Program, resets: bool) -> None:
    found = steps(program, [], resets=resets)
    places = [step.op for step in found]
    assert places == sorted(places)
    number = {register.name: index for index, register in enumerate(program.registers)}
    touched = {
        (index, number[name])
        for index, op in enumerate(program.ops)
        for name in op.targets
        if op.targets and op.name != "save-probabilities"
    }
    assert touched <= {(step.op, step.target) for step in found} | {
        (step.op, control) for step in found for control in step.controls
    }
    assert all(len(step.controls) == len(step.weights) for step in found)
    assert all(np.all(np.diff(step.weights) <= 0) for step in found if step.free)
