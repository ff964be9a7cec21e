"""Drop controls that nothing depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.ir.blocks import Diagonal, Multiplexor
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.numerics.pauli import NEGLIGIBLE
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class DropControls(Pass):
    """Remove controls of multiplexors, and qubits of diagonals, that their angles do not depend on.

    Needs a verified block program. Guarantees the same meaning, exactly. Each removed control halves the gates of its
    multiplexor; tables with repeated tokens have such controls. Multiplexors with don't-care values stay unchanged.
    """

    name: ClassVar[str] = "drop-controls"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with fewer controls."""
        return program.with_ops(_reduced(op) for op in program.ops)


def _reduced(op: Op) -> Op:
    if op.slots or op.barrier:
        return op
    if isinstance(op, Multiplexor) and op.angles.known and op.controls and op.angles.shape[0] == 1 << len(op.controls):
        controls, angles = _needed(op.controls, op.angles.values)
        return replace(op, controls=controls, angles=Table(angles)) if controls != op.controls else op
    if isinstance(op, Diagonal) and op.phases.known:
        qubits, phases = _needed(op.qubits, op.phases.values)
        through = op.through if len(qubits) > 1 else ""
        return replace(op, qubits=qubits, phases=Table(phases), through=through) if qubits != op.qubits else op
    return op


def _needed(controls: tuple[str, ...], values: NDArray[np.float64]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The controls that ``values`` (one for each joint value) depend on, and the values for those."""
    place = 0
    while place < len(controls):
        split = values.reshape(1 << place, 2, -1)
        if np.max(np.abs(split[:, 0] - split[:, 1])) < NEGLIGIBLE:
            controls = controls[:place] + controls[place + 1 :]
            values = split[:, 0].reshape(-1)
        else:
            place += 1
    return controls, values
