"""Observations take no gates."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.observe import Observe
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Observe)
def _(op: Observe, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0)
