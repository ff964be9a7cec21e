"""What token loaders take. Complex ones leave a diagonal on what they look at."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, loader_cost
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Scope
from qsac.ir.shaped_table import ShapedTable
from qsac.native.circuit import GateFamily
from qsac.numerics.plan import columns_in_order, controlled_rows, in_order, occupied_columns, without_repetition


@cost.register(LoadTokens)
def _(op: LoadTokens, scope: Scope, family: GateFamily) -> Cost:
    table, structure = scope.tables[op.table], op.structure(scope)
    if structure is not None:
        return Cost(structure.gates, op.controlled_by if structure.diagonal else ())
    if isinstance(table, ShapedTable):
        rows = table.shape[0] * scope.dimension(op.when)
        columns = columns_in_order(table.columns, op.order)
    else:
        values = in_order(table.values, op.order)
        rows = len(without_repetition(controlled_rows(values, scope.dimension(op.when)))[1])
        columns = occupied_columns(values)
    gates = loader_cost(rows, columns, scope.dimension(op.targets).bit_length() - 1, real=table.real)
    return Cost(gates, () if table.real else op.controlled_by)
