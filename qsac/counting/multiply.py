"""What products of amplitudes take: one ladder a bit."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import Multiply
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Multiply)
def _(op: Multiply, scope: Scope, family: GateFamily) -> Cost:
    return Cost(scope.sizes[op.data] * multiplexor_cost(len(op.when) + 1, family, zero=True))
