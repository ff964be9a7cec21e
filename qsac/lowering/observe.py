"""Observations, on the qubits of the registers."""

from __future__ import annotations

from qsac.ir.observe import Observe
from qsac.lowering.place import Place, lowering


@lowering.register(Observe)
def lower(op: Observe, place: Place) -> list[Observe]:
    """The same of qubits."""
    return [Observe(place.qubits(*op.registers), op.quantity)]
