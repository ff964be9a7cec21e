"""First schedules: lives that cover the steps, sketches that can be carried out and are better than chance."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.ir.program import Program
from qsac.layout.annealing import Schedule
from qsac.layout.beam import NOWHERE
from qsac.layout.pricing import IMPOSSIBLE
from qsac.layout.sweep import RECOVERED, Sketch, Sweeper
from tests.cases import examples
from tests.layout.schedules import assert_can_be_done, connected_graphs, ladders, long_ladders, order_of, sweeper_of
from tests.shares import Share


def schedule_of(sweeper: Sweeper, sketch: Sketch) -> Schedule:
    return Schedule(sweeper.region, sweeper.order, sweeper.qubits, sketch, 0.0, Random(0))


def test_a_life_is_from_a_reset_to_a_measurement() -> None:
    with Share(0.005) as several:

        @settings(max_examples=examples(150, one_of=3))
        @given(ladders())
        def holds(program: Program) -> None:
            order = order_of(program)
            lives = sweeper_of(program, nx.path_graph(8)).lives
            several.saw(len({life.qubit for life in lives}) < len(lives))
            for index, step in enumerate(order):
                for qubit in (step.target, *step.controls):
                    alive = [life for life in lives if life.qubit == qubit and life.first <= index <= life.last]
                    assert len(alive) == (step.event != "reset")
            for life in lives:
                inside = [step.event for step in order[life.first : life.last] if step.target == life.qubit]
                assert "measure" not in inside
                assert "reset" not in inside

        holds()


def test_sketches_can_be_carried_out_and_most_are_better_than_chance() -> None:
    with Share(0.6) as found, Share(0.5) as better, Share(0.6) as exact:

        @settings(max_examples=examples(60, one_of=3), deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            sweeper, random = sweeper_of(program, graph), Random(seed)
            sketch = sweeper.sketch(random, 4)
            schedule = None if sketch is None else schedule_of(sweeper, sketch)
            # The search passes over those that cannot be carried out, as it does where there is none.
            if not found.saw(schedule is not None and schedule.total < IMPOSSIBLE):
                return
            assert sketch is not None
            assert schedule is not None
            assert_can_be_done(schedule.arranged(), graph)
            least = sum(sum(step.weights) for step in sweeper.order)
            chance = schedule_of(sweeper, sweeper.at_random(random)).total
            assert schedule.total >= least - sum(map(len, schedule.swaps))
            exact.saw(schedule.total == sketch.cost)
            better.saw(schedule.total < chance or schedule.total == least)

        holds()


@settings(max_examples=examples(40), deadline=None)
@given(ladders(), connected_graphs(), st.integers(0, 99))
def test_at_random_there_are_no_swaps_and_every_qubit_starts_somewhere(
    program: Program, graph: nx.Graph, seed: int
) -> None:
    sweeper = sweeper_of(program, graph)
    sketch = sweeper.at_random(Random(seed))
    started = [node for node in sketch.nodes if node != NOWHERE]
    assert len(set(started)) == len(started) == len({life.qubit for life in sweeper.lives})
    assert not any(sketch.before)
    assert not any(sketch.after)
    start = schedule_of(sweeper, sketch).start
    assert [
        start[life.qubit] for life, node in zip(sweeper.lives, sketch.nodes, strict=True) if node != NOWHERE
    ] == started


def test_a_sweep_from_where_a_schedule_has_its_qubits_is_a_schedule() -> None:
    with Share(0.5) as found:

        @settings(max_examples=examples(40, one_of=3), deadline=None)
        @given(ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            sweeper, random = sweeper_of(program, graph), Random(seed)
            first = schedule_of(sweeper, sweeper.sketch(random, 4) or sweeper.at_random(random))
            turn = random.randrange(len(sweeper.turning))
            again = sweeper.again(random, 4, turn, first.places(sweeper.turning[turn]), ())
            if found.saw(again is not None):
                assert again is not None
                schedule = schedule_of(sweeper, again)
                assert schedule.total < IMPOSSIBLE
                assert_can_be_done(schedule.arranged(), graph)

        holds()


def test_what_clearly_costs_more_than_a_schedule_that_is_known_is_given_up() -> None:
    with Share(0.15) as dear, Share(0.5) as found:

        @settings(max_examples=examples(60, one_of=3), deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 99))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            sweeper, random = sweeper_of(program, graph), Random(seed)
            first = schedule_of(sweeper, sweeper.sketch(random, 4) or sweeper.at_random(random))
            turn = random.randrange(len(sweeper.turning))
            places = first.places(sweeper.turning[turn])
            nothing, plenty = ([spent * step for step in range(len(sweeper.order) + 1)] for spent in (0.0, 1e6))
            if dear.saw(sum(sum(step.weights) for step in sweeper.order) > 2 * RECOVERED):
                assert sweeper.again(Random(seed), 4, turn, places, nothing) is None
            found.saw(sweeper.again(Random(seed), 4, turn, places, plenty) is not None)

        holds()


@pytest.mark.parametrize("seed", range(4))
def test_the_same_random_numbers_give_the_same_sketch(seed: int) -> None:
    with Share(0.5) as found:

        @settings(max_examples=10, deadline=None)
        @given(ladders(), connected_graphs())
        def holds(program: Program, graph: nx.Graph) -> None:
            first, second = (sweeper_of(program, graph).sketch(Random(seed), 4) for _ in range(2))
            assert first == second
            found.saw(first is not None)

        holds()
