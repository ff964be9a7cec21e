"""What unary states of power registers take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import PreparePower, TurnPower
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PreparePower)
def _(op: PreparePower, scope: Scope, family: GateFamily) -> Cost:
    return Cost(len(op.power) - 1)


@cost.register(TurnPower)
def _(op: TurnPower, scope: Scope, family: GateFamily) -> Cost:
    return Cost(multiplexor_cost(len(op.given), family, zero=op.fresh or op.last))
