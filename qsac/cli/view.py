"""`qsac view`: writes a page that shows everything of a compiled program."""

from __future__ import annotations

from pathlib import Path

import click

from qsac.cli.arguments import read_artifact
from qsac.cli.compile import output_place
from qsac.cli.messages import say, write
from qsac.cli.output import check_own_page
from qsac.cli.progress import progress_bar


@click.command("view")
@click.argument("artifact")
@click.option("-o", "--output", help="File to write, or - for standard output (default: NAME.html).")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
@click.option("--timing", is_flag=True, help="Also measure each stage: the page then differs from run to run.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(artifact: str, output: str | None, show: bool, timing: bool, quiet: bool) -> None:
    """Write a page that shows ARTIFACT, or `-` for standard input: one HTML file that needs nothing else.

    It shows the model, the program between passes, the circuit by what its gates are for, allocation, moves on a
    coupling graph, readout and verification. It works from disk, asks nothing of any network, and shows texts of the
    artifact as text. A default name, NAME.html in the working directory, replaces only such a page.
    """
    if show and output == "-":
        raise click.UsageError("--open needs a file: standard output cannot be opened")
    compiled = read_artifact(artifact)
    default = f"{_stem(artifact, compiled.model.name)}.html"
    place = output_place(output, default, {"artifact": artifact}, as_json=False, own=check_own_page)
    from qsac.views.page.writing import page

    with progress_bar(quiet) as progress:
        file = None if artifact == "-" else Path(artifact).name
        parts = list(page(compiled, file, timings=timing, progress=progress))
    if place == "-":
        for part in parts:
            write(part, end="")
        return
    from qsac.files.writing import write_whole

    write_whole(place, parts, guard=check_own_page if output is None else None)
    if not quiet:
        size = sum(len(part.encode()) for part in parts)
        say(f"page of {size / 1000:,.0f} kB written to {place}")
    if show:
        _open(place)


def _stem(argument: str, name: str) -> str:
    """The artifact's name without its endings; for standard input the model's own name, made a file name."""
    from qsac.cli.compile import _file_stem

    if argument == "-":
        return _file_stem("-", name)
    stem = Path(argument).name
    for ending in (".qsac.json", ".json"):
        if stem.endswith(ending) and len(stem) > len(ending):
            return stem[: -len(ending)]
    return Path(argument).stem


def _open(place: str) -> None:
    """Open a page, or say that there is no browser."""
    import webbrowser

    from qsac.cli.messages import warn

    if not webbrowser.open(Path(place).absolute().as_uri()):
        warn(f"no browser was found; open {place} yourself")
