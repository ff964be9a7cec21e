"""Degree registers: unary states, prepared at once or register by register."""

from __future__ import annotations

from qsac.ir.attention import PrepareDegree, RotateDegree
from qsac.ir.blocks import Multiplexor
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.indices import unary_state


@lowering.register(PrepareDegree)
@self_contained
def prepare(op: PrepareDegree, place: LoweringContext) -> list[Multiplexor]:
    """The whole state."""
    return unary_state(place.qubits(*op.degree), op.amplitudes)


@lowering.register(RotateDegree)
@self_contained
def turn(op: RotateDegree, place: LoweringContext) -> list[Multiplexor]:
    """One register's rotation."""
    (target,), angles = place.qubits(op.degree), Table(op.angles)
    controls = place.qubits(*op.given)
    return [Multiplexor("y", controls, target, angles, enters_zero=op.fresh, leaves_zero=op.last)]
