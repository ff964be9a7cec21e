"""`qsac run`: an artifact, or a model that is compiled first, on a simulator or on a vendor's service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import open_cache, read_argument
from qsac.cli.messages import note, say, warn, write
from qsac.cli.outlook import run_forecast, show_forecast
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled
    from qsac.families.contract import Model, Readout, Result, Row
    from qsac.runtime.request import Errors


MOST_ROWS = 64
"""Rows of predictions and scores that the table shows; JSON has all of them."""

COMPARED_WORK = 4096**2
"""Largest closed form, in numbers, that is shown next to a result: that of a context of 4,096 tokens."""


@click.command("run")
@click.argument("program", metavar="MODEL|ARTIFACT")
@click.option(
    "--target", help="Where to run: a simulator, or the artifact's target (the default; statevector for a model)."
)
@click.option("--inputs", metavar="FILE", help="Samples to run the model on: a JSON list, or an array (.npy).")
@click.option("--shots", type=int, help="Number of shots; without it the run is exact where the target allows.")
@click.option("--seed", type=int, help="Seed of the shots (0 if not given).")
@click.option("--noise", is_flag=True, help="Simulate the target's errors from its published rates.")
@click.option("--mitigate", is_flag=True, help="With --noise: mitigate readout errors.")
@click.option(
    "--precision", type=float, metavar="SE", help="Take shots until the loss or cross entropy has this standard error."
)
@click.option(
    "--errors",
    type=click.Choice(("propagation", "bootstrap")),
    default="propagation",
    show_default=True,
    help="How standard errors are estimated: propagated, or by resampling the shots.",
)
@click.option("--emulator", is_flag=True, help="Take the shots on Quantinuum's own emulator (extra `pecos`).")
@click.option("--journal", metavar="FOLDER", help="Keep what each circuit gives in FOLDER, and go on from there.")
@click.option("--resume", is_flag=True, help="The same in the user's data folder, until the run is over.")
@click.option("--submit", is_flag=True, help="Submit to the vendor's machine, at its price, and do not wait.")
@click.option("--max-cost", type=float, help="With --submit: the most that the job may cost, in the vendor's unit.")
@click.option("--machine", help="With --submit: another machine of the vendor, by the vendor's name, such as H2-1E.")
@click.option("--yes", is_flag=True, help="With --submit: accept the cost without a prompt.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print and explain mu, zeta, nu and loss_a too.")
def command(
    program: str,
    target: str | None,
    inputs: str | None,
    shots: int | None,
    seed: int | None,
    noise: bool,
    mitigate: bool,
    precision: float | None,
    errors: Errors,
    emulator: bool,
    journal: str | None,
    resume: bool,
    submit: bool,
    max_cost: float | None,
    machine: str | None,
    yes: bool,
    no_cache: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Run a compiled ARTIFACT, or compile MODEL and run it; `-` for standard input.

    A device is simulated on this computer, without an account: exactly, or on Aer with --shots or --noise. With
    --submit the job runs on the vendor's machine; the cost is shown before anything is spent. With --inputs a model of
    the section steps is run on every sample of a file. A run with a journal that was killed goes on where it was.
    """
    if submit:
        if inputs is not None:
            raise click.UsageError("--inputs is for simulations, not for --submit")
        simulating = {"--noise": noise, "--mitigate": mitigate, "--precision": precision is not None}
        simulating |= {"--emulator": emulator, "--journal": journal is not None, "--resume": resume}
        simulating |= {"--errors": errors != "propagation"}
        if any(simulating.values()):
            raise click.UsageError(
                f"{max(simulating, key=simulating.__getitem__)} is for simulations, not for --submit"
            )
        _submit(program, target, shots, seed, max_cost, machine, yes, no_cache, as_json)
        return
    if yes or machine is not None or max_cost is not None:
        raise click.UsageError("--max-cost, --machine and --yes are for --submit")
    if resume and journal is not None:
        raise click.UsageError("--resume is for the run's own journal: --journal FOLDER goes on from what is there too")
    from qsac.artifact.compiled import Compiled as Artifact
    from qsac.compiler.running import compiled_of
    from qsac.runtime.request import Request
    from qsac.templates.running import is_fed, run

    options: dict[str, Any] = {"shots": shots, "seed": seed, "noise": noise, "mitigate": mitigate}
    options |= {"precision": precision, "emulator": emulator, "errors": errors}
    with progress_bar() as progress:
        found = read_argument(program)
        anew = inputs is not None or is_fed(found, target, Request(**options))
        if not anew:
            found = compiled_of(found, target, seed, cache=open_cache(no_cache), progress=progress, announce=note)
        options |= {"journal": journal, "resume": resume, "progress": progress, "announce": note}
        result = run(found, target, inputs=inputs, **options)
    if inputs is not None:
        show_samples(result, as_json=as_json)
        return
    if anew or not isinstance(found, Artifact):
        model = found.model if isinstance(found, Artifact) else found
        show_bound(model, result, as_json=as_json, verbose=verbose)
        return
    told = run_forecast(found, target, result.shots)
    show_result(found, result, as_json=as_json, verbose=verbose, forecast=told)


