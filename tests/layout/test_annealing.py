"""Annealing of schedules: never worse than before, priced as if from the beginning, the same for the same seed."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.ir.program import Program
from qsac.layout.annealing import Schedule
from qsac.layout.arrangement import DeviceSubgraph, Step
from qsac.layout.beam import LiveRange
from qsac.layout.pricing import IMPOSSIBLE
from qsac.layout.sweep import Sketch
from tests.cases import examples
from tests.layout.schedules import (
    assert_can_be_done,
    connected_graphs,
    ladders,
    long_ladders,
    price_of,
    random_schedule,
)
from tests.shares import Share


def test_annealing_ends_no_worse_than_it_began_and_mostly_better() -> None:
    with Share(0.6) as better:

        @settings(max_examples=examples(60, one_of=3), deadline=None)
        @given(ladders(), connected_graphs(), st.integers(0, 999), st.sampled_from([0.0, 0.3]))
        def holds(program: Program, graph: nx.Graph, seed: int, layer: float) -> None:
            schedule = random_schedule(program, graph, Random(seed), layer=layer)
            before = schedule.total
            schedule.anneal(60, 1.0)
            assert schedule.total <= before
            better.saw(schedule.total < before)
            if schedule.total < IMPOSSIBLE:
                assert_can_be_done(schedule.arranged(), graph)

        holds()


@settings(max_examples=examples(60), deadline=None)
@given(ladders(), connected_graphs(), st.integers(0, 999), st.sampled_from([0.0, 0.3]), st.integers(0, 60))
def test_what_changes_cost_is_what_the_whole_costs(
    program: Program, graph: nx.Graph, seed: int, layer: float, changes: int
) -> None:
    """A change is priced from where it begins to where all lies as before; the sum is that of the whole schedule."""
    schedule = random_schedule(program, graph, Random(seed), layer=layer)
    assert schedule.total == pytest.approx(price_of(schedule))
    schedule.anneal(changes, 1.0)
    assert schedule.total == pytest.approx(price_of(schedule))
    assert [0.0, *schedule.spent[1:]] == pytest.approx(
        [sum(schedule.costs[:index]) for index in range(len(schedule.spent))]
    )


def test_single_changes_are_priced_alike() -> None:
    """Every change that an annealing tries, accepted or not."""
    with Share(0.1, most=0.9) as cheaper:

        @settings(max_examples=examples(40, one_of=3), deadline=None)
        @given(long_ladders(), connected_graphs(), st.integers(0, 999), st.sampled_from([0.0, 0.3]))
        def holds(program: Program, graph: nx.Graph, seed: int, layer: float) -> None:
            schedule = random_schedule(program, graph, Random(seed), layer=layer)
            for _ in range(12):
                start, swaps, first, last = schedule._change()
                if last < 0:
                    continue
                most = schedule.total + 20
                found = schedule._run(start, swaps, first, last, most)
                if found is None:
                    continue
                before = schedule.total
                schedule.start, schedule.swaps = start, swaps
                schedule._install(first, *found)
                assert schedule.total == pytest.approx(price_of(schedule))
                assert schedule.total <= most
                cheaper.saw(schedule.total < before)

        holds()


@settings(max_examples=examples(30), deadline=None)
@given(ladders(), connected_graphs(), st.integers(0, 999))
def test_without_layers_the_total_is_the_gates_of_the_arrangement(program: Program, graph: nx.Graph, seed: int) -> None:
    schedule = random_schedule(program, graph, Random(seed))
    schedule.anneal(20, 1.0)
    assert schedule.arranged().cost == schedule.total


def annealed(program: Program, graph: nx.Graph, seed: int) -> Schedule:
    schedule = random_schedule(program, graph, Random(seed))
    schedule.anneal(40, 1.0)
    return schedule


def test_the_same_seed_gives_the_same_schedule_and_another_one_another() -> None:
    with Share(0.5) as others:

        @settings(max_examples=20, deadline=None)
        @given(ladders(), connected_graphs(), st.integers(0, 999))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            first, again, other = (annealed(program, graph, one) for one in (seed, seed, seed + 1))
            assert (first.start, first.swaps, first.total) == (again.start, again.swaps, again.total)
            assert first.arranged() == again.arranged()
            others.saw((first.start, first.swaps) != (other.start, other.swaps))

        holds()


@settings(max_examples=examples(20))
@given(ladders(), st.integers(0, 99))
def test_where_no_step_is_of_two_qubits_there_is_nothing_to_anneal(program: Program, seed: int) -> None:
    whole = random_schedule(program, nx.path_graph(6), Random(seed))
    order = [step for step in whole.order if not step.controls]
    sketch = Sketch(0, (), (), ((),) * len(order), ((),) * len(order))
    schedule = Schedule(whole.region, order, len(program.registers), sketch, 0.0, Random(seed))
    start = schedule.start.copy()
    schedule.anneal(30, 1.0)
    assert (schedule.start, schedule.total) == (start, 0)


@pytest.mark.parametrize("node", [0, 2])
@pytest.mark.parametrize("turned", [False, True])
def test_the_control_beside_which_a_swap_merges_toggles_last(node: int, turned: bool) -> None:
    """Of two nearest controls the one that is swapped with the target next; a rotation in between is in the block."""
    region = DeviceSubgraph((0, 1, 2), ((1,), (0, 2), (1,)))
    ladder = Step(0, 1, (0, 2), (2, 1), free=True, ends_nearest=True)
    after = Step(2, 0, (2,), (1,))
    order = [ladder, *([Step(1, 1)] if turned else []), after]
    swaps = ((),) * (len(order) - 1) + (((1, node),),)
    lives = tuple(LiveRange(qubit, 0, len(order) - 1) for qubit in range(3))
    sketch = Sketch(0, lives, (0, 1, 2), swaps, ((),) * len(order))
    arranged = Schedule(region, order, 3, sketch, 0.0, Random(0)).arranged()
    assert [swap.merges for swap in arranged.steps[-1].swaps] == [True]
    assert [toggle.control for toggle in arranged.steps[0].toggles] == [node, 2 - node]
