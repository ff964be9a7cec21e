"""`qsac diff`: what differs between two programs."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import read_document
from qsac.cli.messages import say, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.views.differences import Difference, Differences

MOST_ROWS = 40
"""Differences of a section that are shown; JSON has all of them."""


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=1e-9,
    show_default=True,
    help="How far numbers may be apart: those of models and tables, and angles in half-turns.",
)
@click.option("--exit-code", is_flag=True, help="Compare the meaning too, and end with exit code 1 if it differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="With --exit-code: print nothing but errors.")
@click.pass_context
def command(
    context: click.Context, a: str, b: str, tolerance: float, exit_code: bool, as_json: bool, quiet: bool
) -> None:
    """Say what differs between A and B: two IR texts, two artifacts or two templates; one of them may be `-`.

    Model, target, options, counts, passes, registers, ops, tables, readouts, allocation, gates and angles. The exit
    code is 0 whatever differs. With --exit-code it is 1 if the meaning does: a probability that the readouts report,
    given that a shot is accepted; and 3 if that cannot be told.
    """
    if a == b == "-":
        raise click.UsageError("only one of the programs can be on standard input")
    if quiet and not exit_code:
        raise click.UsageError("--quiet is for --exit-code: nothing would be said")
    if not math.isfinite(tolerance):
        raise click.UsageError(f"invalid value for '--tolerance': {tolerance} is not a finite number")
    from qsac.views.differences import compare, read

    with progress_bar(quiet) as progress:
        subjects = [read(*read_document(argument)) for argument in (a, b)]
        found = compare(subjects[0], subjects[1], tolerance, asked=exit_code, progress=progress)
    if as_json:
        write(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    elif not quiet:
        _show(found)
    if found.meaning is not None and found.meaning.same is not True:
        context.exit(3 if found.meaning.same is None else 1)


def _show(found: Differences) -> None:
    number = len(found.found)
    kind = {"IR text": "IR texts"}.get(found.kind, f"{found.kind}s")
    said = "nothing differs" if not number else f"{number:,} {'thing differs' if number == 1 else 'things differ'}"
    say(f"{found.a} and {found.b}, {kind}: {said}")
    if found.meaning is not None:
        same = {True: "the same", False: "not the same", None: "not known"}[found.meaning.same]
        say(f"meaning: {same}; {found.meaning.reason}")
    for section, differences in found.sections.items():
        shown = differences[:MOST_ROWS]
        _show_ops(shown) if section == "ops" else _show_rows(section, shown)
        if len(differences) > len(shown):
            say(f"  and {len(differences) - len(shown):,} more: --json prints all of them")


def _show_ops(differences: list[Difference] | Any) -> None:
    """Ops as lines of the text, those that are gone and those that are new."""
    say("ops")
    for one in differences:
        circuit = "" if one.circuit is None else f"{one.circuit}: "
        if one.a is not None and one.b is not None:
            say(f"  {circuit}{one.what}: {one.a}, then {one.b}")
        else:
            say(f"  {circuit}{'-' if one.b is None else '+'} {one.what.removeprefix('op ')} {one.b or one.a}")


def _show_rows(section: str, differences: list[Difference] | Any) -> None:
    from qsac.cli.tables import Table

    changes = section == "counts"
    table = Table(section, "A", "B", *(["change"] * changes), numbers=("A", "B", "change") if changes else ())
    for one in differences:
        circuit = "" if one.circuit is None else f"{one.circuit}: "
        cells = [_cell(value) for value in (one.a, one.b)]
        table.add(circuit + one.what, *cells, *([_change(one.a, one.b)] * changes))
    table.show()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _change(a: Any, b: Any) -> str:
    if not all(isinstance(value, int | float) for value in (a, b)):
        return ""
    return f"{b - a:+,}" if isinstance(a, int) and isinstance(b, int) else f"{b - a:+.3g}"