def _submit(
    program: str,
    target: str | None,
    shots: int | None,
    seed: int | None,
    max_cost: float | None,
    machine: str | None,
    yes: bool,
    no_cache: bool,
    as_json: bool,
) -> None:
    if shots is None:
        raise click.UsageError("--submit needs --shots, because each shot costs money")
    if program == "-" and not yes:
        raise click.UsageError("--submit asks for consent on standard input: give a file, or --yes")
    from qsac.cli.submission import submit_program
    from qsac.compiler.running import DEFAULT_TARGET, compiled_of
    from qsac.errors import printable
    from qsac.submission.plan import check_request
    from qsac.submission.stepwise import submittable

    check_request(shots, max_cost)
    with progress_bar() as progress:  # what is paid for is verified with its plan, wherever it comes from
        cache = open_cache(no_cache)
        found = read_argument(program)
        in_steps = submittable(found, DEFAULT_TARGET if target is None else target, seed or 0)
        compiled = in_steps or compiled_of(found, target, seed, cache=cache, progress=progress, announce=note)
    if target is not None and target != compiled.target["name"]:
        name = printable(str(compiled.target["name"]))
        raise click.UsageError(f"the program is compiled for {name}, not for {printable(target)}")
    submit_program(compiled, shots, machine=machine, max_cost=max_cost, yes=yes, as_json=as_json)


def _number(value: float | None, digits: int) -> str:
    return "null" if value is None else f"{value:.{digits}g}"


def show_result(
    compiled: Compiled, result: Result, *, as_json: bool, verbose: bool, forecast: dict[str, Any] | None = None
) -> None:
    """Print a result and its warnings: as JSON, or as a table with the closed form of the model.

    ``verbose``: with the readout's details. ``forecast`` is the cost of the shots and their use on the machine itself
    (:func:`~qsac.cli.outlook.run_forecast`).
    """
    if as_json:
        told = {} if forecast is None else {"forecast": forecast}
        write(json.dumps(result.to_dict() | told, indent=2, allow_nan=False))
    else:
        _show_table(compiled, result, verbose)
        show_forecast(forecast, compiled.model.readout.precise)
    for message in result.warnings:
        warn(message)


