"""What additions take: a CX, or a diagonal on a bit and all that it is flipped by, for each carry."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, diagonal_cost
from qsac.ir.attention import AddConstant
from qsac.ir.attention.add_constant import carries
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(AddConstant)
def _(op: AddConstant, scope: Scope, family: GateFamily) -> Cost:
    bits = scope.dimension(op.registers).bit_length() - 1
    controls = [len(op.when) + bit - low for bit, low in carries(op.amount, bits)]
    return Cost(sum(min(number, 1) if number < 2 else diagonal_cost(number + 1, family) for number in controls))
