"""The search as a whole: never worse than its first sketch, best first, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qsac.ir.program import Program
from qsac.layout.arrangement import Arrangement
from qsac.layout.search import _layer, _region, arrange
from qsac.layout.search_budget import SearchBudget
from qsac.pipeline.contract import PassContext
from tests.cases import examples
from tests.layout.schedules import (
    FAST,
    assert_can_be_done,
    connected_graphs,
    ladders,
    long_ladders,
    machine_of,
    order_of,
    turning,
)
from tests.shares import Share

GREEDY = SearchBudget(1, (1,), 0, 0)
SWEPT = SearchBudget(1, (1,), 8, 0)
SHORT = SearchBudget(4, (3, 2), 2, 60)


class Several:
    """A choice of programs, numbered."""

    usual = 0

    def __init__(self, programs: Sequence[Program]) -> None:
        self._programs = programs
        self.width = max(len(program.registers) for program in programs)

    def drawn(self, random: Random) -> int:
        return random.randrange(len(self._programs))

    def changed(self, _: int, random: Random) -> int:
        return self.drawn(random)

    def blocks(self, variant: int) -> Program:
        return self._programs[variant]


def found(
    program: Program, graph: nx.Graph, budget: SearchBudget, seed: int = 0, others: Sequence[Program] = ()
) -> list[tuple[int, Arrangement]]:
    return arrange(Several([program, *others]), PassContext(machine_of(graph), seed=seed), budget)


def test_never_worse_than_the_first_sketch_and_often_better() -> None:
    """Layers are worth nothing on this machine, so that what is compared is gates."""
    with Share(0.02) as better:

        @settings(max_examples=examples(60), deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            greedy, swept, whole = (found(program, graph, budget, seed) for budget in (GREEDY, SWEPT, SHORT))
            assume(greedy)  # else qubits begin where they cannot come together
            assert swept[0][1].cost <= greedy[0][1].cost
            assert whole[0][1].cost <= greedy[0][1].cost
            better.saw(whole[0][1].cost < greedy[0][1].cost)

        holds()


def test_schedules_can_be_carried_out_and_come_best_first() -> None:
    with Share(0.8) as several:

        @settings(max_examples=30, deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            arrangements = [arrangement for _, arrangement in found(program, graph, SHORT, seed)]
            several.saw(len(arrangements) > 0)
            assert len(arrangements) <= 8
            costs = [arrangement.cost for arrangement in arrangements]
            assert costs == sorted(costs)
            for arrangement in arrangements:
                assert_can_be_done(arrangement, graph)

        holds()


def test_the_same_seed_gives_the_same_schedules_and_another_one_others() -> None:
    with Share(0.1) as others:

        @settings(max_examples=15, deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            first, again, other = (found(program, graph, SHORT, one) for one in (seed, seed, seed + 1))
            assert first == again
            others.saw(first != other)

        holds()


def test_of_several_programs_the_cheapest_is_found() -> None:
    """A program, and the usual one: all that it turns twice."""
    with Share(0.8) as cheaper:

        @settings(max_examples=20, deadline=None)
        @given(ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            turned = turning(program)
            usual = program.with_ops([*turned, *program.ops])
            assume(sum(sum(step.weights) for step in order_of(usual) if step.op < len(turned)))
            best = found(usual, graph, SearchBudget(8, (6, 3), 0, 60), seed, [program])
            cheaper.saw(bool(best) and best[0][0] == 1)

        holds()


@settings(max_examples=5, deadline=None)
@given(ladders())
def test_progress_is_told_to_the_end(program: Program) -> None:
    told: list[tuple[int, int, str]] = []
    context = PassContext(machine_of(nx.path_graph(8)), progress=lambda *step: told.append(step))
    arrange(Several([program]), context, SHORT)
    total = SHORT.sketches + sum(SHORT.rounds)
    assert {(whole, word) for _, whole, word in told} == {(total, "arranging")}
    done = [place for place, _, _ in told]
    assert done == sorted(done)
    assert done[-1] == total


def test_where_there_is_no_room_nothing_is_found() -> None:
    with Share(0.2) as tight:

        @settings(max_examples=20, deadline=None)
        @given(ladders())
        def holds(program: Program) -> None:
            small = nx.path_graph(3)
            if tight.saw(len(program.registers) > 3):
                assert found(program, small, GREEDY) == []

        holds()


@given(connected_graphs(least=6, most=40), st.integers(2, 6))
def test_the_region_is_one_piece_of_the_device_and_large_enough(graph: nx.Graph, qubits: int) -> None:
    region = _region(graph, qubits)
    assert len(region.nodes) == len(set(region.nodes)) == min(len(graph), max(3 * qubits, 20))
    assert nx.is_connected(graph.subgraph(region.nodes))
    for node, neighbours in enumerate(region.neighbours):
        assert {region.nodes[other] for other in neighbours} == set(graph[region.nodes[node]]) & set(region.nodes)


def test_a_layer_is_worth_what_goes_wrong_in_it() -> None:
    machine = machine_of(nx.path_graph(6))
    assert _layer(PassContext(replace(machine, errors=None)), 6) > 0
    assert _layer(PassContext(machine), 6) == 0
    idle = replace(machine, errors=replace(FAST, memory=1e-3))
    assert _layer(PassContext(idle), 6) == pytest.approx(0.1 * 4)
    assert _layer(PassContext(replace(machine, errors=replace(FAST, memory=1.0))), 6) == 1
