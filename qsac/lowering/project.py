"""Projections as basis changes and measurements."""

from __future__ import annotations

from qsac.ir.attention import Project
from qsac.ir.blocks import Measure, Multiplexor
from qsac.ir.program import bit_register
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.indices import unary_state, uniform_state


@lowering.register(Project)
@self_contained
def lower(op: Project, place: LoweringContext) -> list[Multiplexor | Measure]:
    """Unprepare the state, so that it is found as all zeros, and measure every qubit."""
    qubits = place.qubits(*op.registers)
    prepared: list[Multiplexor] = []
    if op.state == "uniform":
        prepared = uniform_state(qubits, op.length)
    elif op.state == "unary":
        prepared = unary_state(qubits, op.amplitudes)
    blocks: list[Multiplexor | Measure] = [block.adjoint() for block in reversed(prepared)]
    for register in op.registers:
        for index, qubit in enumerate(place.qubits(register)):
            blocks.append(Measure(qubit, bit_register(register), index))
    return blocks
