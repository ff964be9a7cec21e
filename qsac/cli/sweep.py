"""`qsac sweep`: one action at every point of a grid, in several processes or on several machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.messages import note, say, warn, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.sweeps.results import SweepResult, SweepRow

MOST_ROWS = 200
"""Rows that the table shows; the files in the folder have all of them."""

MOST_WARNINGS = 10

COLUMNS: Mapping[str, str] = {
    "qubits": "qubits",
    "counts.qubits": "qubits",
    "two_qubit_gates": "two-qubit gates",
    "counts.two_qubit_gates": "two-qubit gates",
    "two_qubit_depth": "depth",
    "counts.two_qubit_depth": "depth",
    "error_free_probability": "ESP",
    "counts.error_free_probability": "ESP",
    "exact": "exact",
    "metrics.loss": "loss",
    "standard_errors.loss": "error of loss",
    "metrics.cross_entropy": "cross entropy",
    "standard_errors.cross_entropy": "error of cross entropy",
    "success_probability": "success",
}
"""The figures that the table shows, where a row has them."""


@click.command("sweep")
@click.argument("plan")
@click.option("-o", "--output", metavar="FOLDER", help="Where results go (default: NAME.sweep).")
@click.option("--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Processes that work at once.")
@click.option("--scheduler", metavar="ADDRESS", help="Work on Dask: the scheduler's address, or its scheduler file.")
@click.option("--shard", metavar="I/N", help="Do the tasks that fall to the shard I of N only.")
@click.option("--collect", is_flag=True, help="Gather what the shards did, and do nothing that is missing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
def command(
    plan: str,
    output: str | None,
    jobs: int,
    scheduler: str | None,
    shard: str | None,
    collect: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Compile, estimate or run a model at every point of the grid of PLAN, and write a table of the results.

    The same command goes on with a sweep that was interrupted, in whatever way: what is done stays, and nothing is done
    twice. `qsac schema --of sweep` prints the format of PLAN.
    """
    if shard is not None and collect:
        raise click.UsageError("--collect gathers all shards: leave out --shard")
    if scheduler is not None and jobs > 1:
        raise click.UsageError("--jobs are processes here, a scheduler has its workers: leave out one of the two")
    from qsac.sweeps.threads import one_thread

    one_thread()
    from qsac.sweeps.reading import read
    from qsac.sweeps.schedulers import executor_at
    from qsac.sweeps.sweeping import sweep

    tasks = read(plan)
    folder = output or f"{tasks.name}.sweep"
    with ExitStack() as stack:
        executor = None if scheduler is None else stack.enter_context(executor_at(scheduler))
        progress = stack.enter_context(progress_bar(quiet))
        try:
            found = sweep(tasks, executor, folder, jobs=jobs, shard=shard, collect=collect, progress=progress)
        except KeyboardInterrupt:
            note(f"what is done is in {folder}: the same command goes on with it")
            raise
    if as_json:
        write(json.dumps({"folder": folder, **found.to_dict()}, indent=2, allow_nan=False))
    else:
        _show(found, folder, shard)
    return _report(found)


def _show(found: SweepResult, folder: str, shard: str | None) -> None:
    """A row for each task of the plan, or of the shard, with the settings and the main figures."""
    from qsac.cli.tables import Table

    states = found.states()
    own = len(found) - states.get("missing", 0)
    whole = f"{own:,} of {len(found):,} tasks, shard {shard}" if shard else f"{own:,} task{'s' * (own != 1)}"
    say(f"{found.name}: {whole}, written to {folder}")
    rows = list(islice((row for row in found if row.state != "missing"), MOST_ROWS))
    if not rows:
        return
    names = list(dict.fromkeys(label for row in rows for label in _figures(row)))
    seeds = len({row.seed for row in rows}) > 1 and _repeated(rows)
    states_told = any(row.state != "done" for row in rows)
    columns = [*(field.rpartition("/")[2] for field in found.fields), *(["seed"] if seeds else []), *names]
    columns = _distinct(columns, found.fields)
    texts = {columns[place] for place, axis in enumerate(found.fields) if _is_text(rows, axis)}
    numbers = tuple(name for name in columns if name not in texts)
    table = Table(*columns, *(["state"] if states_told else []), numbers=numbers)
    for row in rows:
        figures = _figures(row)
        cells = [*map(_text, row.settings.values()), *([str(row.seed)] if seeds else [])]
        cells += [figures.get(name, "") for name in names]
        state = row.state if row.error is None else f"{row.state}: {row.error['code']}"
        table.add(*cells, *([state] if states_told else []))
    table.show()
    if own > len(rows):
        say(f"... and {own - len(rows):,} more: results.csv in {folder} has all of them")


def _is_text(rows: Sequence[SweepRow], field: str) -> bool:
    return any(isinstance(row.settings[field], str) for row in rows)


def _repeated(rows: Sequence[SweepRow]) -> bool:
    """Whether rows differ by their seeds alone."""
    settings = [json.dumps(dict(row.settings), sort_keys=True) for row in rows]
    return "seed" not in rows[0].settings and len(set(settings)) < len(settings)


def _distinct(columns: Sequence[str], fields: Sequence[str]) -> list[str]:
    """The columns' names: the last part of a place in the model where that is enough."""
    return [
        fields[place] if place < len(fields) and columns.count(name) > 1 else name for place, name in enumerate(columns)
    ]


def _figures(row: SweepRow) -> dict[str, str]:
    found = row.figures()
    return {label: _text(found[name]) for name, label in COLUMNS.items() if name in found}


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.5g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _report(found: SweepResult) -> int:
    """Warn of tasks without a result; the exit code is that of the first error where no task has one, and that of a
    failure where a task failed."""
    told: dict[tuple[str, str], int] = {}
    first, failed, done = 0, 0, 0
    for row in found:
        done += row.state == "done"
        error = row.raised()
        if error is None:
            continue
        first = first or error.exit_code
        if row.state == "failed":
            failed = failed or error.exit_code
        said = (row.state, f"{error.title} [{error.code}]" + (f": {error.pointer}" if error.pointer else ""))
        told[said] = told.get(said, 0) + 1
    for (state, title), number in islice(told.items(), MOST_WARNINGS):
        warn(f"{number:,} task{'s' * (number != 1)} {state}: {title}")
    return failed or (0 if done else first)
