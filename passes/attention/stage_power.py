"""Keep few power registers alive at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot, pi
from typing import ClassVar, Literal, NamedTuple

from qsac.ir.attention import PreparePower, Project, TurnPower
from qsac.ir.attention.power import unary_angles
from qsac.ir.observe import Observe
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.pipeline.contract import Pass, PassContext


@dataclass(frozen=True)
class StagePower(Pass):
    """Prepare each power register just before the score copy that it gates, and end it right after (point 4).

    Needs a verified attention program in which the ops that borrow the power registers come in the registers' order,
    and whose readouts ask for what is projected meanwhile as a whole or not at all. Guarantees the same meaning,
    exactly. The unary state is prepared from its first register on, each given the one before, and projected from the
    same end, each given the one after. At most two power registers are alive at a time, and one while a score copy
    is: with reused qubits a polynomial takes one qubit more than a monomial.
    """

    name: ClassVar[str] = "stage-power"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ("factor-kernel",)
    templates: ClassVar[bool] = True

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with staged power registers; those whose ops come in another order are left as they are."""
        for preparation in [op for op in program.ops if isinstance(op, PreparePower)]:
            found = _copies(program, preparation)
            if found is None:
                continue
            _, projection, groups = found
            start, stop = program.ops.index(preparation), program.ops.index(projection)
            staged = _staged(preparation, projection, groups[:-1])
            program = program.with_ops((*program.ops[:start], *staged, *groups[-1], *program.ops[stop + 1 :]))
        return program


class Copies(NamedTuple):
    """A unary state's preparation and projection, and the ops between them: of each register, and of none."""

    preparation: PreparePower
    projection: Project
    groups: list[list[Op]]


def copies_of_powers(program: Program) -> Copies | None:
    """The program's only unary state; None if there is not one, or its copies do not come one after another."""
    preparations = [op for op in program.ops if isinstance(op, PreparePower)]
    return _copies(program, preparations[0]) if len(preparations) == 1 else None


def _copies(program: Program, preparation: PreparePower) -> Copies | None:
    start = program.ops.index(preparation)
    for place, op in enumerate(program.ops):
        if isinstance(op, Project) and op.state == "unary" and op.registers == preparation.power:
            groups = _groups(program.ops[start + 1 : place], preparation.power)
            return Copies(preparation, op, groups) if groups and _unobserved(program, start, place) else None
    return None


def _unobserved(program: Program, prepare: int, project: int) -> bool:
    """Whether what is projected between two places is asked for as a whole only, so that its order is free."""
    ops = program.ops[prepare : project + 1]
    outcomes = {outcome for op in ops for outcome in op.outcomes}
    asked = [{*readout.given} for readout in program.readouts]
    asked += [{*readout.given, *readout.success} for readout in program.readouts]
    return all(outcomes <= wanted or not outcomes & wanted for wanted in asked) and not any(
        isinstance(op, Observe) for op in ops
    )


def _groups(ops: tuple[Op, ...], power: tuple[str, ...]) -> list[list[Op]] | None:
    """The ops of each power register, and last those after them that use none; None if they come in another order."""
    groups: list[list[Op]] = [[] for _ in range(len(power) + 1)]
    current = 0
    for op in ops:
        used = [place for place, register in enumerate(power) if register in (*op.targets, *op.borrows)]
        if len(used) > 1 or (used and used[0] < current) or any(register in op.targets for register in power):
            return None
        if used:
            if current == len(power):
                return None
            current = used[0]
        elif not _belongs(op, groups[current]):
            current = len(power)
        groups[current].append(op)
    return groups


def _belongs(op: Op, group: list[Op]) -> bool:
    """Whether an op without a power register carries on what the group does: on registers that it began."""
    own = {register for other in group for register in other.targets}
    return bool(op.targets) and set(op.targets) <= own


def _staged(preparation: PreparePower, projection: Project, groups: list[list[Op]]) -> list[Op]:
    """Each register's preparation, the end of the one before it, and its ops; the last register's end."""
    power = preparation.power
    ops: list[Op] = []
    reached = projection.amplitudes[0]
    for place, (register, angle) in enumerate(zip(power, unary_angles(preparation.amplitudes), strict=True)):
        before = power[place - 1 : place]
        angles = (0.0, angle) if before else (angle,)
        ops.append(TurnPower(register, angles, before, fresh=True, origin=preparation.origin))
        if before:
            ended = 2 * atan2(projection.amplitudes[place], reached)
            reached = hypot(reached, projection.amplitudes[place])
            ops.append(TurnPower(before[0], (-ended, -pi), (register,), last=True, origin=projection.origin))
            ops.append(Project(before, origin=projection.origin))
        ops += groups[place]
    ended = 2 * atan2(projection.amplitudes[-1], reached)
    ops.append(TurnPower(power[-1], (-ended,), last=True, origin=projection.origin))
    ops.append(Project(power[-1:], origin=projection.origin))
    return ops
