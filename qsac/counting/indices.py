"""What index states take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, causal_is_loaded, causal_state_cost, cost, uniform_cost
from qsac.ir.attention import PrepareIndex, PrepareIndices
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PrepareIndices)
def _(op: PrepareIndices, scope: Scope, family: GateFamily) -> Cost:
    if op.mask == "full":
        return Cost(2 * uniform_cost(op.length, family))
    bit_by_bit, loaded = causal_state_cost(op.length, scope.sizes[op.query], family)
    return Cost(loaded if causal_is_loaded(op.length) else bit_by_bit)


@cost.register(PrepareIndex)
def _(op: PrepareIndex, scope: Scope, family: GateFamily) -> Cost:
    return Cost(uniform_cost(op.length, family))
