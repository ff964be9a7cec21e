"""What token loaders take. Complex ones leave a diagonal on what they look at."""

from __future__ import annotations

from functools import lru_cache

from qsac.counting.formulas import Cost, cost, loader_cost
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Scope
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.native.circuit import GateFamily
from qsac.numerics.plan import (
    Lone,
    columns_in_order,
    controlled_rows,
    in_order,
    lone_row,
    occupied_columns,
    without_repetition,
)

SMALL = 1 << 12
"""Numbers of a table whose size is remembered: a pass's candidates, and programs of one plan, load it many times."""


def _size(table: Table, order: tuple[int, ...], branches: int) -> tuple[int, int, Lone | None]:
    """The rows that a loader tells apart, the columns that it loads, and which row is a basis state."""
    values = in_order(table.values, order)
    rows = without_repetition(controlled_rows(values, branches))[1]
    return len(rows), occupied_columns(values), lone_row(rows)


_small_size = lru_cache(maxsize=1024)(_size)


@cost.register(LoadTokens)
def _(op: LoadTokens, scope: Scope, family: GateFamily) -> Cost:
    table, structure = scope.tables[op.table], op.structure(scope)
    if structure is not None:
        return Cost(structure.gates, op.controlled_by if structure.diagonal else ())
    if isinstance(table, ShapedTable):
        rows = table.shape[0] * scope.dimension(op.when)
        columns = columns_in_order(table.columns, op.order)
        lone = table.loaded_lone(op.order, scope.dimension(op.when))
    elif table.values.size <= SMALL:
        rows, columns, lone = _small_size(table, op.order, scope.dimension(op.when))
    else:
        rows, columns, lone = _size(table, op.order, scope.dimension(op.when))
    gates = loader_cost(rows, columns, scope.dimension(op.targets).bit_length() - 1, real=table.real, lone=lone)
    return Cost(gates, () if table.real else op.controlled_by)
