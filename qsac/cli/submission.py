"""What submitting says and asks: the cost, and whether to spend it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from qsac.cli.messages import note
from qsac.cli.outlook import run_forecast, show_forecast

if TYPE_CHECKING:
    from qsac.artifact import Compiled


def submit_program(
    compiled: Compiled, shots: int, *, machine: str | None, max_cost: float | None, yes: bool, as_json: bool
) -> None:
    """Submit a compiled program once its cost is known and agreed to, and say how to get at the result."""
    from qsac.submission.journal import Journal
    from qsac.submission.submit import client, plan, submit

    planned = plan(compiled, shots, machine, max_cost)
    cost = planned.cost
    most = f" to {cost.highest:,.1f}" if cost.highest != cost.amount else ""
    click.echo(
        f"{compiled.model.name} on {planned.machine}, {shots:,} shots: about {cost.amount:,.1f}{most} {cost.unit}, "
        f"{cost.note}",
        err=True,
    )
    show_forecast(run_forecast(compiled, None, shots))
    service = client(planned.vendor, planned.machine)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nothing is submitted unasked: --yes agrees to the cost where there is no terminal")
        if not click.confirm("Submit it?", err=True):
            raise click.Abort
    job = submit(planned, service, Journal(), max_cost)
    if as_json:
        click.echo(json.dumps(job.to_dict(), indent=2))
    else:
        click.echo(f"job {job.id} submitted to {job.machine}")
        note(f"qsac results {job.id} fetches its results")
