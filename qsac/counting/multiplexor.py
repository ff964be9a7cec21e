"""What ladders take: multiplexors and uniformly controlled gates."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.blocks import Multiplexor, UniformlyControlledGate
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates


@cost.register(Multiplexor)
def _(op: Multiplexor, scope: Scope, family: GateFamily) -> Cost:
    free = op.axis != "z" and (op.first_entangler_free or op.last_entangler_free)
    if len(op.controls) == 1 and not free and not op.angles.known:
        return Cost(1 if family == "zzphase" else 2)
    if len(op.controls) == 1 and not free:
        return Cost(pair_gates(float(op.angles.values[0] - op.angles.values[1]) / 2, family))
    left_open = (1 << len(op.controls)) - op.angles.shape[0]
    return Cost(multiplexor_cost(len(op.controls), family, zero=free) - left_open)


@cost.register(UniformlyControlledGate)
def _(op: UniformlyControlledGate, scope: Scope, family: GateFamily) -> Cost:
    return Cost(op.theta.shape[0] - 1)
