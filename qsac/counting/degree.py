"""What unary states of degree registers take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import PrepareDegree, RotateDegree
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PrepareDegree)
def _(op: PrepareDegree, scope: Scope, family: GateFamily) -> Cost:
    return Cost(len(op.degree) - 1)


@cost.register(RotateDegree)
def _(op: RotateDegree, scope: Scope, family: GateFamily) -> Cost:
    controls = scope.dimension(op.given).bit_length() - 1
    return Cost(multiplexor_cost(controls, family, zero=op.fresh or op.last))
