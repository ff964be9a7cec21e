"""`qsac jobs`: lists the jobs that were submitted to vendors."""

from __future__ import annotations

import json

import click

from qsac.cli.messages import say, write


@click.command("jobs")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the jobs that `qsac run --submit` submitted, newest first, with their last known state.

    The state of a job of several circuits is that of the circuit that is furthest from being done; --json lists them
    all. Asks no vendor; `qsac results ID` does. The environment variable QSAC_DATA_DIR sets the folder of the journal.
    """
    from qsac.submission.journal import Journal

    entries = Journal().entries()
    if as_json:
        write(json.dumps([entry.to_dict() for entry in entries], indent=2))
        return
    if not entries:
        say("no jobs were submitted")
        return
    from qsac.cli.messages import warn
    from qsac.cli.tables import Table
    from qsac.errors import printable
    from qsac.submission.entries import DamagedJob

    table = Table(
        "id", "submitted", "model", "machine", "shots", "at most", "state", numbers=("id", "shots", "at most")
    )
    for entry in entries:
        if isinstance(entry, DamagedJob):
            cells = ["", "", "", "", "", "damaged"]
        else:
            cost = "" if entry.cost is None else f"{entry.cost:,.1f} {entry.unit or ''}".rstrip()
            size, done = len(entry.parts), sum(part.counts is not None for part in entry.parts)
            shots = f"{entry.shots:,}" if size == 1 else f"{size:,} x {entry.shots:,}"
            state = entry.state if size == 1 or done == size else f"{entry.state} ({done:,} of {size:,} done)"
            cells = [entry.created, entry.model, entry.machine, shots, cost, state]
        table.add(str(entry.id), *map(printable, cells))
    table.show()
    for entry in entries:
        if isinstance(entry, DamagedJob):
            warn(f"job {entry.id} is damaged in the journal: {entry.problem}")
