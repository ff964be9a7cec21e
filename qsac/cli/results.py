"""`qsac results`: the metrics of a submitted job."""

from __future__ import annotations

import json
import time

import click

from qsac.cli.messages import say, warn, write

POLL_SECONDS = 10.0
"""How often --wait asks the vendor."""


@click.command("results")
@click.argument("id", type=int)
@click.option("--wait", is_flag=True, help="Wait until the job is done.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(id: int, wait: bool, as_json: bool) -> None:
    """The metrics of the job ID, as `qsac jobs` numbers them, or how far it is.

    Asks the vendor until the counts are there, and keeps them in the journal.
    """
    from qsac.errors import BackendError, printable
    from qsac.submission.journal import Journal
    from qsac.submission.submit import client, result, update

    journal = Journal()
    job = journal.job(id)
    if job.counts is None:
        service = client(job.vendor, job.machine)
        job = update(job, service, journal)
        while wait and job.state in ("queued", "running"):
            time.sleep(POLL_SECONDS)
            job = update(job, service, journal)
    if job.state in ("failed", "cancelled"):
        raise BackendError(
            f"job {id} was not run: {job.state}",
            code="job.not-run",
            found=printable(job.message) or None,
            help="submit it again",
        )
    found = result(job, journal)
    if as_json:
        facts = job.to_dict() | {"result": None if found is None else found.to_dict()}
        write(json.dumps(facts, indent=2, allow_nan=False))
        for message in found.warnings if found is not None else ():
            warn(message)
    elif found is None:
        say(f"job {id} on {job.machine}: {job.state}")
    else:
        from qsac.cli.run import show_result

        show_result(journal.artifact(job), found, as_json=False)
