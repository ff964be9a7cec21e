"""What nobody asks for any more, as measurements whose outcomes are ignored."""

from __future__ import annotations

from qsac.ir.attention import Discard
from qsac.ir.blocks import Measure
from qsac.ir.program import bit_register
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(Discard)
def lower(op: Discard, place: LoweringContext) -> list[Measure]:
    """Measure every qubit."""
    return [
        Measure(qubit, bit_register(register), index, ignored=True)
        for register in op.registers
        for index, qubit in enumerate(place.qubits(register))
    ]
