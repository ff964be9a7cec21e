"""Signed phases on zero: one rotation of the sign's qubit, controlled by all other qubits."""

from __future__ import annotations

from qsac.ir.attention import PhaseSignal
from qsac.ir.blocks import Multiplexor
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(PhaseSignal)
def lower(op: PhaseSignal, place: LoweringContext) -> list[Multiplexor]:
    """exp(i angle Z) is a rotation by -2 angle. The angles may follow from the lengths of what is loaded."""
    (target,) = place.qubits(op.sign)
    controls = place.qubits(*op.given, *op.registers)
    return [Multiplexor("z", controls, target, Table(-2 * op.signed(place.scope)), slots=place.slot())]
