"""What unitaries take: on registers by their gates or by synthesis, on one qubit nothing."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, diagonal_cost, multiplexor_cost
from qsac.ir.attention import ApplyUnitary
from qsac.ir.attention.unitary import Entangler
from qsac.ir.blocks import Unitary
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(ApplyUnitary)
def _(op: ApplyUnitary, scope: Scope, family: GateFamily) -> Cost:
    if op.form == "matrix":
        return Cost(_synthesis_cost(op.size(scope) + max(0, len(op.when) - 1), gated=bool(op.when)))
    if op.form == "diagonal":
        return Cost(diagonal_cost(op.size(scope) + len(op.when), family))
    total = 0
    for gate in op.gates(scope):
        if isinstance(gate, Entangler):
            total += diagonal_cost(len(op.when) + 2, family) if op.when else 1
        else:
            total += multiplexor_cost(len(op.when), family, zero=False)
    return Cost(total)


@cost.register(Unitary)
def _(op: Unitary, scope: Scope, family: GateFamily) -> Cost:
    return Cost(0)


def _synthesis_cost(qubits: int, *, gated: bool) -> int:
    """CX gates of a general unitary on ``qubits`` by Qiskit's quantum Shannon decomposition (Shende et al.,
    quant-ph/0406176; as few as by Krol and Al-Ars, arXiv 2403.13692), or of one controlled by a further qubit, which is
    a multiplexor of two."""
    if qubits == 1:
        return 2 if gated else 0
    if gated:
        return (25 * (1 << 2 * qubits) - 48 * (1 << qubits) + 32) // 24
    return (11 * (1 << 2 * qubits) - 36 * (1 << qubits) + 40) // 24
