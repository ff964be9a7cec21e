"""What rotations about Pauli products take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.blocks import PauliRotation
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates


@cost.register(PauliRotation)
def _(op: PauliRotation, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0 if len(op.qubits) == 1 else pair_gates(op.angle, family))
