"""The dependency graph of a program, derived from its ops' signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities

if TYPE_CHECKING:
    import networkx as nx


def dependency_graph(program: Program) -> nx.DiGraph[int]:
    """A graph on op indices with an edge from each op to the ops that must follow it.

    Two ops depend on each other when they share a register that at least one of them targets: controls commute, also
    with ancillas, which leave their register in zero. Projections keep their order among each other, as readouts are
    conditional on it, and observations keep theirs among projections, as what they read is joint with those before.
    Redundant edges are left out as far as one register shows them.
    """
    import networkx as nx

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(program.ops)))
    last_target: dict[str, int] = {}
    controlled_since: dict[str, list[int]] = {}
    last_projection: int | None = None
    observed_since: list[int] = []
    for index, op in enumerate(program.ops):
        for name in op.targets:
            if name in last_target:
                graph.add_edge(last_target[name], index)
            graph.add_edges_from((earlier, index) for earlier in controlled_since.get(name, ()))
            last_target[name] = index
            controlled_since[name] = []
        for name in (*op.controlled_by, *op.ancillas):
            if name in last_target:
                graph.add_edge(last_target[name], index)
            controlled_since.setdefault(name, []).append(index)
        if (op.outcomes or isinstance(op, SaveProbabilities)) and last_projection is not None:
            graph.add_edge(last_projection, index)
        if isinstance(op, SaveProbabilities):
            observed_since.append(index)
        elif op.outcomes:
            graph.add_edges_from((observation, index) for observation in observed_since)
            last_projection, observed_since = index, []
    return graph


def respects(program: Program, order: Sequence[int]) -> bool:
    """Whether ``order``, a permutation of op indices, keeps every dependency of the program."""
    place = {index: position for position, index in enumerate(order)}
    return len(place) == len(program.ops) and all(
        place[before] < place[after] for before, after in dependency_graph(program).edges
    )
