"""Observations take no gates."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.op import Scope
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.native.circuit import GateFamily


@cost.register(SaveProbabilities)
def _(op: SaveProbabilities, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0)
