"""`qsac import`: a model file of a trained model's weights, and how far it is from the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from qsac.cli.messages import say, warn, write
from qsac.cli.progress import waiting

if TYPE_CHECKING:
    from qsac.importing.imported import Imported
    from qsac.importing.report import Piece


@click.command("import")
@click.argument("weights")
@click.option(
    "--names",
    default="gpt2",
    show_default=True,
    metavar="NAME",
    help="Which array is which: gpt2, torch, qsac, or a JSON file with a table of names.",
)
@click.option("--heads", type=click.IntRange(1), metavar="H", help="How many heads the stacked matrices are of.")
@click.option("--sequence", metavar="WORDS", help="The words of the model, by their numbers: 3,0,2.")
@click.option("--inputs", metavar="FILE", help="A file of rows, or of sequences of words, to fit to.")
@click.option(
    "--kernel",
    type=click.Choice(("softmax-taylor", "polynomial", "linear")),
    help="What stands in for the softmax's exponential.",
)
@click.option("--kernel-degree", type=int, metavar="N", help="Its degree (default: 2).")
@click.option("--kernel-range", type=float, metavar="R", help="Scores up to which a polynomial is fitted.")
@click.option("--feed-forward-degree", type=int, metavar="N", help="Degree in place of the activation (default: 2).")
@click.option("--feed-forward-range", type=float, metavar="R", help="Values up to which that polynomial is fitted.")
@click.option("--widen/--no-widen", default=None, help="Give states one more coordinate, for biases.")
@click.option(
    "--section",
    type=click.Choice(("transformer", "attention")),
    default="transformer",
    show_default=True,
    help="What to make: a transformer, or quantum attention of one head.",
)
@click.option("--layer", type=int, default=0, show_default=True, help="With --section attention: the layer, from 0.")
@click.option("--head", type=int, default=0, show_default=True, help="With --section attention: the head, from 0.")
@click.option(
    "--positions", type=click.Choice(("last", "targets")), default="last", show_default=True, help="What to read out."
)
@click.option("--name", help="The name of the model (default: that of the weights).")
@click.option("-o", "--output", metavar="FILE", help="Where to write the model file; `-` for standard output.")
@click.option("--json", "as_json", is_flag=True, help="Print pieces and distance as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Print pieces that are taken or folded exactly, too.")
def command(weights: str, output: str | None, as_json: bool, verbose: bool, **options: Any) -> None:
    """Make a model file of WEIGHTS, a .safetensors or .npz file of a trained transformer.

    Prints what becomes of each piece, and how far the closed form is from the original. Without -o nothing is written.
    """
    from qsac.importing.importation import from_arrays

    to_stdout = output == "-"
    with waiting("importing"):
        found = from_arrays(weights, **_arguments(weights, options))
    if as_json and not to_stdout:
        write(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    if to_stdout:
        write(found.to_json(), end="")
    elif output is not None:
        found.save(output)
    if not as_json or to_stdout:
        _show(found, output, verbose, stderr=to_stdout)
    if found.advice is not None:
        warn(found.advice)


def _arguments(weights: str, options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of :func:`~qsac.importing.importation.from_arrays`."""
    kernel = {
        name: options.pop(option)
        for name, option in (("type", "kernel"), ("degree", "kernel_degree"), ("range", "kernel_range"))
    }
    fit = {name: options.pop(f"feed_forward_{name}") for name in ("degree", "range")}
    sequence, inputs = options.pop("sequence"), options.pop("inputs")
    return options | {
        "kernel": {name: value for name, value in kernel.items() if value is not None} or None,
        "feed_forward": {name: value for name, value in fit.items() if value is not None} or None,
        "sequence": None if sequence is None else _words(sequence),
        "inputs": None if inputs is None else _rows(inputs),
        "name": options["name"] or (Path(weights).stem or "imported"),
    }


def _words(text: str) -> list[int]:
    from qsac.errors import InvalidInputError
    from qsac.files.pointer import quoted

    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise InvalidInputError(
            "the sequence is not one for this model",
            code="import.invalid-sequence",
            found=quoted(text),
            wanted="words by their numbers, from 0, separated by commas: 3,0,2",
        ) from None


def _rows(path: str) -> Any:
    from qsac.errors import QsacError
    from qsac.families.tokens.file import file_tokens

    place = Path(path)
    try:
        return file_tokens(place.name, place.parent, "", None, (1, 1))
    except QsacError as error:
        raise error.located(path) from None


_DISTANCES = {
    "total_variation": "mean total variation",
    "largest": "largest total variation",
    "same_word": "same likeliest word",
    "cross_entropy": "cross entropy, closed form",
    "original_cross_entropy": "cross entropy, original",
    "fidelity": "fidelity with the original's rows",
    "token_fidelity": "token fidelity",
    "success_probability": "success probability",
}


def _show(found: Imported, output: str | None, verbose: bool, *, stderr: bool) -> None:
    from qsac.cli.tables import Table, show_facts

    written = "nothing written: -o FILE writes the model" if output is None else f"written to {output}"
    say(f"{found.name}: imported, {written}", err=stderr)
    exact = [piece for piece in found.pieces if piece.fate in ("taken", "folded")]
    shown = found.pieces if verbose else [piece for piece in found.pieces if piece.fate not in ("taken", "folded")]
    if shown:
        table = Table("piece", "fate", "number", "is", "effect", numbers=("number", "effect"))
        for piece in shown:
            effect = "" if piece.effect is None else f"{piece.effect:.3g}"
            table.add(piece.part, piece.fate, f"{piece.number:.3g}", piece.of, effect)
        table.show(stderr=stderr)
    if exact and not verbose:
        say(f"and {_counted(exact, 'taken')}, {_counted(exact, 'folded')}, exactly (-v lists them)", err=stderr)
    if found.unused:
        from qsac.files.pointer import listed

        say(f"not used: {listed(found.unused)}", err=stderr)
    distance = found.distance.to_dict()
    positions = distance.pop("positions")
    if positions:
        say(f"distance of the closed form from the original, over {positions:,} positions", err=stderr)
    facts = [(_DISTANCES[name], f"{value:.6g}") for name, value in distance.items() if value is not None]
    show_facts(facts, stderr=stderr)


def _counted(pieces: list[Piece], fate: Literal["taken", "folded"]) -> str:
    return f"{sum(piece.fate == fate for piece in pieces)} {fate}"
