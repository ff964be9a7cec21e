"""Observations: where they stand in the circuit."""

from __future__ import annotations

from qsac.emit.emission import emission
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.observe import Observe
from qsac.native.angles import Linear


@emission.register(Observe)
def emit(op: Observe, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """No gate but those that wait on its qubits."""
    register = tuple(out.place[name] for name in op.registers)
    out.settle(*register)
    out.observed[op.quantity] = (len(out.columns), register, len(out.bits))
