"""What submission prints and asks: whether the circuits are verified, the cost, and whether to spend it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from qsac.cli.messages import note, say, warn, write
from qsac.cli.outlook import run_forecast, show_forecast
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled
    from qsac.submission.client import Client
    from qsac.submission.entries import Job
    from qsac.submission.journal import Journal
    from qsac.submission.plan import Plan


MOST_NAMES = 8
"""Circuits of a job that are named where its cost is told."""


def submit_program(
    compiled: Compiled, shots: int, *, machine: str | None, max_cost: float | None, yes: bool, as_json: bool
) -> None:
    """Submit a compiled program once its cost is known and accepted, and say how to fetch the result."""
    from qsac.submission.journal import Journal
    from qsac.submission.submit import SubmissionInterrupted, client, plan, submit

    with progress_bar() as progress:
        planned = plan(compiled, shots, machine, max_cost, progress)
    for message in planned.warnings:
        warn(message)
    journal = Journal()
    pending = journal.pending(compiled, planned.machine, shots)
    under_way = [one for one in pending if one.under_way]
    if under_way:
        from qsac.cli.results import show_job

        note(f"the very same program is under way, as job {under_way[-1].number}: it goes on")
        show_job(under_way[-1].number, wait=False, resume=False, yes=False, as_json=as_json, verbose=False)
        return
    if pending and yes:
        raise pending[-1].error()
    for one in pending:
        warn(one.warning)
    _show_cost(planned)
    show_forecast(run_forecast(compiled, None, shots), compiled.model.readout.precise)
    service = client(planned.vendor, planned.machine)
    _agree(yes)
    try:
        job = submit(planned, service, journal, despite=[one.number for one in pending])
    except SubmissionInterrupted as interrupted:
        raise interrupted.lost from None
    if as_json:
        write(json.dumps(job.to_dict(), indent=2))
    else:
        circuits = f", {len(job.parts)} circuits" if len(job.parts) > 1 else ""
        now = len(planned.first)
        needed = ", as far as they are needed" if compiled.plan.may_spare else ""
        steps = f": {now} now, the others once their numbers are known{needed}" if now < len(job.parts) else ""
        say(f"job {job.id} submitted to {job.machine}{circuits}{steps}")
        again = " and submits the next step" if steps else ""
        note(f"qsac results {job.id} fetches its results{again}")


def resume_job(job: Job, service: Client, journal: Journal, *, yes: bool) -> Job:
    """Submit the circuits of a job that the vendor does not run, once their cost is agreed to."""
    from qsac.submission.submit import IncompleteJobError, SubmissionInterrupted, plan_rest, resume, update

    try:
        job = update(job, service, journal)
    except IncompleteJobError:  # that is why
        job = journal.job(job.id)
    if not job.resumable:
        note(f"nothing of job {job.id} is left to be submitted")
        return job
    with progress_bar() as progress:
        planned = plan_rest(job, journal, progress)
    for message in planned.warnings:
        warn(message)
    _show_cost(planned)
    _agree(yes)
    try:
        return resume(planned, job, service, journal)
    except SubmissionInterrupted as interrupted:
        raise interrupted.lost from None


def _show_cost(planned: Plan) -> None:
    cost, shares = planned.cost, planned.shares
    most = f" to {cost.highest:,.1f}" if cost.highest != cost.amount else ""
    what, limit = f"{planned.shots:,} shots", "the job's limit"
    if len(planned.compiled.circuits) > 1:
        names = ", ".join(planned.compiled.names[share.place] for share in shares)
        if len(shares) > MOST_NAMES:
            names = f"{len(shares):,} circuits"
        what, limit = f"{planned.shots:,} shots of each of {names}", "the limits of their jobs"
        if len(planned.first) < len(planned.compiled.circuits):
            most = ", at most" if planned.compiled.plan.may_spare else ""
            what += f", all steps of the program together{most}"
    say(
        f"{planned.compiled.model.name} on {planned.machine}, {what}: about {cost.amount:,.1f}{most} {cost.unit}, "
        f"{cost.note}; {limit} at {planned.vendor}: {planned.ceiling:,.1f} {cost.unit}",
        err=True,
    )


def _agree(yes: bool) -> None:
    """Ask whether to spend what was shown. Raises unless the user agrees."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(
            "submitting costs money and needs your consent: without a terminal, accept the cost with --yes"
        )
    if not click.confirm("Submit it?", err=True):
        raise click.Abort
