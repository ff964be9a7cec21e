"""Let loads and inverse loads act on different qubits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from qsac.ir.attention import LoadTokens
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.numerics.plan import occupied_columns
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class AlternateLoadOrder(Pass):
    """Alternate the load order of real tokens, so that a load and the next inverse load run in parallel.

    Needs a verified attention program. Guarantees the same meaning and the same number of gates. The last gates of a
    load of real tokens act on one of a pair of data qubits, in a Bell basis of both, and so do the first gates of the
    inverse load that follows. On the same qubit they would wait for each other; on different qubits of the pair, one
    controlled by `key` and the other by `query`, they run in parallel.
    """

    name: ClassVar[str] = "alternate-load-order"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = (
        "stage-degree",
        "compress-tokens",
        "park-keys",
        "select-indices",
        "gate-load-only",
        "weigh-indices",
        "fold-unitaries",
        "truncate-tokens",
        "prune-loaders",
    )
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with inverse loads in an order of their own."""
        return program.with_ops(_staggered(program))


def _staggered(program: Program) -> Iterator[Op]:
    for place, op in enumerate(program.ops):
        loaded = _load_before(program, place, op)
        if isinstance(op, LoadTokens) and loaded is not None:
            size = program.scope.dimension(op.targets).bit_length() - 1
            if size > 1 and all(_is_whole(program.tables[table]) for table in (loaded.table, op.table)):
                op = replace(op, order=(*range(size - 2), size - 1, size - 2))
        yield op


def _load_before(program: Program, place: int, op: Op) -> LoadTokens | None:
    """The load just before an inverse load, where both are in the usual order."""
    if not isinstance(op, LoadTokens) or not op.inverse or op.order or op.barrier or not isinstance(op.data, str):
        return None
    targeting = program.targeting(op.data)
    before = program.ops[targeting[targeting.index(place) - 1]]
    return before if isinstance(before, LoadTokens) and not before.inverse and not before.order else None


def _is_whole(table: Table) -> bool:
    """Whether a table is real and its rows have no columns at the end that are zero in all of them."""
    columns = table.columns if isinstance(table, ShapedTable) else occupied_columns((table.pattern or table).values)
    return table.real and columns == table.shape[1]
