"""`qsac check`: validate a model file and print its closed form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import load_argument
from qsac.cli.messages import say, warn, warn_of_circuits, write
from qsac.cli.progress import waiting

if TYPE_CHECKING:
    from qsac.families.contract import Model, Result


@click.command("check")
@click.argument("model")
@click.option("--inputs", metavar="FILE", help="Print the closed form of samples: a JSON list, or an array (.npy).")
@click.option("--metrics", is_flag=True, help="Print the closed-form value of every metric.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="With --metrics: print and explain mu, zeta, nu and loss_a too.")
def command(model: str, inputs: str | None, metrics: bool, as_json: bool, verbose: bool) -> None:
    """Validate MODEL, a model file, or `-` for standard input, and summarise it.

    With --metrics also print the exact value of everything that its circuit reports. With --inputs print what a model
    of the section steps gives of every sample of a file, by its closed form.
    """
    if inputs is not None:
        _show_inputs(load_argument(model), inputs, as_json)
        return
    from qsac.compiler.fit import too_many_circuits
    from qsac.families.reading import naming_source
    from qsac.families.registry import family_of
    from qsac.report.forecast import outlook

    with waiting("computing the closed form"):
        loaded = load_argument(model)
        with naming_source(loaded):
            found = loaded.readout.closed_form(loaded) if metrics else None
            told = outlook(loaded)
            facts = dict(family_of(loaded).facts(loaded)) if as_json else {}
    if as_json:
        facts |= {} if found is None else dict(found.to_dict())
        write(json.dumps(facts | ({"forecast": told} if told else {}), indent=2, allow_nan=False))
    else:
        summary = family_of(loaded).summary(loaded)
        width = max(11, *(len(label) + 2 for label, _ in summary))
        say(f"{loaded.name}: a valid model", *(f"  {label:<{width}}{text}" for label, text in summary))
        _show_outlook(loaded, told)
        if found is not None:
            _show(loaded, found, verbose)
    if found is not None:
        for message in found.warnings:
            warn(message)
    warn_of_circuits(too_many_circuits(loaded))


def _show_inputs(model: Model, inputs: str, as_json: bool) -> None:
    from qsac.cli.run import show_samples
    from qsac.errors import InvalidInputError
    from qsac.families.contract import TakesInputs
    from qsac.families.registry import family_of

    family = family_of(model)
    if not isinstance(family, TakesInputs):
        raise InvalidInputError(
            "the model takes no inputs",
            code="run.no-inputs",
            found=f'the section "{model.section}"',
            wanted="a model with the section steps",
        )
    with waiting("computing the closed form"):
        found = family.evaluated(model, family.samples(model, inputs))
    show_samples(found, as_json=as_json)


def _show_outlook(model: Model, told: Mapping[str, Any]) -> None:
    """Where the shots of circuits that are made of the model would be lost, and how many it takes."""
    from qsac.cli.places import show_losses, show_places
    from qsac.cli.tables import show_facts
    from qsac.report.summary import forecast_rows

    if not told:
        return
    say("forecast, before passes")
    show_facts(forecast_rows(told, model.readout.precise))
    show_places(told)
    show_losses(told)


def _show(model: Model, found: Result, verbose: bool) -> None:
    """The rows of a closed form, each value behind its column's name if there are several."""
    from itertools import islice

    from qsac.cli.run import MOST_ROWS, shown_rows
    from qsac.cli.tables import show_facts

    listed = ", ".join(found.values)
    say(f"closed form of the {listed}" if listed else "closed form")
    rows = list(islice(model.readout.rows(model, found), MOST_ROWS))
    width = max(len(label) for label, _ in rows) + 2
    for label, values in shown_rows(model.readout, rows, verbose):
        cells = (f"{column} " * (len(values) > 1) + _decimal(value) for column, value in values.items())
        say(f"  {label:<{width}}" + "  ".join(cells))
    left = model.readout.row_count(model, found) - len(rows)
    if left:
        say(f"  ... and {left:,} more: --json prints all of them")
    if listed:
        say(f"success_probability {_decimal(found.success_probability)}")
    if verbose and model.readout.details:
        say("where")
        show_facts(list(model.readout.details.items()))


def _decimal(value: float | None) -> str:
    if value is None:
        return "null"
    return f"{value:.10f}" if value == 0 or abs(value) >= 1e-4 else f"{value:.6e}"