def show_bound(model: Model, result: Result, *, as_json: bool, verbose: bool) -> None:
    """Print the result of a model whose later circuits were bound for what earlier ones gave, and its warnings."""
    if as_json:
        write(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        say(_title(model, result))
        _show_rows(model, result, verbose)
        _show_break_even(model)
    for message in result.warnings:
        warn(message)


def show_samples(result: Result, *, as_json: bool) -> None:
    """Print a result of many samples and its warnings: as JSON, or one row for each."""
    from qsac.cli.tables import Table

    if as_json:
        write(json.dumps(result.to_dict(), indent=2, allow_nan=False))
    else:
        columns = [name for name in result.values if name != "attention"]
        table = Table("sample", *columns, numbers=tuple(columns))
        for place, cells in enumerate(zip(*(result.values[name] for name in columns), strict=True)):
            if place == MOST_ROWS:
                break
            table.add(str(place), *map(_numbers, cells))
        table.show()
        left = len(result.values["outputs"]) - MOST_ROWS
        if left > 0:
            say(f"... and {left:,} more: --json prints all of them")
    for message in result.warnings:
        warn(message)


def _numbers(content: Any) -> str:
    if isinstance(content, list):
        return "[" + ", ".join(map(_numbers, content)) + "]"
    return _number(content, 6)


def _title(model: Model, result: Result) -> str:
    """What was run, where and how."""
    how = "exactly" if result.shots is None else f"{result.shots:,} shot" + "s" * (result.shots != 1)
    drawn = "" if result.shots is None or result.seed is None else f", seed {result.seed}"
    noise = ", with noise" * result.noise + ", readout errors corrected" * result.mitigated
    return f"{model.name} on {result.target}, {how}{drawn}{noise}"


def _show_table(compiled: Compiled, result: Result, verbose: bool) -> None:
    say(_title(compiled.model, result))
    _show_rows(compiled.model, result, verbose)
    _show_break_even(compiled.model)
    simulated = compiled.target["kind"] == "device" and result.target == compiled.target["name"]
    if simulated and result.seed is not None:
        rates = compiled.target["errors"]
        by = f"with its error rates of {rates['date']}" if result.noise else "without noise"
        note(f"{result.target} was simulated on this computer, {by}")
    if any("amplification" in part for part in compiled.parts_stats):
        note("what is accepted was amplified: success_probability is that with rounds, its closed form that without")


def _show_break_even(model: Model) -> None:
    """The line on whether a program pays."""
    from qsac.families.registry import family_of
    from qsac.families.weighed import Weighed

    family = family_of(model)
    if isinstance(family, Weighed):
        say(f"break-even: {family.break_even(model)}")


def shown_rows(readout: Readout, rows: Sequence[Row], verbose: bool) -> list[Row]:
    """The rows that are shown: the readout's details only if ``verbose``."""
    return [(label, values) for label, values in rows if verbose or label not in readout.details]


def _show_rows(model: Model, result: Result, verbose: bool) -> None:
    """What the readout reports, standard errors next to the values and the closed form last."""
    from qsac.cli.tables import Table, show_facts

    readout = model.readout
    rows = list(islice(readout.rows(model, result), MOST_ROWS))
    wanted: list[Row] = []
    if readout.work(model) <= COMPARED_WORK:
        wanted = list(islice(readout.rows(model, readout.closed_form(model)), MOST_ROWS))
    columns = list(rows[0][1])
    closed = ["closed form" if name == "value" else f"closed form {name}" for name in (wanted[0][1] if wanted else ())]
    digits = 10 if result.shots is None else 5
    table = Table("entry" if result.values else "metric", *columns, *closed, numbers=(*columns, *closed))
    exact = dict(wanted)
    for label, found in shown_rows(readout, rows, verbose):
        cells = (_number(value, 2 if "error" in column else digits) for column, value in found.items())
        table.add(label, *cells, *(_number(value, 10) for value in exact.get(label, {}).values()))
    table.show()
    left = readout.row_count(model, result) - len(rows)
    if left:
        say(f"... and {left:,} more: --json prints all of them")
    if result.values:
        spread = result.standard_errors.get("success_probability")
        error = "" if spread is None else f", standard error {spread:.2g}"
        say(f"success_probability {_number(result.success_probability, digits)}{error}")
    if verbose and readout.details:
        say("where")
        show_facts(list(readout.details.items()))
