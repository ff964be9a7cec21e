"""What diagonals take: each is one with those on the same qubits."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost
from qsac.ir.blocks import Diagonal
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(Diagonal)
def _(op: Diagonal, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0, op.qubits)
