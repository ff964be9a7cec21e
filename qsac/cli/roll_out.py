"""`qsac roll-out`: a trajectory goes on, each state predicted from all before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.messages import note, say, warn, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.training.rolling import RolledOut


@click.command("roll-out")
@click.argument("source", metavar="RUN|MODEL")
@click.option("--steps", type=click.IntRange(1), default=8, show_default=True, help="How many states to predict.")
@click.option("--data", metavar="CONFIG", help="Trajectories: the test part of this training configuration's data.")
@click.option(
    "--phase",
    type=click.Choice(("model", "context")),
    help="The phase of what is fed back: the model's own (the default), or that which goes with the known tokens.",
)
@click.option(
    "--sequences", type=click.IntRange(1), metavar="N", help="How many trajectories (default: all; 1 with --target)."
)
@click.option("--target", help="Read every prediction from circuits compiled for this target.")
@click.option("--shots", type=int, help="With --target: shots of each circuit; without it they are exact.")
@click.option("--noise", is_flag=True, help="With --target: simulate its errors from its published rates.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the shots.")
@click.option("--plots", metavar="FOLDER", help="Write roll-out.png and roll-out.svg there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(source: str, as_json: bool, plots: str | None, **options: Any) -> None:
    """Roll trajectories forward by a model, and compare with the true states and with persistence.

    RUN is the folder of a run, of which all seeds are rolled out; MODEL a model file, which goes on with its own
    tokens, or with those of --data. Without --target predictions are those of the closed form. With it they are read
    from compiled circuits, a few for each state (n qubits: 2n + 1 bases): their probabilities give it up to its phase.
    """
    from qsac.training.rolling import roll_out

    with progress_bar() as progress:
        found = roll_out(source, progress=progress, announce=note, **options)
    written = None if plots is None else _draw(found, Path(plots))
    if as_json:
        write(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show(found)
    for message in found.warnings:
        warn(message)
    if written is not None:
        note(f"wrote {written}.png and .svg")


def _draw(found: RolledOut, folder: Path) -> Path:
    """The observables of the first trajectory and the fidelities of all, of the first seed."""
    from qsac.training.drawing import drawn_roll_out

    stem = folder / "roll-out"
    drawn_roll_out(found.seeds[0].roll_out).save(stem)
    return stem


def _show(found: RolledOut) -> None:
    """Fidelities by step, then the errors of observables."""
    from qsac.cli.tables import Table

    document = found.to_dict()
    first = document["seeds"][0]
    how = "closed form" if found.target is None else f"{found.circuits:,} circuits on {found.target}"
    if found.target is not None:
        shots = "exactly" if found.shots is None else f"{found.shots:,} shots each"
        how += f", {shots}{', with noise' * found.noise}, at most {found.two_qubit_gates:,} two-qubit gates"
    seeds = f"{len(found.seeds)} seeds, " if len(found.seeds) > 1 else ""
    number = first["trajectories"]
    trajectories = f"{number:,} {'trajectory' if number == 1 else 'trajectories'}"
    say(
        f"{found.name}: {found.steps:,} steps after {first['context']:,} tokens; {how}",
        f"{seeds}{trajectories}{' each' if seeds else ''}; the phase of the {found.phase}",
    )
    mean, spread = document["mean"], document["spread"]
    if mean["fidelity"] is None:
        say("what is true beyond the tokens is not known: --json prints the predicted states")
        return
    columns = ["fidelity", *(["spread over seeds"] if seeds else []), "persistence"]
    if "fidelity_of_closed_form" in first:
        columns += ["closed form", "agreement"]
    table = Table("step", *columns, numbers=("step", *columns))
    for step in range(found.steps):
        cells = [mean["fidelity"][step], *([spread["fidelity"][step]] if seeds else []), mean["persistence"][step]]
        if "fidelity_of_closed_form" in first:
            cells += [first["fidelity_of_closed_form"][step], first["agreement"][step]]
        table.add(str(step + 1), *(f"{cell:.4f}" for cell in cells))
    table.show()
    if mean["errors"]:
        columns = ["mean absolute error", "of persistence"]
        errors = Table("observable", *columns, numbers=tuple(columns))
        for name, error in mean["errors"].items():
            errors.add(name, f"{error:.4f}", f"{mean['errors_of_persistence'][name]:.4f}")
        errors.show()
