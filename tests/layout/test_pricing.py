"""What steps and swaps cost: what is written for them."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qsac.ir.program import Program
from qsac.layout import emitter as coupled
from qsac.layout.arrangement import ALIVE, EMPTY, Arrangement, Step
from qsac.layout.pricing import IMPOSSIBLE, LATEST, ScheduleState, laddered, latest, priced, together
from qsac.passes.circuit.route import Route
from qsac.pipeline.contract import PassContext
from tests.cases import ALL, examples
from tests.emit.families import assert_same_probabilities
from tests.layout.schedules import assert_can_be_done, connected_graphs, ladders, machine_of, random_schedule, region_of
from tests.shares import Share

LINE = region_of(nx.path_graph(4))
FREE = st.lists(st.integers(-LATEST, 0), min_size=6, max_size=6)


def test_any_schedule_costs_what_is_written_for_it_and_means_the_same() -> None:
    """Not only those that a search finds."""
    with Share(0.5) as swapped, Share(0.1) as merged:

        @settings(max_examples=examples(80, one_of=3) if ALL else 30, deadline=None)
        @given(ladders(ladders=False), connected_graphs(), st.integers(0, 999))
        def holds(program: Program, graph: nx.Graph, seed: int) -> None:
            schedule = random_schedule(program, graph, Random(seed))
            assume(schedule.total < IMPOSSIBLE)  # a qubit would have to jump to where its next life begins
            arrangement = schedule.arranged()
            assert_can_be_done(arrangement, graph)
            circuit = coupled.emit(program, arrangement)
            merging = sum(swap.merges for arranged in arrangement.steps for swap in arranged.swaps)
            # A swap that merges is written as three gates, of which resynthesis leaves one more than there were.
            assert circuit.two_qubit_gates == arrangement.cost + 2 * merging - spared(arrangement)
            assert_same_probabilities(program, circuit)
            finished = Route().apply(circuit, PassContext(machine_of(graph)))
            assert finished.two_qubit_gates <= arrangement.cost - spared(arrangement)
            swapped.saw(any(arranged.swaps for arranged in arrangement.steps))
            merged.saw(merging > 0)

        holds()


def spared(arrangement: Arrangement) -> int:
    """Gates of ways through empty nodes for steps whose controls keep their order: a price takes all ways for full."""
    ways = [
        (weight, len(toggle.nodes))
        for arranged in arrangement.steps
        if not arranged.step.free
        for weight, toggle in zip(arranged.step.weights, arranged.toggles, strict=True)
        if not toggle.exact and len(toggle.nodes) > 1
    ]
    return sum(weight * (4 * (length - 1) - (2 * length - 1)) for weight, length in ways)


def course(*place: int) -> ScheduleState:
    holds = [place.index(node) if node in place else -1 for node in range(4)]
    return ScheduleState(list(place), holds, {}, [0] * 4)


@pytest.mark.parametrize(
    ("lives", "edge", "price"),
    [
        ((ALIVE, ALIVE), (0, 1), 3),
        ((ALIVE, EMPTY), (0, 1), 2),
        ((EMPTY, EMPTY), (0, 1), 0),
        ((ALIVE, EMPTY), (1, 2), 0),
        ((ALIVE, ALIVE), (1, 2), 2),
        ((ALIVE, ALIVE), (1, 3), IMPOSSIBLE),
        ((EMPTY, EMPTY), (0, 3), 0),
    ],
)
def test_a_swap_costs_by_what_its_nodes_hold(lives: tuple[int, int], edge: tuple[int, int], price: int) -> None:
    before = course(0, 1)
    found = priced(LINE, Step(0, 0), before, lives, [edge])
    assert (found.swaps, found.own) == ([price], 0)
    assert [before.holds[node] for node in before.place] == [0, 1]


def test_a_swap_beside_a_gate_of_the_same_pair_costs_one_more() -> None:
    toggled = Step(0, 0, (1,), (1,), ends_nearest=True)
    before = course(0, 1)
    assert priced(LINE, toggled, before, (ALIVE, ALIVE), []).own == 1
    after = priced(LINE, Step(1, 0), before, (ALIVE, ALIVE), [(0, 1)])
    assert (after.swaps, after.merges) == ([1], [-1])
    ahead = priced(LINE, toggled, course(0, 1), (ALIVE, ALIVE), [(0, 1)])
    assert (ahead.swaps, ahead.merges, ahead.own) == ([1], [1], 1)


def test_a_swap_twice_is_no_more_than_two_gates_and_nothing_beside_the_gate() -> None:
    found = priced(LINE, Step(0, 0), course(0, 1), (ALIVE, ALIVE), [(0, 1), (0, 1)])
    assert found.swaps == [3, 1]


@given(FREE)
def test_the_last_layer_is_layer_zero(free: list[int]) -> None:
    grown = [layer + 5 * place for place, layer in enumerate(free)]
    added, moved = latest(grown)
    assert added == max([*grown, 0])
    assert all(-LATEST <= layer <= 0 for layer in moved)
    assert [layer + added for layer in moved] == [max(layer, added - LATEST) for layer in grown]


@given(FREE, st.sets(st.integers(0, 5), min_size=1), st.integers(0, 9))
def test_nodes_wait_for_each_other(free: list[int], nodes: set[int], layers: int) -> None:
    after = free.copy()
    together(after, sorted(nodes), layers)
    end = max(free[node] for node in nodes) + layers
    assert [after[node] for node in range(6)] == [end if node in nodes else free[node] for node in range(6)]


@given(FREE, st.permutations(range(6)), st.integers(1, 4), st.integers(0, 63))
def test_a_ladder_takes_its_layers_and_hands_nodes_back_before_its_end(
    free: list[int], nodes: list[int], controls: int, options: int
) -> None:
    target, *others = nodes[: controls + 1]
    weights = [1 << place for place in reversed(range(controls))]
    after = free.copy()
    ranked = laddered(after, target, [others], options, weights, sum(weights))
    assert sorted(ranked) == sorted(others)
    assert after[target] >= free[target] + sum(weights)
    assert all(free[node] <= after[node] <= after[target] for node in others)
    assert [after[node] for node in nodes[controls + 1 :]] == [free[node] for node in nodes[controls + 1 :]]
    preferred = [node for node in others if options >> node & 1]
    assert set(ranked[: len(preferred)]) == set(preferred)
