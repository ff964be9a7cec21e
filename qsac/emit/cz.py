"""Emission for machines with SX, X, virtual Rz and CZ (IBM): the ZZPhase form, gate by gate.

exp(-i pi/4 Z Z) is CZ with Rz(pi/2) on both qubits, so ladders carry over one to one; only a ZZPhase of another angle
takes two CZ. Rz is carried along and written before the next SX, never after the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qsac.emit.zzphase import ZZPhaseEmitter
from qsac.errors import of_type
from qsac.ir.program import Program
from qsac.native.angles import Linear
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.native.columns import Columns
from qsac.native.sx_writer import Writer


def emit(program: Program) -> NativeCircuit:
    """The native circuit of a verified block program in SX, X, Rz, CZ, Measure and Reset."""
    return emit_with_terms(program)[0]


def emit_with_terms(
    program: Program, symbols: Mapping[int, Linear] | None = None
) -> tuple[NativeCircuit, list[tuple[int, Linear]]]:
    """As :func:`emit`, with symbols: see :class:`~qsac.emit.zzphase.ZZPhaseEmitter`."""
    # A fresh or ending target with one control takes a ladder: one CZ, where a ZZPhase takes two.
    emitter = ZZPhaseEmitter(program, symbols, small_ladders=True)
    return written(emitter.emit(), emitter)


def written(
    source: NativeCircuit, emitter: ZZPhaseEmitter, *, closing: bool = False
) -> tuple[NativeCircuit, list[tuple[int, Linear]]]:
    """What an emitter has emitted, in SX, X, Rz, CZ, Measure and Reset, with its terms; ``closing`` as the emitter's:
    what is left of frames is written too, in place of its Rz."""
    terms = dict(emitter.terms)
    writer = Writer(len(source.qubits))
    starts = []
    columns = (source.kind, source.first, source.second, source.angles, of_type(emitter.columns, Columns).open())
    for gate, (kind, first, second, (angle, phase), open) in enumerate(
        zip(*(part.tolist() for part in columns), strict=True)
    ):
        starts.append(len(writer.columns))
        if closing and kind == KIND["Rz"]:
            writer.shift(first, angle)
        else:
            writer.write(GATES[kind].name, first, second, angle, phase, open, terms.get(gate))
    if closing:
        writer.close()
    starts.append(len(writer.columns))
    kinds, firsts, seconds, all_angles = of_type(writer.columns, Columns).arrays()
    circuit = replace(
        source,
        kind=kinds,
        first=firsts,
        second=seconds,
        angles=all_angles,
        snapshot=source.snapshot._replace(stop=starts[source.snapshot.stop]) if source.snapshot else None,
        provenance=source.provenance.repeated(np.diff(starts)),
    )
    return circuit, writer.terms
