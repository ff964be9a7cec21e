"""What token loaders without some of their controls take. Complex ones leave a diagonal on the index."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, pruned_cost
from qsac.ir.attention import LoadPruned
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(LoadPruned)
def _(op: LoadPruned, scope: Scope, family: GateFamily) -> Cost:
    table = scope.tables[op.table]
    gates = pruned_cost(table.shape[0], scope.sizes[op.data], op.reach, real=table.real)
    return Cost(gates, () if table.real else op.borrows)
