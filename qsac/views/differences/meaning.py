"""Whether two programs mean the same."""

from __future__ import annotations

from math import inf, isnan

from qsac.errors import DoesNotFitError
from qsac.families.outcomes import Outcomes
from qsac.ir.program import Program
from qsac.progress import Progress
from qsac.simulation.verification import compare, of_program
from qsac.views.differences.report import Meaning
from qsac.views.differences.subjects import Subject

MOST_ALIVE = 18
"""Qubits of a program's registers together, up to which it is interpreted: some seconds each."""


def meaning(a: Subject, b: Subject, tolerance: float, progress: Progress | None = None) -> Meaning:
    """Whether the readouts of two programs report the same probabilities, given that a shot is accepted, each to the
    ``tolerance``. Programs that are too wide to be interpreted mean the same if they are of one model, and exact."""
    if list(a.programs) != list(b.programs):
        return Meaning(False, f"the circuits are {', '.join(a.programs)} and {', '.join(b.programs)}")
    if a.plan != b.plan:
        return Meaning(False, "other classical steps follow on the circuits")
    farthest, worst = "", 0.0
    for done, (name, program) in enumerate(a.programs.items()):
        if progress is not None:
            progress(done, len(a.programs), "interpreting the programs")
        found = [_outcomes(one) for one in (program, b.programs[name])]
        if found[0] is None or found[1] is None:
            return _of_models(a, b)
        for what, one, two in compare(found[0], found[1]):
            apart = inf if isnan(one - two) else abs(one - two)
            if apart > worst:
                said = f"{what} is {one:.12g} in {a.named} and {two:.12g} in {b.named}"
                farthest, worst = said + (f", circuit {name}" if len(a.programs) > 1 else ""), apart
    if worst > tolerance:
        return Meaning(False, farthest)
    return Meaning(True, f"every probability that is read out agrees to {tolerance:g}")


def _outcomes(program: Program) -> Outcomes | None:
    """What a program means, given that a shot is accepted; None where it is too wide."""
    if _most_alive(program) > MOST_ALIVE:
        return None
    try:
        found = of_program(program)
    except DoesNotFitError:
        return None
    return found.scaled(1 / found.given) if found.given > 0 else found


def _most_alive(program: Program) -> int:
    """The most qubits that are in use at once."""
    alive, most = set[str](), 0
    for op in program.ops:
        alive |= {*op.targets, *op.controlled_by}
        most = max(most, sum(program.scope.sizes[name] for name in alive))
        alive -= set(op.releases)
    return most


def _of_models(a: Subject, b: Subject) -> Meaning:
    too_wide = "too wide to be interpreted"
    if a.model is None or b.model is None:
        return Meaning(None, f"the programs are {too_wide}")
    if a.spent or b.spent:
        return Meaning(None, f"the programs are {too_wide}, and approximate")
    if a.model == b.model:
        return Meaning(True, f"the programs are {too_wide}; both are exact, and of the same model")
    return Meaning(None, f"the programs are {too_wide}, and of different models")
