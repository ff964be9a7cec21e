"""`qsac bind`: fills a template with new tokens or parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qsac.cli.arguments import load_argument, read_json
from qsac.cli.compile import FORMS, check_form, deliver, output_place, written
from qsac.cli.progress import progress_bar
from qsac.cli.stages import StagePrinter, prints_stages

if TYPE_CHECKING:
    from qsac.files.numbers import Numbers

ENDING = ".qsac-template.json"


@click.command("bind")
@click.argument("template")
@click.option(
    "--tokens", help="The tokens: a .npy, .npz, .csv or .safetensors file, a model file, or the .txt file of a text."
)
@click.option("--parameters", help="A JSON file: an object with value, score and phases.")
@click.option("-o", "--output", help="File to write, or - for standard output.")
@click.option("--emit", type=click.Choice(FORMS), default="artifact", show_default=True, help="What to write.")
@click.option("--early-exit", is_flag=True, help="With --emit qir: end a shot as soon as a bit rejects it.")
@click.option(
    "--circuit", metavar="NAME", help="With an --emit other than artifact: which of several circuits to write."
)
@click.option(
    "--verify/--no-verify", default=None, help="Simulate and compare with the closed form (default: up to 15 qubits)."
)
@prints_stages
@click.option("--timing", is_flag=True, help="Print the time of each stage, on stderr.")
@click.option("--json", "as_json", is_flag=True, help="Print statistics and times as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also print registers, every pass, and the gates op by op.")
def command(
    template: str,
    tokens: str | None,
    parameters: str | None,
    output: str | None,
    emit: str,
    early_exit: bool,
    circuit: str | None,
    verify: bool | None,
    stages: StagePrinter,
    timing: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Fill tokens and parameters into TEMPLATE, written by `qsac compile --template`.

    Whatever is not given stays as in the model that the template was compiled from. Writes NAME.qsac.json for
    NAME.qsac-template.json unless -o says otherwise; other forms go to standard output.
    """
    check_form(emit, early_exit, circuit, stages)
    from qsac.templates.template import Template

    default = f"{Path(template).name.removesuffix(ENDING).removesuffix('.json')}.qsac.json"
    sources = {"template": template, "file of tokens": tokens, "file of parameters": parameters}
    given = {kind: source for kind, source in sources.items() if source is not None}
    place = output_place(output, default if emit == "artifact" else "-", given, as_json=as_json)
    found = Template.load(template)
    with progress_bar(quiet) as progress:
        compiled = found.bind(
            None if tokens is None else _tokens(tokens, words=getattr(found.model, "text", None) is not None),
            None if parameters is None else _parameters(parameters),
            verify=verify,
            after=stages.after,
            progress=progress,
        )
    deliver(
        compiled,
        written(compiled, emit, early_exit, circuit, stages),
        place,
        emit,
        named=output is not None,
        verify=verify,
        timing=timing,
        as_json=as_json,
        quiet=quiet,
        verbose=verbose,
    )


def _tokens(argument: str, *, words: bool) -> Numbers | str | list[str]:
    if argument == "-" or argument.endswith(".json"):
        return _tokens_of(argument)
    if words and argument.endswith(".txt"):
        from qsac.families.tokens.text import text_file

        return text_file(argument)
    from qsac.errors import QsacError
    from qsac.families.tokens.file import file_tokens

    place = Path(argument)
    try:
        return file_tokens(place.name, place.parent, "")
    except QsacError as error:
        raise error.located(argument) from None


def _tokens_of(argument: str) -> Numbers | list[str]:
    """The tokens of a model file as given, or the words of its text."""
    from qsac.errors import InvalidInputError

    found = load_argument(argument)
    text = getattr(found, "text", None)
    if text is not None:
        return [text.words[number] for number in text.sequence]
    tokens: Numbers | None = getattr(found, "given_tokens", None)
    if tokens is None:
        raise InvalidInputError(
            "the model has no tokens to bind",
            code="template.no-tokens",
            source=argument,
            wanted="a model with tokens",
        )
    return tokens


def _parameters(argument: str) -> dict[str, Any]:
    from qsac.errors import InvalidInputError

    found = read_json(argument, "file of parameters")
    if not isinstance(found, dict):
        raise InvalidInputError(
            "the parameters are not a JSON object",
            code="json.not-an-object",
            source=argument,
            wanted='{"value": [[[0.1, ...], ...], ...], ...}',
        )
    return found
