"""What reflections of amplification take; the ops that rounds repeat are counted with the program."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, reflection_cost
from qsac.ir.attention import Amplify
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Amplify)
def _(op: Amplify, scope: Scope, family: GateFamily) -> Cost:
    widths = (sum(scope.sizes[name] for name in names) for names in (op.registers, op.given))
    return Cost(op.rounds * sum(reflection_cost(width, family) for width in widths))
