"""What phases on a row in a Bell basis take: three rotations."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.attention import PhaseRow
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates


@cost.register(PhaseRow)
def _(op: PhaseRow, scope: Scope, family: GateFamily) -> Cost:
    return Cost(3 * pair_gates(op.angle, family))
