"""Diagonals."""

from __future__ import annotations

from math import pi

import numpy as np

from qsac.emit.emission import emission
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import Diagonal
from qsac.native.angles import NEGLIGIBLE, Linear


@emission.register(Diagonal)
def emit(op: Diagonal, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """One multiplexed Rz a qubit, controlled by the qubits before it."""
    qubits, phases = [out.place[name] for name in op.qubits], op.phases.values / pi
    for last in reversed(range(len(qubits))):
        pairs = phases.reshape(-1, 2)
        angles = pairs[:, 1] - pairs[:, 0]
        slopes = None if linear is None else linear[1::2] - linear[::2]
        if out.open or np.max(np.abs(angles)) > NEGLIGIBLE:
            out.multiplexor("z", qubits[:last], qubits[last], angles, linear=slopes)
        phases = pairs.mean(axis=1)
        linear = None if linear is None else (linear[1::2] + linear[::2]) / 2
