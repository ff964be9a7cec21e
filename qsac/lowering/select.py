"""Selected indices: relative-phase Toffolis, two CX and six gates a bit for the pair; exact ones take more."""

from __future__ import annotations

from math import pi

from qsac.ir.attention import SelectIndex
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(SelectIndex)
def lower(op: SelectIndex, place: LoweringContext) -> list[PauliRotation | Multiplexor | Diagonal]:
    """For each bit: key becomes j xor i, then query is flipped where the degree qubit is 0 and the key bit 1.

    The flips are RY(pi), whose signs the adjoint takes back, one entangling gate left to the pair (Margolus gates).
    Exact ones are RX(pi), each with the phase that it lacks.
    """
    (power,) = place.qubits(op.degree)
    blocks: list[PauliRotation | Multiplexor | Diagonal] = []
    bits = list(zip(place.qubits(op.query), place.qubits(op.key), strict=True))
    for query, key in bits:
        blocks += controlled_x(query, key)
    for query, key in bits:
        flip = Table([0, pi, 0, 0])
        if op.exact:
            phase = Diagonal((power, key), Table([0, pi / 2, 0, 0]))
            blocks += [Multiplexor("x", (power, key), query, flip), phase]
        else:
            blocks.append(Multiplexor("y", (power, key), query, flip, pair="compute"))
    return [block.adjoint() for block in reversed(blocks)] if op.adjoint_select else blocks
