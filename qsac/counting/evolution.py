"""What loaders by time evolution take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, op_cost
from qsac.ir.attention import LoadEvolution, LoadTokens
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates
from qsac.numerics.product_formulas import weight
from qsac.numerics.product_states import is_product


@cost.register(LoadEvolution)
def _(op: LoadEvolution, scope: Scope, family: GateFamily) -> Cost:
    bits = sum(scope.sizes[name] for name in op.index)
    total = 0
    if not is_product(scope.tables[op.table].values[0]):
        total = op_cost(LoadTokens(op.data, (), op.table, by_structure=True), scope, family)
    weights = [weight(term) for term in op.terms]
    signed = [op.signed(term) for term in range(len(op.terms))]
    for bit, turns in op.stages(bits):
        if bit is not None and not all(signed):
            total += 2 * weight(op.reversal)
        for term, angle in turns:
            # The string is made one of two qubits, or of one qubit and the bit, by a quarter turn for each further one.
            qubits = weights[term] + (bit is not None and signed[term])
            total += 2 * (qubits - 2) + pair_gates(angle, family) if qubits > 1 else 0
    return Cost(total)
