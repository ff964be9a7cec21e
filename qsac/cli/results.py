"""`qsac results`: the metrics of a submitted job."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from qsac.cli.messages import note, say, warn, write
from qsac.cli.progress import progress_bar, waiting
from qsac.files.pointer import counted

if TYPE_CHECKING:
    from qsac.submission.client import Client
    from qsac.submission.entries import Job
    from qsac.submission.journal import Journal

POLL_SECONDS = 10.0
"""How often --wait asks the vendor."""


@click.command("results")
@click.argument("id", type=int)
@click.option("--wait", is_flag=True, help="Wait until the job is done.")
@click.option("--resume", is_flag=True, help="Submit first what the vendor does not run of it, at its price.")
@click.option("--yes", is_flag=True, help="With --resume: accept the cost without a prompt.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print and explain mu, zeta, nu and loss_a too.")
def command(id: int, wait: bool, resume: bool, yes: bool, as_json: bool, verbose: bool) -> None:
    """Print the metrics of job ID, as numbered by `qsac jobs`, or its state.

    Asks the vendor until the counts of all circuits have arrived, and keeps them in the journal. A submission that
    ended early is resumed only with --resume, once the cost is accepted; circuits that the vendor has stay there. The
    next step of a program is submitted once its counts are there, within what was agreed to for all of it.
    """
    if yes and not resume:
        raise click.UsageError("--yes is for --resume")
    show_job(id, wait=wait, resume=resume, yes=yes, as_json=as_json, verbose=verbose)


def show_job(id: int, *, wait: bool, resume: bool, yes: bool, as_json: bool, verbose: bool) -> None:
    """Ask for a job, go on with it where it takes several steps, and print what there is of it."""
    from qsac.submission.journal import Journal
    from qsac.submission.submit import client, problem, result

    journal = Journal()
    job = journal.job(id)
    if not job.is_done:
        service = client(job.vendor, job.machine)
        if resume:
            from qsac.cli.submission import resume_job

            job = resume_job(job, service, journal, yes=yes)
        job = _asked(job, service, journal)
        while wait and job.state in ("queued", "running"):
            with waiting(f"asking for job {id}"):
                time.sleep(POLL_SECONDS)
            job = _asked(job, service, journal)
    incomplete = problem(job)
    if incomplete is not None:
        raise incomplete
    found = result(job, journal)
    if as_json:
        facts = job.to_dict() | {"result": None if found is None else found.to_dict()}
        write(json.dumps(facts, indent=2, allow_nan=False))
        for message in found.warnings if found is not None else ():
            warn(message)
    elif found is None:
        say(f"job {id} on {job.machine}: {job.progress}")
    else:
        from qsac.cli.run import show_result

        show_result(journal.artifact(job), found, as_json=False, verbose=verbose)


def _asked(job: Job, service: Client, journal: Journal) -> Job:
    """The job as the vendor has it, with the circuits submitted that waited for counts which have come."""
    from qsac.submission.stepwise import proceed
    from qsac.submission.submit import SubmissionInterrupted, update

    with waiting(f"asking for job {job.id}"):
        job = update(job, service, journal)
    before, needless = sum(part.handle is not None for part in job.parts), _needless(job)
    try:
        with progress_bar() as progress:
            job = proceed(job, service, journal, progress)
    except SubmissionInterrupted as interrupted:
        raise interrupted.lost from None
    new = sum(part.handle is not None for part in job.parts) - before
    if new:
        note(f"the next step of job {job.id} was submitted to {job.machine}, {counted(new, 'circuit')}")
    spared = _needless(job) - needless
    if spared:
        note(f"{counted(spared, 'circuit')} of job {job.id} will not be submitted: not needed any more")
    return job


def _needless(job: Job) -> int:
    """How many circuits of a job are not needed."""
    from qsac.submission.entries import NOT_NEEDED

    return sum(part.state == NOT_NEEDED for part in job.parts)
