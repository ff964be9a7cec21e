"""Passes on a program that is there already, without a model: what `qsac opt` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.fit import check_memory, check_written_out
from qsac.compiler.options import Options
from qsac.errors import InvalidInputError
from qsac.ir.program import Program
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET
from qsac.pipeline.contract import CircuitPass, Pass
from qsac.pipeline.registry import default_pipeline, parse_pipeline, print_pipeline
from qsac.pipeline.stages import Stage, Watch, naming_extensions
from qsac.progress import Progress

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


@dataclass(frozen=True)
class Rewritten:
    """A program after passes: ``pipeline`` names those that ran, ``counts`` their two-qubit gates before and after, and
    ``spent`` what they have spent of the error budget."""

    program: Program
    pipeline: str
    counts: Sequence[Mapping[str, Any]]
    spent: Mapping[str, float]


def rewrite(
    program: Program,
    target: AnyTarget = DEFAULT_TARGET,
    options: Options | None = None,
    *,
    lower: bool = False,
    after: Stage | None = None,
    progress: Progress | None = None,
) -> Rewritten:
    """A verified program after the passes of ``options`` that are of its level; with ``lower`` an attention program
    after its passes, lowered, and after those on blocks. Without options no pass runs.

    In a pipeline ``default`` stands for the passes of the optimisation level that are of these levels. Raises
    :class:`~qsac.errors.InvalidInputError` for a pass of another level,
    :class:`~qsac.errors.DoesNotFitError` for a program of too many gates, or too wide to be lowered for the target,
    and :class:`~qsac.errors.ExtensionError` where a pass of another package fails.
    """
    options = Options(passes="") if options is None else options
    chosen = _chosen(program, options, lower=lower)
    compilation = Compilation(find_target(target), options, Watch(after), progress, chosen)
    check_written_out(program)
    check_memory(program, compilation.context)
    with naming_extensions(chosen):
        program = compilation.passed(program)
        if lower:
            compilation.check_memory(program)
            program = compilation.blocks(program)
    return Rewritten(program, print_pipeline(chosen), compilation.counts, compilation.context.ledger.spent)


def _chosen(program: Program, options: Options, *, lower: bool) -> Sequence[Pass | CircuitPass]:
    """The passes of a pipeline for a program of its level, and of blocks where it is lowered."""
    if lower and program.level != "attention":
        raise InvalidInputError(
            "only an attention program can be lowered",
            code="ir.wrong-level",
            found=f"a program of the {program.level} level",
            wanted="one of the attention level, or no --lower",
        )
    levels = (program.level, "block") if lower else (program.level,)

    def default() -> Sequence[Pass | CircuitPass]:
        return [step for step in default_pipeline(options.optimisation) if step.level in levels]

    chosen = default() if options.passes is None else parse_pipeline(options.passes, default)
    other = [step for step in chosen if step.level not in levels]
    if other:
        raise InvalidInputError(
            f"the pass {other[0].name} does not run on this program",
            code="pass.wrong-level",
            found=f"a pass of the {other[0].level} level, and a program of the {program.level} level",
            wanted=f"passes of the {' and '.join(levels)} level",
            help=_help(program, other[0]),
        )
    return chosen


def _help(program: Program, step: Pass | CircuitPass) -> str:
    if step.level == "circuit":
        return "passes of the circuit level run on native circuits, in qsac compile"
    if step.level == "block":
        return "--lower takes the program to blocks, and runs passes on them"
    return f"{step.name} runs before the program is lowered: qsac compile --emit ir writes attention programs"
