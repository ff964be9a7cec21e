"""Keep few degree registers live at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot, pi
from typing import ClassVar, Literal

from qsac.ir.attention import PrepareDegree, Project, RotateDegree
from qsac.ir.attention.degree import unary_angles
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.passes.attention._degrees import copies_of
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class StageDegree(Pass):
    """Prepare each degree register just before its score copy, and project it right after (Construction, section 4).

    Needs a verified attention program in which the ops controlled by the degree registers come in the registers' order,
    and whose readouts use all of the projections in between or none. Guarantees the same meaning, exactly. The unary
    state is prepared from its first register on, each conditioned on the one before, and projected in the same order,
    each conditioned on the one after. At most two degree registers are live at a time, and only one while a score copy
    is: with reused qubits a polynomial takes one qubit more than a monomial.
    """

    name: ClassVar[str] = "stage-degree"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ("factor-kernel", "merge-degrees")
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with staged degree registers; those whose ops come in another order are left as they are."""
        for preparation in [op for op in program.ops if isinstance(op, PrepareDegree)]:
            found = copies_of(program, preparation)
            if found is None:
                continue
            _, projection, groups = found
            start, stop = program.ops.index(preparation), program.ops.index(projection)
            staged = _staged(preparation, projection, groups[:-1])
            program = program.with_ops((*program.ops[:start], *staged, *groups[-1], *program.ops[stop + 1 :]))
        return program


def _staged(preparation: PrepareDegree, projection: Project, groups: list[list[Op]]) -> list[Op]:
    """Each register's preparation, the end of the one before it, and its ops; the last register's end."""
    power = preparation.degree
    ops: list[Op] = []
    reached = projection.amplitudes[0]
    for place, (register, angle) in enumerate(zip(power, unary_angles(preparation.amplitudes), strict=True)):
        before = power[place - 1 : place]
        angles = (0.0, angle) if before else (angle,)
        ops.append(RotateDegree(register, angles, before, fresh=True, origin=preparation.origin))
        if before:
            ended = 2 * atan2(projection.amplitudes[place], reached)
            reached = hypot(reached, projection.amplitudes[place])
            ops.append(RotateDegree(before[0], (-ended, -pi), (register,), last=True, origin=projection.origin))
            ops.append(Project(before, origin=projection.origin))
        ops += groups[place]
    ended = 2 * atan2(projection.amplitudes[-1], reached)
    ops.append(RotateDegree(power[-1], (-ended,), last=True, origin=projection.origin))
    ops.append(Project(power[-1:], origin=projection.origin))
    return ops
