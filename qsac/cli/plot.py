"""`qsac plot`: passes, scaling, results and training as PNG and SVG."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import level_option, load_argument, read_artifact, read_json
from qsac.cli.messages import say, write
from qsac.cli.output import check_sources_stay
from qsac.cli.progress import progress_bar
from qsac.machine.target import DEFAULT_TARGET

if TYPE_CHECKING:
    from qsac.training.plots import Plot

KINDS = ("passes", "scaling", "result", "training")
ENDINGS = (".png", ".svg")
OTHER_PICTURES = (".pdf", ".jpg", ".jpeg", ".gif", ".eps", ".ps", ".tif", ".tiff", ".webp", ".bmp")
"""Endings that ask for what is not drawn: any other ending is a part of the name."""


@click.command("plot")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE..")
@click.option("-o", "--output", help="NAME.png or NAME.svg; or NAME, for both.")
@click.option("--target", default=DEFAULT_TARGET, show_default=True, help="For scaling: the machine or simulator.")
@click.option("--context", metavar="T,..", help="For scaling: numbers of context tokens, such as 8,64,1e6.")
@click.option("--dimension", metavar="D,..", help="For scaling: dimensions of the tokens.")
@click.option("--degree", metavar="K,..", help="For scaling: degrees of the kernel.")
@level_option
@click.option("--json", "as_json", is_flag=True, help="Print the names of the files as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(
    kind: str, sources: tuple[str, ...], output: str | None, optimisation: int, as_json: bool, quiet: bool, **sizes: Any
) -> None:
    """Draw SOURCE as PNG and SVG: passes, scaling, a result or training.

    passes: an artifact; what each pass did to the number of two-qubit gates. scaling: a model file; gates, qubits,
    depth and time of other sizes, by estimates. result: one or more results as `qsac run --json` prints them, with
    error bars. training: the folder of a run; its loss by epoch.

    Needs the extra `train`. The same numbers give the same bytes.
    """
    if kind != "result" and len(sources) > 1:
        raise click.UsageError(f"a plot of {kind} is of one source")
    if kind != "scaling" and any(sizes[name] is not None for name in ("context", "dimension", "degree")):
        raise click.UsageError("--context, --dimension and --degree are for scaling")
    places = _places(kind, sources, output)
    with progress_bar(quiet) as progress:
        if kind == "passes":
            from qsac.views.plots import pass_waterfall

            made = pass_waterfall(read_artifact(sources[0]))
        elif kind == "scaling":
            made = _scaling(sources[0], optimisation, progress, **sizes)
        elif kind == "result":
            made = _results(sources)
        else:
            from qsac.training.drawing import drawn_losses
            from qsac.training.run_folder import Run

            made = drawn_losses(Run.load(sources[0]))
    for place in places:
        made.write(place, guard=None if output is not None else _check_free)
    if as_json:
        write(json.dumps({"files": [str(place) for place in places]}, indent=2))
    elif not quiet:
        say(f"wrote {' and '.join(map(str, places))}")


def _places(kind: str, sources: tuple[str, ...], output: str | None) -> list[Path]:
    """The files to write: one where the ending says so, else both. Checked before anything is drawn."""
    if output is None:
        if sources[0] == "-":
            raise click.UsageError("name the plot with -o: standard input has no name")
        name = Path(sources[0]).name.removesuffix(".json").removesuffix(".qsac").removesuffix(".train")
        output = f"{name}.{kind}"
        places = [Path(output + ending) for ending in ENDINGS]
        for place in places:
            _check_free(place)
        return places
    if not output or output == "-":
        raise click.UsageError("-o takes the name of a file")
    if Path(output).suffix.lower() in OTHER_PICTURES:
        raise click.UsageError(
            f"plots are drawn as PNG and SVG, not as {Path(output).suffix}: name a .png or .svg file"
        )
    places = [Path(output)] if Path(output).suffix in ENDINGS else [Path(output + ending) for ending in ENDINGS]
    for place in places:
        for source in sources:
            check_sources_stay(str(place), {"source": source})
    return places


def _check_free(place: Path) -> None:
    """Under a name that nobody chose nothing is replaced."""
    from qsac.errors import InvalidInputError

    if place.exists() or place.is_symlink():
        raise InvalidInputError(
            "the plot would replace a file",
            code="output.exists",
            source=str(place),
            wanted="no file of that name",
            help=f"-o {place.with_suffix('')} replaces it all the same; -o with another name leaves it alone",
        )


def _scaling(
    source: str,
    optimisation: int,
    progress: Any,
    *,
    target: str,
    context: str | None,
    dimension: str | None,
    degree: str | None,
) -> Plot:
    from qsac.views.plots import MOST_SERIES, scaling
    from qsac.views.scaling import default_contexts, scaled

    model = load_argument(source)
    contexts, dimensions = _listed(context), _listed(dimension)
    try:
        degrees = [int(text) for text in _listed(degree)]
    except ValueError:
        raise click.UsageError("--degree takes whole numbers, such as 1,2,3") from None
    if not (contexts or dimensions or degrees):
        contexts = default_contexts(model)
    series = sorted((len(contexts) or 1, len(dimensions) or 1, len(degrees) or 1))
    if series[0] * series[1] > MOST_SERIES:
        raise click.UsageError(f"at most {MOST_SERIES} series can be told apart: name fewer sizes")
    points = scaled(
        model,
        target,
        contexts=contexts,
        dimensions=dimensions,
        degrees=degrees,
        optimisation=optimisation,
        progress=progress,
    )
    return scaling(points, f"{model.name} on {target}, -O{optimisation}")


def _listed(text: str | None) -> list[str]:
    parts = [] if text is None else [part.strip() for part in text.split(",")]
    if not all(parts):
        raise click.UsageError("sizes are numbers with one comma between two, such as 8,64")
    return parts


def _results(sources: tuple[str, ...]) -> Plot:
    from qsac.errors import InvalidInputError
    from qsac.views.plots import MOST_SERIES, measured, results

    if len(sources) > MOST_SERIES:
        raise click.UsageError(f"at most {MOST_SERIES} results can be told apart")
    found = []
    for source in sources:
        document = read_json(source, "result")
        wanted = ("metrics", "standard_errors", "values", "value_errors")
        if not isinstance(document, dict) or not all(isinstance(document.get(name), dict) for name in wanted):
            raise InvalidInputError(
                "the file is not a result",
                code="plot.not-a-result",
                source=source,
                wanted="what `qsac run --json` prints, with the fields " + ", ".join(wanted),
            )
        label = Path(source).name.removesuffix(".json")
        one = measured(label, _checked(document, source))
        if not one.metrics and not one.predictions:
            raise InvalidInputError(
                "the result has no number to be drawn",
                code="plot.nothing-to-draw",
                source=source,
                wanted="a metric, or predictions",
            )
        found.append(one)
    return results(found)


def _checked(document: dict[str, Any], source: str) -> dict[str, Any]:
    """The result, if it has the fields of one."""
    from pydantic import ValidationError

    from qsac.errors import InvalidInputError
    from qsac.runtime.schema import RunResult

    try:
        RunResult.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInputError(
            "the file is not a result",
            code="plot.not-a-result",
            source=source,
            pointer="".join(f"/{part}" for part in first["loc"]),
            found=first["msg"].lower(),
            wanted="what `qsac run --json` prints",
        ) from None
    return document
