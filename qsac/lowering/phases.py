"""Phases on an index register: a diagonal."""

from __future__ import annotations

from qsac.ir.attention import PhaseTable
from qsac.ir.blocks import Diagonal
from qsac.ir.outline import Outline
from qsac.ir.table import Table
from qsac.lowering.place import Place, lowering


@lowering.register(PhaseTable)
def lower(op: PhaseTable, place: Place) -> list[Diagonal]:
    """One diagonal on the register."""
    qubits = place.qubits(op.index)
    phases = Table(op.padded(place.scope)) if op.phases.known else Outline((1 << len(qubits),), real=True)
    return [Diagonal(qubits, phases, slots=place.slot())]
