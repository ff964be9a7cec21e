"""Verification of compiled programs: every circuit, simulated, against the closed form, or against its own program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from qsac.artifact.compiled import Compiled, Verified
from qsac.errors import CheckFailedError
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.ir.approximation import infidelity
from qsac.ir.program import Program
from qsac.progress import Progress
from qsac.simulation.together import simulate_all
from qsac.simulation.verification import (
    TOLERANCE,
    Comparison,
    How,
    compare,
    differing,
    expected_outcomes,
    of_program,
)

if TYPE_CHECKING:
    from qsac.native.statistics import PartStatistics


def simulated(compiled: Compiled, progress: Progress | None = None) -> dict[str, Outcomes]:
    """The exact outcomes of every stored circuit, by name."""
    found = zip(simulate_all(compiled.circuits, progress), compiled.subnormalisations, strict=True)
    outcomes = [with_subnormalisation(seen, subnormalisation) for seen, subnormalisation in found]
    return {circuit.name: seen for circuit, seen in zip(compiled.circuits, outcomes, strict=True)}


def with_subnormalisation(found: Outcomes, subnormalisation: float) -> Outcomes:
    """Outcomes that know lambda in their program over that in the model."""
    return found if subnormalisation == 1 else replace(found, subnormalisation=subnormalisation)


def comparisons(compiled: Compiled, progress: Progress | None = None) -> list[Comparison]:
    """Simulate each circuit exactly, and compare it with its model's closed form, or its program if that is not exact.

    Compared are P(given), each readout's joint probability and those of every value of an observed index.
    """
    found = simulated(compiled, progress)
    wanted: Mapping[str, Outcomes] = {}
    if not all(map(spent_by, compiled.parts_stats)):
        wanted = expected(compiled)
    return [
        Comparison("program", outcomes, compare(outcomes, of_program(compiled.programs[place])))
        if spent_by(stats)
        else Comparison("closed form", outcomes, compare(outcomes, wanted[name]))
        for place, ((name, outcomes), stats) in enumerate(zip(found.items(), compiled.parts_stats, strict=True))
    ]


def expected(compiled: Compiled) -> dict[str, Outcomes]:
    """The closed form as outcomes of the compiled circuits."""
    return dict(
        zip(compiled.names, expected_outcomes(compiled.model, compiled.subnormalisations).values(), strict=True)
    )


def verify_compiled(compiled: Compiled, progress: Progress | None = None) -> dict[str, Any]:
    """Simulate each circuit exactly and compare every probability, relative to P(given), to 1e-9.

    Raises :class:`~qsac.errors.CheckFailedError` naming the worst one. What is returned says how far the spending of an
    error budget moved the model's values, as :func:`deviation`; of several circuits, by their names. Nothing is
    returned for an exact program.
    """
    reports = _verified(compiled, progress)[1]
    if len(reports) == 1:
        return reports[0]
    return {name: report for name, report in zip(compiled.names, reports, strict=True) if report}


def verified(compiled: Compiled, progress: Progress | None = None) -> Compiled:
    """The compiled program with the record of its verification. Raises as :func:`verify_compiled`."""
    how, reports = _verified(compiled, progress)
    parts = [
        cast("PartStatistics", {**stats, "error_budget": stats["error_budget"] | report})
        for stats, report in zip(compiled.parts_stats, reports, strict=True)
    ]
    return compiled.with_stats(parts, Verified(how, TOLERANCE))


def _verified(compiled: Compiled, progress: Progress | None) -> tuple[How, list[dict[str, Any]]]:
    found = comparisons(compiled, progress)
    for comparison in found:
        if not differing(comparison.pairs):
            continue
        name, value, wanted = comparison.worst
        exact = comparison.how == "closed form"
        raise CheckFailedError(
            f"the compiled circuit disagrees with the {'model' if exact else 'program'}",
            code="check.circuit-disagrees",
            found=f"{name} = {value!r} as a joint probability, simulated",
            wanted=f"{wanted!r}, by {'the closed form' if exact else 'the interpreted program'}",
            help="nothing was written; this is a bug of qsac: please report it with the model file and the options",
        )
    seen = {name: comparison.found for name, comparison in zip(compiled.names, found, strict=True)}
    reports = [
        deviation(compiled.model, compiled.programs[place], seen) if comparison.how == "program" else {}
        for place, comparison in enumerate(found)
    ]
    return ("program" if any(comparison.how == "program" for comparison in found) else "closed form"), reports


def deviation(model: Model, program: Program, seen: Mapping[str, Outcomes]) -> dict[str, Any]:
    """How far what was spent of an error budget moved a model's values.

    The final state's true ``infidelity`` (None where the registers are too wide), ``loss_deviation`` (None where a
    loss does not exist) and the relative ``success_probability_deviation``.
    """
    return {"infidelity": infidelity(program), **model.readout.deviation(model, seen)}


def spent_by(stats: Mapping[str, Any]) -> object:
    """What passes have spent of the error budget; statistics that do not say so are taken for those of an exact
    program."""
    budget = stats.get("error_budget")
    return budget.get("spent") if isinstance(budget, dict) else None
