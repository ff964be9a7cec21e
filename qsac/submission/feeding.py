"""Programs whose later circuits load what earlier ones have measured: what a job's counts say of them."""

from __future__ import annotations

from dataclasses import replace

from qsac.artifact.compiled import Compiled
from qsac.families.contract import FeedsForward, Model
from qsac.families.outcomes import Outcomes, counted
from qsac.families.registry import family_of
from qsac.runtime.run import checked_counts
from qsac.submission.entries import WAITING, Job
from qsac.templates.making import is_ready, takes_steps


def first_places(model: Model) -> tuple[int, ...]:
    """The circuits that wait for nothing, by their places in the plan."""
    plan = family_of(model).plan(model)
    if not takes_steps(model):
        return tuple(range(len(plan.circuits)))
    return tuple(place for place, step in enumerate(plan.circuits) if not step.after)


def ready_places(compiled: Compiled, job: Job) -> tuple[int, ...]:
    """The circuits that wait, and whose numbers the counts of the job decide."""
    known = {compiled.names[part.place] for part in job.parts if part.counts is not None}
    steps = compiled.plan.circuits
    return tuple(part.place for part in job.parts if part.state == WAITING and is_ready(steps[part.place], known))


def measured(compiled: Compiled, job: Job) -> dict[str, Outcomes]:
    """The outcomes of the circuits that have counts, by name."""
    found = {}
    for part in job.parts:
        if part.counts is not None:
            circuit, scale = compiled.circuits[part.place], compiled.subnormalisations[part.place]
            found[circuit.name] = counted(circuit, checked_counts(circuit, part.counts, f"job {job.id}"), scale)
    return found


def fed(compiled: Compiled, job: Job) -> Compiled:
    """The program with the model that its later circuits were made for: the one of these counts."""
    family = family_of(compiled.model)
    if job.bound is None or not isinstance(family, FeedsForward):
        return compiled
    return replace(compiled, model=family.fed(compiled.model, measured(compiled, job)))
