"""General one-qubit unitaries."""

from __future__ import annotations

import numpy as np

from qsac.emit.emission import emission
from qsac.emit.zzphase import FIXED, OPEN, ZZPhaseEmitter
from qsac.ir.blocks import Unitary
from qsac.native.angles import Linear


@emission.register(Unitary)
def emit(op: Unitary, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """An SU(2) element, up to a global phase."""
    matrix = op.matrix.values
    root = np.sqrt(complex(np.linalg.det(matrix)))
    spin = complex(matrix[0, 0] / root), complex(matrix[1, 0] / root)
    out.turn(out.place[op.qubit], spin, OPEN if out.open else FIXED)
