"""The compiled inner loops come to the same bytes as the Python code that says what they do."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any
from unittest.mock import patch

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qsac.compiler.compilation
from qsac.ir.program import Program
from qsac.layout import choice, compiled
from qsac.layout.arrangement import DeviceSubgraph
from qsac.layout.search import arrange
from qsac.layout.search_budget import SearchBudget
from qsac.pipeline.contract import PassContext
from tests.bench.cases import Case
from tests.cases import examples, some
from tests.layout.schedules import connected_graphs, ladders, long_ladders, machine_of, random_schedule
from tests.layout.test_search import Several

pytestmark = pytest.mark.skipif(compiled.kernel is None, reason="there was no compiler when qsac was installed")


def interpreted() -> Any:
    return patch.object(compiled, "kernel", None)


@settings(max_examples=examples(60), deadline=None)
@given(long_ladders(), connected_graphs(), st.integers(0, 999), st.sampled_from([0.0, 0.3, 1.0 / 3.0]))
def test_annealing(program: Program, graph: nx.Graph, seed: int, layer: float) -> None:
    """The same schedule, costs and next random number: none of them rounded otherwise."""
    found = []
    for context in (patch.object(compiled, "MOST_NODES", 64), interpreted()):
        with context:
            random = Random(seed)
            schedule = random_schedule(program, graph, random, layer=layer)
            before = schedule.costs.copy()
            schedule.anneal(80, 1.0)
            found.append((before, schedule.start, schedule.swaps, schedule.costs, schedule.spent, random.getstate()))
    assert found[0] == found[1]


@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(st.one_of(ladders(), long_ladders()), min_size=1, max_size=3),
    connected_graphs(most=30),
    st.integers(0, 99),
)
def test_searches(programs: list[Program], graph: nx.Graph, seed: int) -> None:
    """Sketches, sweeps and annealings together, and what comes of them."""
    budget = SearchBudget(4, (3, 2), 3, 60)
    context = PassContext(machine_of(graph), seed=seed)
    found = arrange(Several(programs), context, budget)
    with interpreted():
        assert arrange(Several(programs), context, budget) == found


COMPILED = product(["ibm-fez", "ibm-nighthawk"], [Case(4, 2, complex=True), Case(4, 4), Case(4, 2, 2)])


@pytest.mark.parametrize(("target", "case"), some(COMPILED, 5))
def test_compilations(target: str, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "search_budget", lambda *_: SearchBudget(3, (3, 2), 2, 300))
    texts = []
    for context in (patch.object(compiled, "MOST_NODES", 64), interpreted()):
        with context:
            texts.append(qsac.compiler.compilation.compile(case.model(), target, verify=False).to_json())
    assert texts[0] == texts[1]


def test_regions_that_are_too_large_are_left_to_python() -> None:
    def region(nodes: int) -> DeviceSubgraph:
        graph = nx.path_graph(nodes)
        return DeviceSubgraph(tuple(range(nodes)), tuple(tuple(graph[node]) for node in range(nodes)))

    assert region(compiled.MOST_NODES).compiled is not None
    assert region(compiled.MOST_NODES + 1).compiled is None
    with interpreted():
        assert region(4).compiled is None
