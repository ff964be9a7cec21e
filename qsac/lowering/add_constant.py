"""Additions as flips of bits by the carries below them."""

from __future__ import annotations

from math import pi

import numpy as np

from qsac.ir.attention import AddConstant
from qsac.ir.attention.add_constant import carries
from qsac.ir.blocks import Diagonal, PauliRotation
from qsac.ir.blocks.rotation import controlled_x
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering

Block = PauliRotation | Diagonal


@lowering.register(AddConstant)
def lower(op: AddConstant, place: LoweringContext) -> list[Block]:
    """From the highest bit down, up to a global phase."""
    qubits, when = place.qubits(*op.registers)[::-1], place.qubits(*op.when)
    blocks: list[Block] = []
    for bit, low in carries(op.amount, len(qubits)):
        blocks += _flipped((*when, *qubits[low:bit]), qubits[bit])
    return blocks


def _flipped(controls: tuple[str, ...], target: str) -> list[Block]:
    if not controls:
        return [PauliRotation("x", (target,), pi)]
    if len(controls) == 1:
        return [*controlled_x(controls[0], target)]
    # A phase of pi where all are 1, with the target in the X basis.
    phases = np.zeros(1 << (len(controls) + 1))
    phases[-1] = pi
    basis = PauliRotation("y", (target,), pi / 2)
    return [basis.adjoint(), Diagonal((*controls, target), Table(phases)), basis]
