"""What circuits of gates take: their rotations and fixed gates, those of an index as multiplexors."""

from __future__ import annotations

from qsac.counting.formulas import Cost, cost, multiplexor_cost
from qsac.ir.attention import ApplyCircuit
from qsac.ir.attention.circuit import CLIFFORDS, CircuitGate
from qsac.ir.op import Scope
from qsac.native.circuit import GateFamily


@cost.register(ApplyCircuit)
def _(op: ApplyCircuit, scope: Scope, family: GateFamily) -> Cost:
    index = sum(scope.sizes[name] for name in op.index)
    return Cost(sum(_gates(gate, index, family) for gate in op.steps()))


def _gates(gate: CircuitGate, index: int, family: GateFamily) -> int:
    if gate.name in CLIFFORDS:
        return {1: 0, 2: 3 if gate.name == "swap" else 1}[len(gate.qubits)]
    controls = len(gate.qubits) - 1 if gate.is_multiplexor else 0
    if gate.value is not None and not gate.alike:
        controls += index
    if gate.is_multiplexor or len(gate.qubits) == 1:
        return multiplexor_cost(controls, family, zero=False)
    if controls:
        return 2 + multiplexor_cost(controls, family, zero=False)
    return 1 if family == "zzphase" else 2
