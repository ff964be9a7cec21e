"""Signed phases on zero: one rotation of the sign's qubit, controlled by all other qubits.

Where two or more qubits choose the angle, the registers turn the sign over at zero, the angle's rotation follows, and
the sign is turned back: 2 (2^n - 1) + 2^g gates in place of 2^(n + g), n qubits in the registers and g that choose.
What turns it over may leave a diagonal, with which the rotation commutes.
"""

from __future__ import annotations

import numpy as np

from qsac.ir.attention import PhaseSignal
from qsac.ir.blocks import Multiplexor, UniformlyControlledGate
from qsac.ir.table import Table
from qsac.lowering.context import LoweringContext, lowering
from qsac.numerics.ladder import up_to_diagonal


@lowering.register(PhaseSignal)
def lower(op: PhaseSignal, place: LoweringContext) -> list[Multiplexor | UniformlyControlledGate]:
    """exp(i angle Z) is a rotation by -2 angle. The angles may follow from the lengths of what is loaded."""
    (target,) = place.qubits(op.sign)
    if op.turns_over(place.scope):
        chosen = Multiplexor("z", place.qubits(*op.given), target, Table(2 * np.array(op.angles)), slots=place.slot())
        over = _turned_over(place.qubits(*op.registers), target)
        return [over, chosen, over.adjoint()]
    controls = place.qubits(*op.given, *op.registers)
    return [Multiplexor("z", controls, target, Table(-2 * op.signed(place.scope)), slots=place.slot())]


def _turned_over(controls: tuple[str, ...], target: str) -> UniformlyControlledGate:
    """Half a turn of the target where all controls are 0, up to a diagonal."""
    sin = np.zeros(1 << len(controls), dtype=np.complex128)
    sin[0] = 1.0
    theta, phi, _ = up_to_diagonal(1 - sin, sin)
    return UniformlyControlledGate(controls, target, Table(theta), Table(phi))
