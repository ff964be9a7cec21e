"""Selected indices: relative-phase Toffolis, two CX and six gates a bit for the pair, two more for a whole swap."""

from __future__ import annotations

from math import pi

from qsac.ir.attention import SelectIndex
from qsac.ir.blocks import Multiplexor, PauliRotation
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(SelectIndex)
def lower(op: SelectIndex, place: LoweringContext) -> list[PauliRotation | Multiplexor]:
    """For each bit: key becomes j xor i, then query is flipped where the degree qubit is 0 and the key bit 1.

    The flips are RY(pi), whose signs the adjoint takes back, one entangling gate left to the pair (Margolus gates). Of
    a whole swap key becomes what query is not in the end, by flips of the same kind.
    """
    (power,) = place.qubits(op.degree)
    blocks: list[PauliRotation | Multiplexor] = []
    bits = list(zip(place.qubits(op.query), place.qubits(op.key), strict=True))
    flips = [Multiplexor("y", (query,), key, Table([0, pi]), pair="compute") for query, key in bits if op.swap]
    blocks += flips
    for query, key in bits:
        blocks += [] if op.swap else controlled_x(query, key)
    for query, key in bits:
        blocks.append(Multiplexor("y", (power, key), query, Table([0, pi, 0, 0]), pair="compute"))
    blocks += flips
    return [block.adjoint() for block in reversed(blocks)] if op.adjoint_select else blocks
