"""What phases on a state take: a diagonal, and twice the preparation of the state."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, diagonal_cost, uniform_cost
from qsac.ir.attention import PhaseState
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(PhaseState)
def _(op: PhaseState, scope: Scope, family: GateFamily) -> Cost:
    gates = diagonal_cost(scope.dimension(op.registers).bit_length() - 1, family)
    if op.state == "uniform" and op.length & (op.length - 1):
        # Prepared on qubits that are not in zero, a controlled turn takes a gate more.
        gates += 4 * uniform_cost(op.length, family)
    return Cost(gates)
