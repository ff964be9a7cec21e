"""Selected indices: relative-phase Toffolis, two CX and six gates a bit for the pair."""

from __future__ import annotations

from math import pi

from qsac.ir.attention import SelectIndex
from qsac.ir.blocks import Multiplexor, PauliRotation
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.place import Place, lowering


@lowering.register(SelectIndex)
def lower(op: SelectIndex, place: Place) -> list[PauliRotation | Multiplexor]:
    """For each bit: key becomes j xor i, then query is flipped where the power qubit is 0 and the key bit 1.

    The flips are RY(pi), whose signs the adjoint takes back, one entangling gate left to the pair (Margolus gates).
    """
    (power,) = place.qubits(op.power)
    blocks: list[PauliRotation | Multiplexor] = []
    bits = list(zip(place.qubits(op.query), place.qubits(op.key), strict=True))
    for query, key in bits:
        blocks += controlled_x(query, key)
    for query, key in bits:
        flip = Table([0, pi, 0, 0])
        blocks.append(Multiplexor("y", (power, key), query, flip, pair="opens"))
    return [block.adjoint() for block in reversed(blocks)] if op.adjoint_select else blocks
