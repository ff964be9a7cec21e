"""Multiplexors and uniformly controlled gates: ladders."""

from __future__ import annotations

from math import pi

from qsac.emit.emission import emission
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.blocks import Multiplexor, UniformlyControlledGate
from qsac.native.angles import Linear


@emission.register(Multiplexor)
def multiplexor(op: Multiplexor, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """A ladder whose angles are computed here."""
    controls = [out.place[name] for name in op.controls]
    free = op.first_entangler_free, op.last_entangler_free
    out.multiplexor(op.axis, controls, out.place[op.target], op.angles.values / pi, *free, linear)


@emission.register(UniformlyControlledGate)
def uniformly_controlled(op: UniformlyControlledGate, out: ZZPhaseEmitter, linear: Linear | None) -> None:
    """A ladder of the angles given."""
    if op.parities:
        raise RuntimeError("a ladder with parities is made for a coupling graph: qsac.layout.emitter writes it")
    controls = [out.place[name] for name in op.controls]
    theta, phi = op.theta.values / pi, op.phi.values / pi
    entangler = -0.5 if op.inverted else 0.5
    out.ladder(controls, out.place[op.target], theta, phi, op.places(), entangler, phi_open=out.open)
