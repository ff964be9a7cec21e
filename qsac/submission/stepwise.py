"""Programs that are submitted step by step: later circuits are made for what earlier ones have measured.

All circuits are one job, and its cost is agreed to once, for all of them: every binding has the same gates, except
where the target needs routing. Those that wait are made when the counts are there that they load, verified against the
closed form for these, and handed over only within the limits that were agreed to. Those that counts have made needless,
rounds after the last one of a loop, are never handed over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from qsac.artifact.compiled import Compiled
from qsac.families.contract import Model
from qsac.machine.read import find_target
from qsac.progress import Progress
from qsac.submission.client import Client
from qsac.submission.entries import Job
from qsac.submission.feeding import decided_places, measured
from qsac.submission.journal import Journal
from qsac.submission.plan import plan
from qsac.submission.submit import resume
from qsac.templates.making import Maker, fed, takes_steps

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def submittable(program: Model | Compiled, target: AnyTarget, seed: int) -> Compiled | None:
    """A program that takes several steps as it is submitted: its circuits are bindings of one template, so that what
    the later ones cost is known before the first one is paid for. None for any other program.

    ``target`` and ``seed`` are for models; a compiled program keeps its own, and its level.
    """
    if isinstance(program, Model):
        return Maker(program, find_target(target), None, seed).compiled(program) if takes_steps(program) else None
    if not takes_steps(program.model) or program.options.get("template"):
        return None
    return _maker_of(program).compiled(program.model)


def proceed(job: Job, service: Client, journal: Journal, progress: Progress | None = None) -> Job:
    """Make the circuits whose counts have come, and submit them, and note which are not needed; the job as it was where
    there are none of either.

    Raises :class:`~qsac.errors.DoesNotFitError` for a circuit that may cost more than was agreed to, and as
    :func:`~qsac.submission.submit.submit`. No circuit is handed over twice, whichever of several processes is faster.
    """
    compiled = journal.artifact(job)
    places, spared = decided_places(compiled, job)
    if spared:
        job = journal.spare(job, spared)
    if not places:
        return job
    model = fed(compiled.model, measured(compiled, job))
    bound = replace(_with(compiled, _maker_of(compiled).compiled(model), places), model=model)
    agreed = {place: job.parts[place].ceiling for place in places}
    planned = plan(bound, job.shots, job.machine, None, progress, agreed=agreed, fed=True)
    return resume(planned, journal.bind(job, bound, places), service, journal)


def _maker_of(compiled: Compiled) -> Maker:
    """What makes circuits as those of a compiled program."""
    target, options = find_target(str(compiled.target["name"])), compiled.options
    return Maker(compiled.model, target, int(options["optimisation"]), int(options["seed"]))


def _with(compiled: Compiled, bound: Compiled, places: Collection[int]) -> Compiled:
    """The bound program, whose circuits at other places stay what was submitted."""

    def chosen(place: int) -> Compiled:
        return bound if place in places else compiled

    every = range(len(compiled.circuits))
    mixed = replace(
        bound,
        irs=tuple(chosen(place).irs[place] for place in every),
        circuits=tuple(chosen(place).circuits[place] for place in every),
    )
    return mixed.with_stats([chosen(place).parts_stats[place] for place in every], None)
