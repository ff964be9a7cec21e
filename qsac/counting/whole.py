"""What loads take as whole unitaries: as many gates as other loads, and no diagonal, which their pairs cancel."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.errors import present
from qsac.ir.attention import LoadWhole
from qsac.ir.attention.whole import columns_of
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.plan import planned_gates as gates


@cost.register(LoadWhole)
def _(op: LoadWhole, scope: Scope, family: GateFamily) -> Cost:
    table = scope.tables[op.table]
    size = table.shape[1].bit_length() - 1
    if table.shape[0] > 1:
        return Cost(gates(table.shape[0], columns_of(table), size, real=table.real) - op.bell)
    if table.real and size <= 2:
        return Cost(size - 1)
    structure = present(op.by_structure(scope), "the structure of a single row")
    return Cost(structure.gates)
