"""Programs whose later circuits load what earlier ones have measured: what a job's counts say of them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from qsac.artifact.compiled import Compiled
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes, counted
from qsac.families.registry import family_of
from qsac.runtime.run import checked_counts
from qsac.submission.entries import WAITING, Job
from qsac.templates.making import fed as model_fed
from qsac.templates.making import takes_steps


def first_places(model: Model) -> tuple[int, ...]:
    """The circuits that wait for nothing, by their places in the plan."""
    plan = family_of(model).plan(model)
    if not takes_steps(model):
        return tuple(range(len(plan.circuits)))
    first = plan.standing({}).ready
    return tuple(place for place, step in enumerate(plan.circuits) if step.name in first)


class Waiting(NamedTuple):
    """The places of circuits that wait, and that the counts of the job decide of: to be made and submitted, or not
    needed."""

    ready: tuple[int, ...]
    spared: tuple[int, ...]


def decided_places(compiled: Compiled, job: Job) -> Waiting:
    """The circuits that wait, and of which the counts of the job say enough."""
    standing = compiled.plan.standing(measured(compiled, job))
    waiting = [(part.place, compiled.names[part.place]) for part in job.parts if part.state == WAITING]
    return Waiting(
        tuple(place for place, name in waiting if name in standing.ready),
        tuple(place for place, name in waiting if name in standing.spared),
    )


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
    if job.bound is None:
        return compiled
    return replace(compiled, model=model_fed(compiled.model, measured(compiled, job)))
