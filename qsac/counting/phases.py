"""What phases take: one diagonal."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.attention import PhaseTable
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PhaseTable)
def _(op: PhaseTable, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0, op.borrows)
