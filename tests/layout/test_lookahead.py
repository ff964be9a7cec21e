"""The guess at steps to come: nothing where they stand well, never above what they take where they stand."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.layout.lookahead import Guess, Kind
from tests.cases import examples
from tests.layout.schedules import connected_graphs, region_of
from tests.shares import Share


def kind_of(guess: Guess, controls: int, free: bool) -> Kind:
    weights = tuple(1 << place for place in reversed(range(controls)))
    return guess.kind(0, tuple(range(1, controls + 1)), weights, free, (free, free))


def test_a_step_is_not_guessed_to_take_more_than_where_it_stands() -> None:
    with Share(0.3) as positive, Share(0.1) as nearer:

        @settings(max_examples=examples(200, one_of=3))
        @given(connected_graphs(), st.integers(1, 4), st.booleans(), st.data())
        def holds(graph: nx.Graph, controls: int, free: bool, data: st.DataObject) -> None:
            region = region_of(graph)
            guess = Guess(region)
            kind = kind_of(guess, controls, free)
            place = tuple(data.draw(st.permutations(sorted(graph)))[: controls + 1])
            if free:
                lying = sum(1 << node for node in place[1:])
                stands = region.ladder({}, kind.weights, place[0], lying, 0).gates
            else:
                away = [region.distances[place[0]][node] for node in place[1:]]
                stands = sum(weight * (4 * far - 4 or 1) for weight, far in zip(kind.weights, away, strict=True))
            found = guess.step(kind, place)
            assert 0 <= found <= stands - sum(kind.weights)
            positive.saw(found > 0)
            nearer.saw(found < stands - sum(kind.weights))

        holds()


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("controls", range(1, 5))
def test_under_neighbours_nothing_more_is_guessed(controls: int, free: bool) -> None:
    guess = Guess(region_of(nx.star_graph(5)))
    assert guess.step(kind_of(guess, controls, free), tuple(range(controls + 1))) == 0


def test_far_away_something_is() -> None:
    guess = Guess(region_of(nx.path_graph(9)))
    kind = kind_of(guess, 1, True)
    guesses = [guess.step(kind, (0, node)) for node in range(1, 9)]
    assert guesses[0] == 0
    assert guesses == sorted(guesses)
    assert guesses[7] == 2 * 7


@given(connected_graphs(), st.integers(0, 99), st.booleans())
def test_what_is_remembered_is_what_is_guessed_anew(graph: nx.Graph, seed: int, free: bool) -> None:
    region, random = region_of(graph), Random(seed)
    guess = Guess(region)
    kinds = [kind_of(guess, controls, free) for controls in (1, 2, 3)]
    look = guess.look(kinds, 0.5)
    for _ in range(20):
        # Some have no place yet.
        place = tuple(node if random.random() < 0.8 else -1 for node in random.sample(sorted(graph), 4))
        other = Guess(region)
        anew = [other.step(kind_of(other, controls, free), place) for controls in (1, 2, 3)]
        assert [guess.step(kind, place) for kind in kinds] == anew
        assert guess.steps(look, place) == pytest.approx(sum(0.5**at * found for at, found in enumerate(anew, 1)))


@given(connected_graphs(), st.permutations(range(1, 5)), st.permutations(range(6)))
def test_controls_of_any_order_may_be_named_in_any(graph: nx.Graph, order: list[int], nodes: list[int]) -> None:
    guess = Guess(region_of(graph))
    place = tuple(nodes[:5])
    weights = (8, 4, 2, 1)
    first = guess.kind(0, (1, 2, 3, 4), weights, True, (True, True))
    second = Guess(region_of(graph)).kind(0, tuple(order), weights, True, (True, True))
    assert guess.step(first, place) == guess.step(second, place)


def test_what_has_no_place_is_guessed_to_come_next_to_it() -> None:
    guess = Guess(region_of(nx.path_graph(6)))
    kind = kind_of(guess, 2, True)
    assert guess.step(kind, (-1, -1, -1)) == guess.step(kind, (3, -1, -1)) == 0
    assert guess.step(kind, (-1, 2, 4)) == 0
    assert guess.step(kind, (-1, 0, 5)) > 0
