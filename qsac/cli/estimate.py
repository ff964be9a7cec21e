"""`qsac estimate`: counts the gates of a model's circuit, of any size, without building it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qsac.cli.arguments import level_option, load_argument, prefer_option, qubits_option
from qsac.cli.messages import say, warn, warn_of_circuits, write
from qsac.cli.progress import waiting
from qsac.machine.target import DEFAULT_TARGET

if TYPE_CHECKING:
    from qsac.pipeline.contract import Preference


@click.command("estimate")
@click.argument("model")
@click.option(
    "--target",
    default=DEFAULT_TARGET,
    show_default=True,
    help="The machine or simulator, or a file that describes a machine.",
)
@click.option("--context", metavar="T", help="Another number of context tokens, such as 1e6.")
@click.option("--dimension", metavar="D", help="Another dimension of the tokens, such as 4096.")
@level_option
@qubits_option
@prefer_option
@click.option("--json", "as_json", is_flag=True, help="Print the estimate as JSON.")
def command(
    model: str,
    target: str,
    context: str | None,
    dimension: str | None,
    optimisation: int,
    qubits: int | None,
    prefer: Preference,
    as_json: bool,
) -> None:
    """Count the gates of MODEL, a model file, or `-` for standard input, without compiling it.

    With --context and --dimension: for the same model with generic tokens of that shape. Says whether the counts are
    exactly those of the compiled circuit. Targets with a coupling graph are counted before routing.
    """
    from qsac.cli.places import show_losses, show_places
    from qsac.cli.tables import show_facts
    from qsac.compiler.estimation import estimate
    from qsac.compiler.fit import too_many_circuits
    from qsac.families.registry import family_of
    from qsac.report.summary import estimate_rows

    with waiting("estimating"):
        found = estimate(
            load_argument(model),
            target,
            context=context,
            dimension=dimension,
            optimisation=optimisation,
            qubits=qubits,
            prefer=prefer,
        )
        estimated = found.to_json()
    if found.sizes is None:
        warn_of_circuits(too_many_circuits(found.source))
    if as_json:
        write(json.dumps(estimated, indent=2, allow_nan=False))
        return
    rows = estimate_rows(
        estimated, family_of(found.source).shape_facts(estimated["shape"]), found.source.readout.precise
    )
    say(f"{estimated['name']}: estimated{', exact' if estimated['exact'] else ''}")
    show_facts(rows)
    show_places(estimated["forecast"])
    show_losses(estimated["forecast"])
    if estimated["advice"] is not None:
        warn(estimated["advice"])
