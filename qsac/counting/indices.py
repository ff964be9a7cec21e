"""What index states take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, causal_state_cost, cost, seen_keys_cost, uniform_cost
from qsac.ir.attention import PrepareIndex, PrepareIndices, PrepareKeys
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PrepareIndices)
def _(op: PrepareIndices, scope: Scope, family: GateFamily) -> Cost:
    if op.mask == "full":
        return Cost(2 * uniform_cost(op.length, family))
    return Cost(causal_state_cost(op.length))


@cost.register(PrepareIndex)
def _(op: PrepareIndex, scope: Scope, family: GateFamily) -> Cost:
    return Cost(uniform_cost(op.length, family))


@cost.register(PrepareKeys)
def _(op: PrepareKeys, scope: Scope, family: GateFamily) -> Cost:
    return Cost(uniform_cost(op.length, family) if op.mask == "full" else seen_keys_cost(op.length))
