"""What signed phases on zero take: one multiplexed rotation."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import PhaseSignal
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates


@cost.register(PhaseSignal)
def _(op: PhaseSignal, scope: Scope, family: GateFamily) -> Cost:
    if op.turns_over(scope):
        given, held = (scope.dimension(names) for names in (op.given, op.registers))
        return Cost(2 * (held - 1) + multiplexor_cost(given.bit_length() - 1, family, zero=False))
    controls = scope.dimension((*op.given, *op.registers)).bit_length() - 1
    if controls == 1:
        first, second = op.signed(scope)
        return Cost(pair_gates(float(second - first), family))
    return Cost(multiplexor_cost(controls, family, zero=False))
