"""Verification stage by stage: which stage of a compilation was the first to change what the program means."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, TypeAlias, cast

from qsac.errors import CheckFailedError, DoesNotFitError, QsacWarning
from qsac.families.outcomes import Outcomes
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, ErrorLedger, Pass, PassContext
from qsac.pipeline.stages import Ahead, applied, fingerprint, title
from qsac.plugins import blame, is_foreign, package_of
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import TOLERANCE, compare, of_circuit, of_program

Stages: TypeAlias = Sequence[tuple[str, Program | NativeCircuit]]
"""Each stage's name and result, in the order of the stages. The first one is made from the model itself."""

_ROUNDING = 1e-13
"""What is left of a probability below this is rounding."""


class SkippedStageWarning(QsacWarning):
    """A stage that was not compared with the one before, because its result is too wide to be interpreted."""


@dataclass(frozen=True)
class Change:
    """The stage, by its place, whose result means something else than the one before, and what differs."""

    place: int
    found: str
    wanted: str


def check_stages(wanted: Wanted, stages: Stages, chosen: Sequence[Pass | CircuitPass], context: PassContext) -> None:
    """Raise :class:`~qsac.errors.CheckFailedError` for the first stage that changed the meaning.

    The meaning is every probability of every readout, P(given), P(given and success) and those of the observed index.
    The first stage's is compared with the closed form, each other one's with the stage before: to 1e-9, relative to
    P(given), and where a pass has spent of the error budget to what that spending allows. Programs that are too wide
    are skipped, with a :class:`SkippedStageWarning`. Passes of other packages are applied twice, and refused if
    the results differ. ``chosen`` are the passes, ``context`` theirs once all have been applied.
    """
    steps = {step.name: step for step in chosen}
    change, skipped = first_change(wanted, stages, context.ledger.spent)
    if change is not None:
        called, _ = stages[change.place]
        step = steps.get(called)
        raise CheckFailedError(
            f"{_title(called, step)} changed the meaning of the program",
            code="check.meaning-changed",
            found=change.found,
            wanted=change.wanted,
            help=f"nothing was written; {_advice(step)}",
        )
    ahead = Ahead(chosen)
    for place in range(1, len(stages)):
        step = steps.get(stages[place][0])
        if step is not None and is_foreign(type(step)):
            own = ahead.at(context, ahead.steps.index(step)) if isinstance(step, Pass) else context
            _check_steady(step, stages[place - 1][1], stages[place][1], own)
    if skipped:
        warnings.warn(
            f"too wide to be interpreted, so not compared: {', '.join(dict.fromkeys(skipped))}",
            SkippedStageWarning,
            stacklevel=2,
        )


def with_culprit(
    error: CheckFailedError, wanted: Wanted, stages: Stages, chosen: Sequence[Pass | CircuitPass], context: PassContext
) -> CheckFailedError:
    """The error of a verification that failed, with the first stage that changed the meaning; ``stages`` are those of
    the same compilation, done again."""
    change, skipped = first_change(wanted, stages, context.ledger.spent)
    if change is None:
        reason = f"too wide to be interpreted: {', '.join(skipped)}" if skipped else "no stage did so when run again"
        found, help = error.found, f"{error.help}; the stage that changed the meaning was not found ({reason})"
        return CheckFailedError(
            error.title,
            code=error.code,
            found=found,
            wanted=error.wanted,
            help=help,
        )
    called, _ = stages[change.place]
    step = next((step for step in chosen if step.name == called), None)
    return CheckFailedError(
        f"{error.title}: {_title(called, step)} changed the meaning",
        code=error.code,
        found=f"after it {change.found}",
        wanted=change.wanted,
        help=f"nothing was written; {_advice(step)}",
    )


def first_change(wanted: Wanted, stages: Stages, spent: Mapping[str, float]) -> tuple[Change | None, list[str]]:
    """The first stage that changed the meaning, and the names of those before it that are too wide to be compared.
    ``spent`` is the infidelity that passes may make, by their names."""
    reference: Outcomes | None = None
    subnormalisation = 1.0
    allowed = 0.0
    skipped: list[str] = []
    for place, (name, result) in enumerate(stages):
        if isinstance(result, Program) and result.level == "attention":
            subnormalisation = result.subnormalisation
        allowed += sqrt(spent.get(name, 0.0))  # errors of stages that were skipped add up
        try:
            found = _outcomes(result)
        except DoesNotFitError:
            skipped.append(name)
            continue
        if reference is None and not allowed:
            change = _worst(compare(found, of_circuit(wanted(), subnormalisation)), place, "by the closed form")
        elif reference is None:
            change = None  # what an approximation comes to is known from the program before it only
        else:
            scaled = reference.scaled(1 / subnormalisation**2)
            change = _worst(compare(found, scaled), place, "before it", min(allowed, 1.0))
        if change is not None:
            return change, skipped
        reference = found.scaled(subnormalisation**2)
        allowed = 0.0
    return None, skipped


Wanted: TypeAlias = Callable[[], Outcomes]
"""The closed form of the circuit, in the model's own subnormalisation; only asked for where it is needed."""

Value: TypeAlias = tuple[str, float, float]
"""What a probability is called, its value and the wanted one."""


def _outcomes(result: Program | NativeCircuit) -> Outcomes:
    return simulate(result) if isinstance(result, NativeCircuit) else of_program(result)


def _worst(values: list[Value], place: int, origin: str, error: float = 0.0) -> Change | None:
    """The value that is farthest beyond what it may be from the wanted one, if there is one.

    ``error`` is the root of the infidelity that was spent: final states differ by at most that, so that the roots of
    their probabilities, which are norms of projections, do as well.
    """
    given = values[0][2]
    farthest, least = None, 0.0
    # Two states of infidelity e^2 are, up to a phase, at a distance of sqrt(2 (1 - sqrt(1 - e^2))).
    apart = sqrt(2 * (1 - sqrt(1 - min(error, 1.0) ** 2)))
    for name, found, wanted in values:
        beyond = abs(found - wanted) - TOLERANCE * given - _ROUNDING
        if error:
            root = sqrt(max(wanted, 0.0))
            beyond = (
                max(found - (root + apart) ** 2, max(root - apart, 0.0) ** 2 - found) - TOLERANCE * given - _ROUNDING
            )
        if not beyond <= least:  # what is not a number is the worst of all
            farthest, least = (name, found, wanted), beyond if beyond == beyond else float("inf")
    if farthest is None:
        return None
    name, found, wanted = farthest
    return Change(place, f"{name} = {found!r} as a joint probability", f"{wanted!r}, {origin}")


def _check_steady(
    step: Pass | CircuitPass, before: Program | NativeCircuit, after: Program | NativeCircuit, context: PassContext
) -> None:
    """Whether a pass makes the same again of the same. One that spent of the budget would find less of it."""
    if step.name in context.ledger.spent or type(before) is not type(after):
        return
    again = applied(step, cast("Any", before), replace(context, ledger=ErrorLedger(context.ledger.budget)))
    if fingerprint(again) != fingerprint(after):
        raise CheckFailedError(
            f"{title(step)} is not deterministic",
            code="check.not-deterministic",
            found="another result when it ran again on the same program",
            wanted="the same result for the same program, target, options and seed",
            help=f"nothing was written; {_advice(step)}",
        )


def _title(called: str, step: Pass | CircuitPass | None) -> str:
    return f"the stage {called}" if step is None else title(step)


def _advice(step: Pass | CircuitPass | None) -> str:
    if step is not None and is_foreign(type(step)):
        return blame(package_of(type(step)))
    return "this is a bug of qsac: please report it with the model file and the options"
