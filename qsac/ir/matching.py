"""Patterns of the ops that use a register, one after another. Ops that carry a barrier are part of few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from qsac.ir.attention import ApplyUnitary, LoadTokens, Project
from qsac.ir.op import Op
from qsac.ir.program import Program

Test = Callable[[Op], bool]


class Maybe(NamedTuple):
    """What may be there, or not."""

    test: Test


def matched(
    program: Program, places: Sequence[int], *pattern: Test | Maybe, whole: bool = True, barriers: bool = False
) -> list[int] | None:
    """The places of the ops that a pattern asks for, -1 for what is not there but may be; None if it does not fit.

    With ``barriers`` ops that carry a barrier are among them: for passes that change what an op depends on and leave
    the rows of its table to themselves.

    ``places`` are those of the ops that are looked at, as :meth:`~qsac.ir.program.Program.uses` gives them: ``whole``
    if the pattern has to account for all of them, otherwise the first ones are enough.
    """
    found: list[int] = []
    rest = list(places)
    for part in pattern:
        test = part.test if isinstance(part, Maybe) else part
        if rest and (barriers or not program.ops[rest[0]].barrier) and test(program.ops[rest[0]]):
            found.append(rest.pop(0))
        elif isinstance(part, Maybe):
            found.append(-1)
        else:
            return None
    return None if whole and rest else found


def is_load(op: Op) -> bool:
    """Whether an op loads one register from a table."""
    return isinstance(op, LoadTokens) and not op.inverse and isinstance(op.data, str)


def is_uncompute(op: Op) -> bool:
    """Whether an op uncomputes one register from a table."""
    return isinstance(op, LoadTokens) and op.inverse and isinstance(op.data, str)


def is_unitary(op: Op) -> bool:
    """Whether an op applies a unitary to one register."""
    return isinstance(op, ApplyUnitary) and isinstance(op.data, str)


def ends_in_zero(op: Op) -> bool:
    """Whether an op projects on zero."""
    return isinstance(op, Project) and op.state == "zero"
