"""Drop diagonals that only a measurement follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from qsac.ir.blocks import Diagonal, Measure
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class DropDiagonals(Pass):
    """Drop diagonals on qubits that are measured before any other gate acts on them.

    Needs a verified block program. Guarantees the same meaning, exactly: such a diagonal only contributes a phase to
    each joint outcome. Complex token loaders leave one on their index; readouts that measure the index do not see it.
    """

    name: ClassVar[str] = "drop-diagonals"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with fewer diagonals."""
        measured: dict[str, bool] = {}
        kept: list[Op] = []
        for op in reversed(program.ops):
            if isinstance(op, Diagonal) and not op.barrier and all(measured.get(qubit, False) for qubit in op.qubits):
                continue
            kept.append(op)
            # Whether the next op that targets a qubit, or has a barrier there, is a measurement.
            touched = (*op.targets, *op.controlled_by) if op.barrier else op.targets
            measured.update(dict.fromkeys(touched, isinstance(op, Measure)))
        return program.with_ops(reversed(kept))
