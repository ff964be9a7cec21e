"""Let loads and un-loads act on different qubits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from qsac.ir.attention import LoadTokens
from qsac.ir.op import Op
from qsac.ir.outline import Outline
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.numerics.plan import occupied_columns
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class StaggerLoaders(Pass):
    """Un-load real tokens by another qubit than the one that they were loaded by, so that both run side by side.

    Needs a verified attention program. Guarantees the same meaning and as many gates. The last gates of a load of real
    tokens are on one of a pair of data qubits, in a Bell basis of both, and so are the first ones of the un-load that
    follows. On one qubit they would wait for each other; on the two qubits of the pair, under `key` and under `query`,
    nothing is between them.
    """

    name: ClassVar[str] = "stagger-loaders"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ("compress-tokens", "select-indices", "fold-unitaries", "truncate-tokens")
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with un-loads in an order of their own."""
        return program.with_ops(_staggered(program))


def _staggered(program: Program) -> Iterator[Op]:
    before: dict[str, Op] = {}
    for op in program.ops:
        loaded = before.get(op.data) if isinstance(op, LoadTokens) and op.adjoint_load else None
        if isinstance(op, LoadTokens) and isinstance(loaded, LoadTokens) and not (loaded.order or op.order):
            size = program.scope.sizes[op.data]
            if size > 1 and all(_is_whole(program.tables[table]) for table in (loaded.table, op.table)):
                op = replace(op, order=(*range(size - 2), size - 1, size - 2))
        before.update(dict.fromkeys(op.targets, op))
        yield op


def _is_whole(table: Table) -> bool:
    """Whether a table is real and its rows have no columns at the end that are zero in all of them."""
    columns = table.columns if isinstance(table, Outline) else occupied_columns((table.pattern or table).values)
    return table.real and columns == table.shape[1]
