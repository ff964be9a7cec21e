"""What is discarded takes measurements alone."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.attention import Discard
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Discard)
def _(op: Discard, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0)
