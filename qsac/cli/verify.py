"""`qsac verify`: checks that an artifact or a template is what it claims to be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qsac.cli.arguments import load_argument, read_document
from qsac.cli.messages import note, say, write
from qsac.cli.progress import progress_bar

if TYPE_CHECKING:
    from qsac.checking import Finding, Report


@click.command("verify")
@click.argument("artifact")
@click.option("--model", help="The model file that the artifact should be compiled from.")
@click.option("--no-simulation", is_flag=True, help="Check everything but the numbers.")
@click.option("--reseal", is_flag=True, help="Write a changed artifact with a matching digest to -o NEW.")
@click.option("-o", "--output", metavar="NEW", help="With --reseal: the file to write, or - for standard output.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors; the exit code is the answer.")
@click.pass_context
def command(
    context: click.Context,
    artifact: str,
    model: str | None,
    no_simulation: bool,
    reseal: bool,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check ARTIFACT, an artifact or a template from anyone, or `-` for standard input.

    Reads everything in it and recomputes what can be recomputed: statistics, gate set, coupling, maps and readout.
    Simulates the stored circuit and compares it with the closed form of its model (with its program if an error budget
    was spent). Exit code 0: all agrees; 1: something differs, and where; 3: the circuit is too wide to be simulated,
    all else agrees (0 with --no-simulation).

    Other commands refuse an artifact that was changed on purpose until it is sealed again with --reseal.
    """
    if reseal != (output is not None):
        raise click.UsageError("--reseal and -o NEW go together: a file is never changed in place")
    if reseal and (model is not None or no_simulation or as_json):
        raise click.UsageError("--reseal checks nothing: verify the new file afterwards")
    data, source = read_document(artifact)
    if output is not None:
        _reseal(data, source, artifact, output, quiet)
        return
    from qsac.checking import check

    with progress_bar(quiet) as progress:
        wanted = None if model is None else load_argument(model)
        report = check(data, source, model=wanted, simulate=not no_simulation, progress=progress)
    if as_json:
        write(json.dumps(report.to_dict(), indent=2, allow_nan=False))
    elif not quiet or report.findings:
        _show(report, source, no_simulation)
    context.exit(report.exit_code)


def _reseal(data: bytes, source: str, artifact: str, output: str, quiet: bool) -> None:
    from qsac.checking import resealed
    from qsac.cli.compile import output_place
    from qsac.files.writing import write_whole

    place, text = output_place(output, output, {"artifact": artifact}, as_json=False), resealed(data, source)
    if place == "-":
        write(text, end="")
    else:
        write_whole(place, [text])
    if not quiet:
        say(f"sealed, not verified: {place}", err=place == "-")


def _show(report: Report, source: str, no_simulation: bool) -> None:
    if report.ok:
        if report.too_wide:
            compared = f"not verified: too wide ({report.too_wide}); all else agrees"
        elif report.compared is None:
            compared = "not simulated; all else agrees"
        else:
            with_what = "the closed form of its model" if report.compared == "closed form" else "its program"
            compared = f"agrees with {with_what} to {report.worst or 0:.1e}"
        say(f"{report.name}: {compared}")
    else:
        number = len(report.findings)
        say(f"{report.name}: {number} {'thing differs' if number == 1 else 'things differ'}")
        for finding in report.findings:
            _show_finding(finding)
    for fact in report.notes:
        note(fact)


def _show_finding(finding: Finding) -> None:
    say(f"{finding.pointer or '/'}: {finding.title}")
    for label, text in (("found", finding.found), ("wanted", finding.wanted)):
        if text:
            say(f"  {label + ':':<7} {text}")
