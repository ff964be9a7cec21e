"""`qsac jobs`: what was submitted to vendors."""

from __future__ import annotations

import json

import click

from qsac.cli.messages import say, write


@click.command("jobs")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the jobs that `qsac run --submit` submitted, the newest first, as far as they are known here.

    Asks no vendor: `qsac results ID` does. The environment variable QSAC_DATA_DIR says where the journal is.
    """
    from qsac.submission.journal import Journal

    journal = Journal()
    jobs = journal.jobs()
    if as_json:
        write(json.dumps([job.to_dict() for job in jobs], indent=2))
        return
    if not jobs:
        say("no jobs were submitted")
        return
    from qsac.cli.tables import Table

    table = Table(
        "id", "submitted", "model", "machine", "shots", "at most", "state", numbers=("id", "shots", "at most")
    )
    for job in jobs:
        cost = "" if job.cost is None else f"{job.cost:,.1f} {job.unit}"
        table.add(str(job.id), job.created, job.model, job.machine, f"{job.shots:,}", cost, job.state)
    table.show()
