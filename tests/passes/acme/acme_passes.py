"""A pass of another package: measurements as early as they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from qsac.ir.blocks import Measure, Reset
from qsac.ir.observe import Observe
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class MeasureEarly(Pass):
    """Measure each qubit as soon as nothing more is done to it.

    Needs a verified block program. Guarantees the same meaning, exactly: a measurement moves back past ops on other
    qubits. It passes no measurement, reset or observation, whose probabilities are those of everything before.
    ``window`` is how many ops it passes at most.
    """

    name: ClassVar[str] = "measure-early"
    level: ClassVar[Literal["attention", "block"]] = "block"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ("drop-controls", "drop-diagonals", "merge-diagonals")
    templates: ClassVar[bool] = True

    window: int = 256

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("window must be 1 or more")

    def apply(self, program: Program, context: PassContext) -> Program:
        ops: list[Op] = []
        for op in program.ops:
            ops.insert(self._place(op, ops), op)
        return program.with_ops(ops)

    def _place(self, op: Op, before: list[Op]) -> int:
        """Where an op goes among those before it."""
        place = len(before)
        if isinstance(op, Measure):
            least = max(0, place - self.window)
            while place > least and _lets_past(before[place - 1], op.qubit):
                place -= 1
        return place


def _lets_past(op: Op, qubit: str) -> bool:
    used = (*op.targets, *op.borrows, *op.visits)
    return qubit not in used and not isinstance(op, Measure | Reset | Observe)
