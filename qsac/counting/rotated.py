"""What rotated ladders take: their entangling gates, and a diagonal on the index where they leave phases on it."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.attention import LoadRotated
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(LoadRotated)
def _(op: LoadRotated, scope: Scope, family: GateFamily) -> Cost:
    return Cost(len(op.places), op.index if op.phases.shape[0] else ())
