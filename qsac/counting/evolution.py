"""What loaders by time evolution take."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, loader_cost
from qsac.ir.attention import LoadEvolution
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily
from qsac.numerics.pauli import pair_gates
from qsac.numerics.plan import occupied_columns
from qsac.numerics.product_formulas import weight
from qsac.numerics.product_states import is_product


@cost.register(LoadEvolution)
def _(op: LoadEvolution, scope: Scope, family: GateFamily) -> Cost:
    size, bits = scope.sizes[op.data], sum(scope.sizes[name] for name in op.index)
    state = scope.tables[op.table]
    total = 0 if is_product(state.values[0]) else loader_cost(1, occupied_columns(state.values), size, real=state.real)
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
