"""`qsac results`: the metrics of a submitted job."""

from __future__ import annotations

import json
import time

import click

from qsac.cli.messages import say, warn, write
from qsac.cli.progress import waiting

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
    ended early is resumed only with --resume, once the cost is accepted; circuits that the vendor has stay there.
    """
    from qsac.submission.journal import Journal
    from qsac.submission.submit import client, problem, result, update

    if yes and not resume:
        raise click.UsageError("--yes is for --resume")
    journal = Journal()
    job = journal.job(id)
    if not job.is_done:
        service = client(job.vendor, job.machine)
        if resume:
            from qsac.cli.submission import resume_job

            job = resume_job(job, service, journal, yes=yes)
        with waiting(f"asking for job {id}"):
            job = update(job, service, journal)
            while wait and job.state in ("queued", "running"):
                time.sleep(POLL_SECONDS)
                job = update(job, service, journal)
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
