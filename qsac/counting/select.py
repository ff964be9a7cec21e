"""What selected indices take: one half of the pair."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, diagonal_cost, multiplexor_cost
from qsac.ir.attention import SelectIndex
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(SelectIndex)
def _(op: SelectIndex, scope: Scope, family: GateFamily) -> Cost:
    flip = multiplexor_cost(2, family, zero=not op.exact)
    return Cost(scope.sizes[op.query] * (1 + flip + (diagonal_cost(2, family) if op.exact else 0)))
