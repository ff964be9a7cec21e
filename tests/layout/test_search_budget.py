"""The search does as much as it is told to, and no more where a program is larger."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import networkx as nx
import pytest

from qsac.ir.blocks import Measure, Multiplexor
from qsac.ir.op import Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.layout.annealing import Schedule
from qsac.layout.choice import MOST_GATES, expected_seconds, search_budget
from qsac.layout.search import arrange
from qsac.layout.search_budget import SearchBudget
from qsac.layout.sweep import Sweeper
from qsac.pipeline.contract import PassContext
from tests.layout.schedules import machine_of
from tests.layout.test_search import Several


def chain(qubits: int = 4) -> Program:
    """Each qubit turned under the two before it."""
    names = [f"q[{place}]" for place in range(qubits)]
    turned = [Multiplexor("y", (), name, Table([0.3])) for name in names]
    ladders = [
        Multiplexor("y", (names[place], names[place + 1]), names[place + 2], Table([0.1, 0.4, 0.7, 1.3]))
        for place in range(qubits - 2)
    ]
    measured = [Measure(name, "bits", place) for place, name in enumerate(names)]
    registers = tuple(Register(name, 1) for name in names)
    return Program("chain", "block", registers, {}, (*turned, *ladders, *measured), ())


@pytest.mark.parametrize(
    "budget", [SearchBudget(1, (1,), 0, 0), SearchBudget(5, (3, 2), 2, 7), SearchBudget(3, (2, 2, 1), 1, 40)]
)
def test_sketches_sweeps_and_changes_are_counted(budget: SearchBudget) -> None:
    counts = {"sketch": 0, "again": 0, "anneal": 0, "changes": 0}
    sketch, again, anneal = Sweeper.sketch, Sweeper.again, Schedule.anneal

    def sketched(self, *arguments):  # type: ignore[no-untyped-def]
        counts["sketch"] += 1
        return sketch(self, *arguments)

    def swept(self, *arguments):  # type: ignore[no-untyped-def]
        counts["again"] += 1
        return again(self, *arguments)

    def annealed(self, changes, hot):  # type: ignore[no-untyped-def]
        counts["anneal"] += 1
        counts["changes"] += changes
        return anneal(self, changes, hot)

    with (
        patch.object(Sweeper, "sketch", sketched),
        patch.object(Sweeper, "again", swept),
        patch.object(Schedule, "anneal", annealed),
    ):
        found = arrange(Several([chain()]), PassContext(machine_of(nx.path_graph(8))), budget)
    assert found
    assert counts["sketch"] == budget.sketches
    assert 0 < counts["anneal"] <= sum(budget.rounds)
    assert counts["changes"] == counts["anneal"] * budget.changes
    assert counts["again"] == counts["anneal"] * budget.sweeps


@pytest.mark.parametrize("gates", [1, 50, 200, 201, 1_000, MOST_GATES])
def test_a_higher_level_tries_more(gates: int) -> None:
    assert search_budget(0, gates) is None
    levels = [search_budget(level, gates) for level in (1, 2, 3)]
    for lower, higher in pairwise(levels):
        assert lower is not None
        assert higher is not None
        assert lower.sketches < higher.sketches
        assert lower.changes < higher.changes or sum(lower.rounds) < sum(higher.rounds)
        assert 0 < expected_seconds(lower) < expected_seconds(higher)
    for budget in levels:
        assert budget is not None
        assert list(budget.rounds) == sorted(budget.rounds, reverse=True)
        assert budget.sketches >= budget.rounds[0]


@pytest.mark.parametrize("level", range(4))
def test_large_programs_are_not_laid_out(level: int) -> None:
    assert search_budget(level, MOST_GATES + 1) is None


def test_a_search_of_any_program_takes_at_most_minutes() -> None:
    seconds = [expected_seconds(budget) for gates in range(1, MOST_GATES) if (budget := search_budget(3, gates))]
    assert len(seconds) == MOST_GATES - 1
    assert max(seconds) < 200
