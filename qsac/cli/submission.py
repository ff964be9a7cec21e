"""What submitting says and asks: whether the circuit is verified, the cost, and whether to spend it."""

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


def submit_program(
    compiled: Compiled, shots: int, *, machine: str | None, max_cost: float | None, yes: bool, as_json: bool
) -> None:
    """Submit a compiled program once its cost is known and agreed to, and say how to get at the result."""
    from qsac.submission.journal import Journal, pending_error
    from qsac.submission.submit import SubmissionInterrupted, client, plan, submit

    with progress_bar() as progress:
        planned = plan(compiled, shots, machine, max_cost, progress)
    for message in planned.warnings:
        warn(message)
    journal = Journal()
    pending = journal.pending(compiled, planned.machine, shots)
    if pending and yes:
        raise pending_error(pending[-1])
    for number in pending:
        warn(
            f"the very same job may have been submitted already, as job {number}, whose answer was lost: "
            f"`qsac results {number}` finds out"
        )
    cost = planned.cost
    most = f" to {cost.highest:,.1f}" if cost.highest != cost.amount else ""
    say(
        f"{compiled.model.name} on {planned.machine}, {shots:,} shots: about {cost.amount:,.1f}{most} {cost.unit}, "
        f"{cost.note}; the job's limit at {planned.vendor}: {planned.ceiling:,.1f} {cost.unit}",
        err=True,
    )
    show_forecast(run_forecast(compiled, None, shots), compiled.model.readout.precise)
    service = client(planned.vendor, planned.machine)
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise click.UsageError("nothing is submitted unasked: --yes agrees to the cost where there is no terminal")
        if not click.confirm("Submit it?", err=True):
            raise click.Abort
    try:
        job = submit(planned, service, journal, despite=pending)
    except SubmissionInterrupted as interrupted:
        raise interrupted.lost from None
    if as_json:
        write(json.dumps(job.to_dict(), indent=2))
    else:
        say(f"job {job.id} submitted to {job.machine}")
        note(f"qsac results {job.id} fetches its results")
