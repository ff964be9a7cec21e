"""What selected indices take: one half of the pair."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import SelectIndex
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(SelectIndex)
def _(op: SelectIndex, scope: Scope, family: GateFamily) -> Cost:
    return Cost(scope.sizes[op.query] * (1 + op.swap + multiplexor_cost(2, family, zero=True)))
