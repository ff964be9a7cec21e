"""Phases on a row in a Bell basis: three rotations about commuting Pauli products, between gates on one qubit."""

from __future__ import annotations

from qsac.ir.attention import PhaseRow
from qsac.ir.blocks import PauliRotation, Unitary
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.bell import quaternion

SIGNS = {"xx": -1, "yy": 1, "zz": -1}
"""2 |B><B| - 1 = (XX - YY + ZZ - 1)/2 for |B> = (|00> + |11>)/sqrt(2)."""


@lowering.register(PhaseRow)
def lower(op: PhaseRow, place: LoweringContext) -> list[Unitary | PauliRotation]:
    """Up to a global phase."""
    qubits = place.qubits(op.data)
    matrix = quaternion(place.scope.tables[op.table].values[0])
    return [
        Unitary(qubits[0], Table(matrix.conj().T), slots=place.slot()),
        *(PauliRotation(paulis, qubits, sign * op.angle, slots=place.slot()) for paulis, sign in SIGNS.items()),
        Unitary(qubits[0], Table(matrix), slots=place.slot()),
    ]
