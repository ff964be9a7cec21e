"""Power registers: unary states, prepared at once or register by register."""

from __future__ import annotations

from qsac.ir.attention import PreparePower, TurnPower
from qsac.ir.blocks import Multiplexor
from qsac.ir.table import Table
from qsac.lowering.indices import unary_state
from qsac.lowering.place import Place, lowering


@lowering.register(PreparePower)
def prepare(op: PreparePower, place: Place) -> list[Multiplexor]:
    """The whole state."""
    return unary_state(place.qubits(*op.power), op.amplitudes)


@lowering.register(TurnPower)
def turn(op: TurnPower, place: Place) -> list[Multiplexor]:
    """One register's rotation."""
    (target,), angles = place.qubits(op.power), Table(op.angles)
    controls = place.qubits(*op.given)
    return [Multiplexor("y", controls, target, angles, enters_zero=op.fresh, leaves_zero=op.last)]
