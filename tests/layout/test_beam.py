"""Beams over a program's steps: what they keep can be carried out, for at least what steps take anywhere."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.ir.program import Program
from qsac.layout.beam import NOWHERE, Beam, State, events, nothing_placed
from qsac.layout.lookahead import Kind
from qsac.layout.sweep import Sweeper
from tests.cases import examples
from tests.layout.schedules import connected_graphs, ladders, long_ladders, sweeper_of
from tests.shares import Share


def kinds_of(sweeper: Sweeper) -> list[Kind]:
    return [sweeper._kind(index, 1) for index in sweeper.turning]


def swept(sweeper: Sweeper, width: int, most: float = inf) -> State | None:
    """From the first step to the last one, with nothing placed before; None if after the last it costs above most."""
    beam = Beam(
        sweeper.region,
        sweeper.lives,
        sweeper._guess,
        anchor=sweeper.turning[0],
        direction=1,
        width=width,
        look=5,
        discount=0.9,
        layer=0.0,
        taken=0,
    )
    last = sweeper.turning[-1]
    start = nothing_placed(len(sweeper.lives), len(sweeper.region.nodes))
    return beam.swept(kinds_of(sweeper), sweeper.turning, start, lambda step: most if step == last else inf)


def assert_consistent(sweeper: Sweeper, found: State, graph: nx.Graph) -> int:
    """Play back what was done; returns how many swaps there were."""
    place = [NOWHERE] * len(sweeper.lives)
    swaps = 0
    done = events(found.trace)
    assert all(one.step <= other.step for one, other in pairwise(done))
    for event in done:
        if event.kind == "place":
            assert place[event.first] == NOWHERE
            assert event.second not in place
            place[event.first] = event.second
        elif event.kind == "left":
            assert place[event.first] == event.second
            assert sweeper.lives[event.first].last < event.step
            place[event.first] = NOWHERE
        else:
            assert graph.has_edge(event.first, event.second)
            exchange = {event.first: event.second, event.second: event.first}
            place = [exchange.get(node, node) for node in place]
            swaps += 1
    assert tuple(place) == found.place
    assert found.full == sum(1 << node for node in place if node >= 0)
    return swaps


def test_what_is_kept_can_be_carried_out_and_costs_no_less_than_anywhere() -> None:
    with Share(0.6) as placed, Share(0.05) as swapped:

        @settings(max_examples=examples(80, one_of=3), deadline=None)
        @given(long_ladders(), connected_graphs(), st.sampled_from([1, 2, 6]))
        def holds(program: Program, graph: nx.Graph, width: int) -> None:
            sweeper = sweeper_of(program, graph)
            found = swept(sweeper, width)
            if not placed.saw(found is not None):
                return  # no node for a qubit that starts late
            assert found is not None
            swaps = assert_consistent(sweeper, found, graph)
            swapped.saw(swaps > 0)
            # Of a swap and the gate beside it the gate may come for nothing.
            assert found.cost >= sum(sum(step.weights) for step in sweeper.order) - swaps
            assert {life for life, node in enumerate(found.place) if node >= 0} <= set(range(len(sweeper.lives)))

        holds()


def test_a_sweep_is_given_up_above_its_limit_and_not_below() -> None:
    with Share(0.6) as counted:

        @settings(max_examples=examples(40, one_of=3), deadline=None)
        @given(ladders(), connected_graphs())
        def holds(program: Program, graph: nx.Graph) -> None:
            sweeper = sweeper_of(program, graph)
            found = swept(sweeper, 3)
            if counted.saw(found is not None):
                assert found is not None
                assert swept(sweeper, 3, found.cost) == found
                assert swept(sweeper, 3, found.cost - 0.01) is None

        holds()


def test_on_a_complete_graph_nothing_is_swapped() -> None:
    with Share(0.9) as counted:

        @settings(max_examples=examples(40, one_of=3), deadline=None)
        @given(ladders())
        def holds(program: Program) -> None:
            sweeper = sweeper_of(program, nx.complete_graph(12))
            found = swept(sweeper, 2)
            if counted.saw(found is not None):
                assert found is not None
                assert found.cost == sum(sum(step.weights) for step in sweeper.order)
                assert {event.kind for event in events(found.trace)} <= {"place", "left"}

        holds()
