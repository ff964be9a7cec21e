"""Emission by the family of a target's native gates."""

from __future__ import annotations

from collections.abc import Callable

from qsac.emit import cz, zzphase
from qsac.ir.native import GateFamily, NativeCircuit
from qsac.ir.program import Program
from qsac.pipeline import PassContext

EMITTERS: dict[GateFamily, Callable[[Program], NativeCircuit]] = {"zzphase": zzphase.emit, "cz": cz.emit}


def emit(program: Program, context: PassContext) -> NativeCircuit:
    """The native circuit of a verified block program, in the gates of the context's target."""
    return EMITTERS[context.target.family](program)
