"""Rotations about Pauli products."""

from __future__ import annotations

from math import pi

from qsac.emit.emission import emission
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import PauliRotation
from qsac.native.angles import Linear


@emission.register(PauliRotation)
def emit(op: PauliRotation, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """One gate, in the basis of its letters."""
    places = [out.place[name] for name in op.qubits]
    out.pauli_rotation(op.paulis, places, op.angle / pi, None if linear is None else linear[0])
