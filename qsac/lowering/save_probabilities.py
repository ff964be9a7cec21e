"""Observations, on the qubits of the registers."""

from __future__ import annotations

from qsac.ir.save_probabilities import SaveProbabilities
from qsac.lowering.context import LoweringContext, lowering, self_contained


@lowering.register(SaveProbabilities)
@self_contained
def lower(op: SaveProbabilities, place: LoweringContext) -> list[SaveProbabilities]:
    """The same of qubits."""
    return [SaveProbabilities(place.qubits(*op.registers), op.quantity)]
