"""Observations, on the qubits of the registers."""

from __future__ import annotations

from qsac.ir.save_probabilities import SaveProbabilities
from qsac.lowering.context import Place, lowering


@lowering.register(SaveProbabilities)
def lower(op: SaveProbabilities, place: Place) -> list[SaveProbabilities]:
    """The same of qubits."""
    return [SaveProbabilities(place.qubits(*op.registers), op.quantity)]
