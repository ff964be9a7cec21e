"""Measurements and resets take no two-qubit gates."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.blocks import Measure, Reset
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Measure)
@cost.register(Reset)
def _(op: Measure | Reset, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0)
