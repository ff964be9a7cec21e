"""What marks of keys take: one ladder, of which the first place is free."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.attention import MarkKeys
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(MarkKeys)
def _(op: MarkKeys, scope: Scope, family: GateFamily) -> Cost:
    return Cost(min(op.marked.rows) - 1)
