"""The dependency graph: any order that respects it means the same."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.families.reading import load
from qsac.ir.blocks import Diagonal, Measure, PauliRotation
from qsac.ir.graph import dependency_graph, respects
from qsac.ir.op import Register
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from tests.cases import examples, seeds
from tests.passes.test_registry_wide import assert_same_meaning
from tests.programs import build
from tests.strategies import attention_programs, block_programs, random_model


def _shuffled(program: Program, rng: np.random.Generator) -> list[int]:
    """A random topological order."""
    graph = dependency_graph(program)
    waiting = {node: graph.in_degree(node) for node in graph}
    order = []
    while waiting:
        free = sorted(node for node, before in waiting.items() if not before)
        node = int(rng.choice(free))
        order.append(node)
        del waiting[node]
        for after in graph.successors(node):
            waiting[after] -= 1
    return order


def _assert_reorders(program: Program, rng: np.random.Generator) -> None:
    order = _shuffled(program, rng)
    assert respects(program, order)
    reordered = program.with_ops(program.ops[place] for place in order)
    verify(reordered)
    assert_same_meaning(_by_quantity(program), _by_quantity(reordered))


def _by_quantity(program: Program) -> Program:
    """Observations keep no order among each other: leave the first of them only."""
    first = min((op.quantity for op in program.ops if isinstance(op, SaveProbabilities)), default="")
    return program.with_ops(op for op in program.ops if not isinstance(op, SaveProbabilities) or op.quantity == first)


@settings(max_examples=examples(80))
@given(attention_programs() | block_programs(), st.integers(0, 1 << 20))
def test_any_order_that_respects_the_graph_means_the_same(program: Program, seed: int) -> None:
    _assert_reorders(program, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_models(seed: int) -> None:
    _assert_reorders(build(load(random_model(seed))), np.random.default_rng(seed))


@given(attention_programs() | block_programs())
def test_the_graph_has_no_cycle_and_the_programs_own_order_respects_it(program: Program) -> None:
    assert nx.is_directed_acyclic_graph(dependency_graph(program))
    assert respects(program, range(len(program.ops)))


def test_what_depends_on_what() -> None:
    phases = Table([0.0, 1.0])
    ops = (
        PauliRotation("x", ("a",), 1.0),
        PauliRotation("x", ("b",), 1.0),
        Diagonal(("a",), phases),
        Diagonal(("a", "b"), Table([0.0, 1, 2, 3])),
        PauliRotation("y", ("a",), 1.0),
        Measure("b", "bits", 0),
        SaveProbabilities(("a",), "weights"),
        Measure("a", "bits", 1),
    )
    program = Program("order", "block", (Register("a", 1), Register("b", 1)), {}, ops, ())
    paths = nx.transitive_closure_dag(dependency_graph(program))
    free = {(0, 1), (1, 2), (2, 3), (2, 5), (4, 5)}
    found = {(i, j) for i in range(8) for j in range(i + 1, 8) if not paths.has_edge(i, j)}
    assert found == free


def test_visits_stay_before_what_their_qubit_is_used_for() -> None:
    phases = Table([0.0, 1, 2, 3])
    ops = (
        Diagonal(("a", "b"), phases, through="c"),
        Diagonal(("a", "b"), phases, through="c"),
        PauliRotation("x", ("c",), 1.0),
    )
    program = Program("order", "block", tuple(Register(name, 1) for name in "abc"), {}, ops, ())
    assert set(dependency_graph(program).edges) == {(0, 2), (1, 2)}


@pytest.mark.parametrize("order", [[1, 0], [0], [0, 0], [0, 1, 2]])
def test_other_orders_do_not_respect_it(order: list[int]) -> None:
    ops = (PauliRotation("x", ("a",), 1.0), Measure("a", "bits", 0))
    program = Program("order", "block", (Register("a", 1),), {}, ops, ())
    assert not respects(program, order)
