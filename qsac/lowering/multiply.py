"""Products of amplitudes: for each bit one multiplexed rotation, up to signs of what the projection takes away."""

from __future__ import annotations

from math import pi

import numpy as np

from qsac.ir.attention import Multiply
from qsac.ir.blocks import Multiplexor
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering


@lowering.register(Multiply)
def lower(op: Multiply, place: LoweringContext) -> list[Multiplexor]:
    """RY(-pi) of each bit where its source and every ``when`` are 1: it takes 1 to 0 with the factor 1."""
    when = place.qubits(*op.when)
    angles = np.zeros(2 << len(when))
    angles[-1] = -pi
    blocks = [
        Multiplexor("y", (*when, source), target, Table(angles), leaves_zero=True)
        for target, source in zip(place.qubits(op.data), place.qubits(op.by), strict=True)
    ]
    return [block.adjoint() for block in reversed(blocks)] if op.adjoint_copy else blocks
