"""Phases on a state: its preparation undone, a diagonal, and its preparation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qsac.ir.attention import PhaseState
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering, self_contained
from qsac.lowering.indices import uniform_state

Block = Multiplexor | Diagonal | PauliRotation


@lowering.register(PhaseState)
@self_contained
def lower(op: PhaseState, place: LoweringContext) -> list[Block]:
    """Up to a global phase. The qubits hold anything, so that no gate of the preparation is left out."""
    qubits = place.qubits(*op.registers)
    prepared: list[Block] = []
    if op.state == "uniform":
        prepared = [replace(block, enters_zero=False) for block in uniform_state(qubits, op.length)]
    undone: list[Block] = [block.adjoint() for block in reversed(prepared)]
    # An angle about zero may follow from outcomes; one about a uniform state is that of a reflection.
    slots = place.slot() if op.state == "zero" else ()
    if len(qubits) == 1:
        return [*undone, PauliRotation("z", qubits, -2 * op.angle, slots=slots), *prepared]
    phases = np.zeros(1 << len(qubits))
    phases[0] = 2 * op.angle
    return [*undone, Diagonal(qubits, Table(phases), slots=slots), *prepared]
