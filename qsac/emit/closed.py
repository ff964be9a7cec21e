"""Emission of block programs that are part of a larger circuit: nothing is left out that no measurement would see.

The emitters carry rotations about z along as frames and never write the last of them. Here they are written at the end,
so that the circuit is the program's unitary up to a global phase.
"""

from __future__ import annotations

from qsac.emit import cz
from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.ir.program import Program
from qsac.native.circuit import GateFamily, NativeCircuit


def emit_closed(program: Program, family: GateFamily) -> NativeCircuit:
    """The native circuit of a block program without measurements, as a unitary, up to a global phase."""
    emitter = ZZPhaseEmitter(program, small_ladders=family == "cz", closing=True)
    circuit = emitter.emit()
    return cz.written(circuit, emitter, closing=True)[0] if family == "cz" else circuit
