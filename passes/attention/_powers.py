"""Unary states of power registers, and the score copies that they gate."""

from __future__ import annotations

from typing import NamedTuple

from qsac.ir.attention import PreparePower, Project
from qsac.ir.observe import Observe
from qsac.ir.op import Op
from qsac.ir.program import Program


class Copies(NamedTuple):
    """A unary state's preparation and projection, and the ops between them: of each register, and of none."""

    preparation: PreparePower
    projection: Project
    groups: list[list[Op]]


def copies_of_powers(program: Program) -> Copies | None:
    """The program's only unary state; None if there is not one, or its copies do not come one after another."""
    preparations = [op for op in program.ops if isinstance(op, PreparePower)]
    return copies_of(program, preparations[0]) if len(preparations) == 1 else None


def copies_of(program: Program, preparation: PreparePower) -> Copies | None:
    """The copies of a unary state; None where they do not come one after another, or one is to be left as it is."""
    uses = program.uses(preparation.power[0])
    start, stop = uses[0], uses[-1]
    op = program.ops[stop]
    if not (isinstance(op, Project) and op.state == "unary" and op.registers == preparation.power):
        return None
    if any(one.barrier for one in program.ops[start : stop + 1]):
        return None
    groups = _groups(program.ops[start + 1 : stop], preparation.power)
    return Copies(preparation, op, groups) if groups and _unobserved(program, start, stop) else None


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
