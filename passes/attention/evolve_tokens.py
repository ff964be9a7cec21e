"""Load tokens by time evolution if that is cheaper and within the error budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from qsac.counting.formulas import op_cost, two_qubit_gates
from qsac.errors import of_type, present
from qsac.ir.attention import LoadEvolution, LoadTokens
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._loader import Loader, Search
from qsac.passes.attention._selection import ungated
from qsac.passes.attention._tables import added
from qsac.passes.attention._weights import index_weights
from qsac.pipeline.contract import Pass, PassContext

MOST_ROLES = 4
"""Roles of which every combination is tried."""


class _Role(NamedTuple):
    """What loaders that are replaced together have in common: the family of their registers, and the direction."""

    family: str
    adjoint: bool


@dataclass(frozen=True)
class EvolveTokens(Pass):
    """Replace table loaders by evolution loaders (Construction, section 8).

    Needs a verified attention program whose tables record the evolution of their rows, before unitaries are folded into
    them. Guarantees the same meaning within the error budget; without a budget there is no change. Each op's error is
    the root of sum_i p_i ||x'_i - x_i||^2, with x'_i the state that is loaded instead of x_i and p_i its largest
    probability under the prepared indices. The errors of the ops are added, the worst case, and the square of the sum
    is recorded as spent: it bounds the infidelity of the final state. Of all combinations of the loaders' roles, the
    cheapest on the target after the remaining passes is used if it takes fewer gates than tables on which these passes
    may spend the same budget.
    """

    name: ClassVar[str] = "evolve-tokens"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 3
    after: ClassVar[tuple[str, ...]] = ("stage-degree",)

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program of the cheapest combination; its tables no longer say where they come from."""
        available = context.ledger.available
        if available <= 0:
            return program
        plain = _without_sources(program)
        limit = two_qubit_gates(context.finish(plain, 0.0), context.target.family)
        planner = _Planner(program, context, available, limit)
        for candidate, roles in planner.candidates():
            found = planner.evolved(candidate, roles, exact=True)
            if found is not None and planner.final_cost(found[0]) < limit:
                context.ledger.spend(self.name, found[1])
                return _without_sources(found[0])
        return plain


class _Planner:
    """Finds combinations of loaders to replace, and their gates; ``limit`` are the two-qubit gates that tables take
    with the same budget spent on them."""

    def __init__(self, program: Program, context: PassContext, available: float, limit: int) -> None:
        self.program = program
        self.context = context
        self.available = available
        self.family = context.target.family
        self.searches: dict[str, Search] = {}
        self.found: dict[tuple[str, int, bool], Loader | None] = {}
        self.limit = limit

    def candidates(self) -> list[tuple[Program, frozenset[_Role]]]:
        """Programs and roles, by estimate cheaper than the program as it is; the cheapest first."""
        ranked: list[tuple[int, int, int, Program, frozenset[_Role]]] = []
        free = ungated(self.program)
        for place, base in enumerate((self.program,) if free is None else (self.program, free)):
            roles = sorted({_role(op) for op in base.ops if isinstance(op, LoadTokens) and self._replaceable(base, op)})
            for chosen in _subsets(roles):
                estimate = self.evolved(base, frozenset(chosen), exact=False)
                if estimate is not None and (cost := self.final_cost(estimate[0])) < self.limit:
                    ranked.append((cost, place, len(ranked), base, frozenset(chosen)))
        ranked.sort(key=lambda entry: entry[:3])
        return [(base, roles) for *_, base, roles in ranked]

    def final_cost(self, program: Program) -> int:
        """Two-qubit gates once the passes that are to come have chosen, with no error of their own."""
        return two_qubit_gates(self.context.finish(program), self.family)

    def evolved(self, base: Program, roles: frozenset[_Role], *, exact: bool) -> tuple[Program, float] | None:
        """The program with the loaders of these roles replaced, and the sum of their errors; None if it cannot be.

        Without ``exact`` the loaders are estimates.
        """
        places = [
            place
            for place, op in enumerate(base.ops)
            if isinstance(op, LoadTokens) and _role(op) in roles and self._replaceable(base, op)
        ]
        ops = list(base.ops)
        tables = dict(base.tables)
        total = 0.0
        for place in places:
            op = of_type(ops[place], LoadTokens)
            loader = self._loader(base, op, len(places), exact)
            if loader is None:
                return None
            total += loader.error
            name = added(tables, f"{op.table}-start", loader.state)
            ops[place] = _named(loader.op, op, name)
        return base.with_ops(ops, tables), total

    def _replaceable(self, base: Program, op: LoadTokens) -> bool:
        table = base.tables[op.table]
        if not isinstance(op.data, str) or table.source is None or op.barrier or op.when:
            return False
        if not 1 < len(table.values) <= base.scope.dimension(op.index):
            return False
        search = self._search(base, op)
        return search.possible and base.scope.dimension(op.index) == 1 << search.bits

    def _loader(self, base: Program, op: LoadTokens, count: int, exact: bool) -> Loader | None:
        # One loader for all that load a table: in the branches that uncompute what was loaded, both must be the same.
        key = (op.table, count, exact)
        if key not in self.found:
            search = self._search(base, op)
            share = self.available / count
            self.found[key] = search.find(share) if exact else search.estimate(share)
        return self.found[key]

    def _search(self, base: Program, op: LoadTokens) -> Search:
        if op.table not in self.searches:
            table = base.tables[op.table]
            self.searches[op.table] = Search(
                table.values.astype(np.complex128),
                present(table.source, "the evolution of the rows"),
                index_weights(self.program, len(table.values)),
                self.family,
                # Several times the table's gates: beyond that even loaders that make folding needless do not pay.
                4 * op_cost(op, base.scope, self.family),
                self.available / sum(isinstance(other, LoadTokens) for other in base.ops),
            )
        return self.searches[op.table]


def _role(op: LoadTokens) -> _Role:
    return _Role(op.targets[0].partition("[")[0], op.inverse)


def _subsets(roles: list[_Role]) -> Iterator[tuple[_Role, ...]]:
    """Every choice of some roles; for many of them only all together and each alone."""
    sizes = range(1, len(roles) + 1) if len(roles) <= MOST_ROLES else (1, len(roles))
    for size in sizes:
        yield from combinations(roles, size)


def _named(loader: LoadEvolution, op: LoadTokens, table: str) -> Op:
    return replace(
        loader,
        data=of_type(op.data, str),
        index=op.index,
        table=table,
        inverse=op.inverse,
        origin=op.origin,
    )


def _without_sources(program: Program) -> Program:
    return replace(program, tables={name: Table(table.values) for name, table in program.tables.items()})
