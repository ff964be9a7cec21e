"""What projections take: the inverse preparation of the state that they project on."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, uniform_cost
from qsac.ir.attention import Project
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Project)
def _(op: Project, scope: Scope, family: GateFamily) -> Cost:
    if op.state == "uniform":
        return Cost(uniform_cost(op.length, family))
    return Cost(len(op.registers) - 1 if op.state == "unary" else 0)
