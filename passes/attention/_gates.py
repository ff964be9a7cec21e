"""What passes that choose compare: gates after the remaining passes."""

from __future__ import annotations

from collections.abc import Callable

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.program import Program
from qsac.pipeline.contract import PassContext


def finished_gates(program: Program, context: PassContext) -> int:
    """The two-qubit gates that a program comes to on the target, after the remaining passes."""
    return two_qubit_gates(context.finish(program), context.target.family)


def improved(program: Program, context: PassContext, change: Callable[[Program, str], Program | None]) -> Program:
    """The program with the changes, one register after another, that take fewer two-qubit gates; ``change`` gives None
    where there is none."""
    for register in program.registers:
        candidate = change(program, register.name)
        if candidate is not None and finished_gates(candidate, context) < finished_gates(program, context):
            program = candidate
    return program
