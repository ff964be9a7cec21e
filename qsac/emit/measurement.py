"""Measurements and resets."""

from __future__ import annotations

from qsac.emit.emission import emission
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import Measure, Reset
from qsac.native.angles import Linear


@emission.register(Measure)
def measure(op: Measure, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """What waits on the qubit is written before; its frame is forgotten."""
    out.measure(out.place[op.qubit], (op.register, op.index))


@emission.register(Reset)
def reset(op: Reset, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """One reset."""
    out.columns.append("Reset", out.place[op.qubit])
