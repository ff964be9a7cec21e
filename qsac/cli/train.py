"""`qsac train`: models whose numbers are learned, from a configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.evaluate import show as show_evaluation
from qsac.cli.messages import note, report, say, warn, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.training.evaluation import Evaluation
    from qsac.training.run_folder import Run


@click.command("train")
@click.argument("config", required=False)
@click.option("-o", "--output", metavar="FOLDER", help="Where checkpoints and results go (default: NAME.train).")
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="How many seeds, from 0 on.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that train at once.")
@click.option("--scheduler", metavar="ADDRESS", help="Work on Dask: the scheduler's address, or its scheduler file.")
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="How many epochs.")
@click.option("--objective", metavar="METRIC", help="What is minimised: loss, loss_a, cross_entropy, ..")
@click.option("--gradient", type=click.Choice(("exact", "parameter-shift", "spsa")), help="Where gradients come from.")
@click.option("--target", help="With a gradient from circuits: the simulator or machine that they are for.")
@click.option("--shots", type=click.IntRange(1), help="With a gradient from circuits: shots of each; default: exact.")
@click.option("--noise/--no-noise", default=None, help="With shots: simulate the target's errors.")
@click.option("--resume/--restart", default=True, help="Go on with a run that is there (the default), or begin anew.")
@click.option("--force", is_flag=True, help="Remove the run of another configuration from the folder.")
@click.option("--list", "as_list", is_flag=True, help="List the runs in the journal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print neither progress nor what is known beforehand.")
def command(
    config: str | None,
    output: str | None,
    seeds: int | None,
    jobs: int,
    scheduler: str | None,
    epochs: int | None,
    objective: str | None,
    resume: bool,
    force: bool,
    as_list: bool,
    as_json: bool,
    quiet: bool,
    **circuits: Any,
) -> int:
    """Train the model of CONFIG, a training configuration, and write models that `qsac compile` takes.

    The folder of the run holds a checkpoint, a model file and the history of each seed, and the metrics of all. The
    same command goes on with a run that was interrupted. `qsac schema --of train` prints the format of CONFIG. The
    environment variable QSAC_DATA_DIR sets the folder of the journal.
    """
    if as_list:
        _list(as_json)
        return 0
    if config is None:
        raise click.UsageError("name a training configuration, or give --list")
    if scheduler is not None and jobs > 1:
        raise click.UsageError("--jobs are processes here, a scheduler has its workers: leave out one of the two")
    from qsac.sweeps.threads import one_thread

    one_thread()
    from qsac.cli.training_progress import Follower
    from qsac.sweeps.schedulers import executor_at
    from qsac.training.reading import load
    from qsac.training.running import train

    given = {"epochs": epochs, "objective": objective, "seeds": seeds}
    changes = {name: value for name, value in given.items() if value is not None}
    read = load(config, changes)
    gradient = _gradient(read.document["gradient"], circuits)
    if gradient is not None:
        read = load(config, {**changes, "gradient": gradient})
    folder = output or f"{read.name}.train"
    with ExitStack() as stack:
        executor = None if scheduler is None else stack.enter_context(executor_at(scheduler))
        follower = stack.enter_context(Follower(read, quiet=quiet))
        try:
            run = train(read, folder, jobs=jobs, executor=executor, restart=not resume, force=force, follow=follower)
        except KeyboardInterrupt:
            follower.close()
            note(f"what is done is in {folder}: the same command goes on with it")
            raise
    compared = _compared(run, quiet=quiet)
    _draw(run)
    if as_json:
        beside = {} if compared is None else {"evaluation": compared.to_dict()}
        write(json.dumps({"folder": folder, **run.results(), **beside}, indent=2, allow_nan=False))
    else:
        _show(run, folder)
        if compared is not None:
            show_evaluation(compared)
    for error in follower.failures:
        report("error", "red", str(error))
    return follower.failures[0].exit_code if follower.failures else 0


def _gradient(own: Any, options: dict[str, Any]) -> Any:
    """The gradient that options ask for, None for the configuration's ``own``."""
    given = {name: value for name, value in options.items() if value is not None}
    kind = given.pop("gradient", None)
    if kind is None and not given:
        return None
    if kind == "exact" or (kind is None and own == "exact"):
        if given:
            raise click.UsageError(f"--{next(iter(given))} goes with --gradient parameter-shift or spsa")
        return "exact"
    before = own if isinstance(own, dict) else {}
    return {**before, **({} if kind is None else {"type": kind}), **given}


def _compared(run: Run, *, quiet: bool) -> Evaluation | None:
    """The run beside what its configuration compares it with, None where that is nothing."""
    if not run.config.fields.compare:
        return None
    from qsac.training.evaluation import evaluate

    with progress_bar(quiet) as progress:
        return evaluate(run, progress=progress)


def _draw(run: Run) -> None:
    """Plot the losses into the run's folder, where there is Matplotlib; what was trained is not worth less without."""
    from qsac.errors import InvalidInputError
    from qsac.training.drawing import drawn_losses

    if run.folder is None:
        return
    try:
        made = drawn_losses(run)
    except InvalidInputError as error:
        if error.code == "package.broken":
            warn(f"the losses are not drawn: {error.title}: {error.found}")
        elif error.code != "package.missing":
            raise
        return
    made.save(run.folder / "loss")


def _show(run: Run, folder: str) -> None:
    """A row a seed, then the mean and the spread."""
    from qsac.cli.tables import Table
    from qsac.training.trained import PARTS

    names = _metrics(run)
    columns = [f"{part} {name}" for name in names for part in PARTS]
    table = Table("seed", "epochs", *columns, numbers=("seed", "epochs", *columns))
    for one in run.seeds:
        epochs = f"{len(one.history):,}" + (f" (best {one.best_epoch:,})" if one.best_epoch < len(one.history) else "")
        table.add(str(one.seed), epochs, *(_number(one.metrics[part].get(name)) for name in names for part in PARTS))
    results = run.results()
    if len(run.seeds) > 1:
        for row in ("mean", "spread"):
            table.add(row, "", *(_number(results[row][part].get(name)) for name in names for part in PARTS))
    say(f"{run.config.name}: trained, written to {folder}")
    table.show()


def _metrics(run: Run) -> Sequence[str]:
    """The metrics that are shown: the objective, and cross_entropy and accuracy beside it."""
    known = run.seeds[0].metrics["test"]
    return [name for name in dict.fromkeys((run.objective, "cross_entropy", "accuracy")) if name in known]


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.4f}"


def _list(as_json: bool) -> None:
    """The runs in the journal, the newest first."""
    from qsac.training.journal import Journal

    entries = Journal().entries()
    if as_json:
        write(json.dumps([entry.to_dict() for entry in entries], indent=2, allow_nan=False))
        return
    if not entries:
        say("nothing was trained")
        return
    from qsac.cli.tables import Table

    table = Table(
        "id", "begun", "name", "seed", "state", "epochs", "objective", "folder", numbers=("id", "seed", "epochs")
    )
    for entry in entries:
        for seed in entry.seeds:
            last = seed.last
            done = 0 if last is None else last.epoch
            value = "" if last is None else f"{last.train:.4f}"
            cells = (str(seed.seed), entry.state_of(seed), f"{done:,} of {seed.epochs:,}", value, str(entry.folder))
            table.add(str(entry.id), entry.created, entry.name, *cells)
    table.show()
    for entry in entries:
        for seed in entry.seeds:
            if seed.message:
                warn(f"run {entry.id}, seed {seed.seed}: {seed.message}")
