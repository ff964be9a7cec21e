"""`qsac init`: a model file of quantum attention, from arrays or from answers on a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from qsac.cli.messages import say

KERNELS = ("monomial", "softmax-taylor")
READOUTS = ("loss", "predict", "overlaps")
MASKS = ("causal", "full")

MOST_INLINE = 256
"""Numbers of tokens that are written into the model file; more stay in their own file, which it names."""


@click.command("init")
@click.argument("file", default="model.json")
@click.option("--tokens", help="A .npy, .npz, .csv or .safetensors file of T+1 rows, in the model file's folder.")
@click.option("--array", help="Which of several arrays in the file of tokens.")
@click.option("--name", help="The name of the model (default: that of FILE).")
@click.option("--kernel", type=click.Choice(KERNELS), default="monomial", show_default=True, help="The kernel g.")
@click.option("--degree", type=click.IntRange(0), default=1, show_default=True, help="Its degree.")
@click.option("--mask", type=click.Choice(MASKS), default="causal", show_default=True, help="Which keys are seen.")
@click.option(
    "--layers", type=click.IntRange(0), default=0, show_default=True, help="Layers of V and W; 0: both the identity."
)
@click.option("--readout", type=click.Choice(READOUTS), default="loss", show_default=True, help="What is reported.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the angles of V and W.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(file: str, tokens: str | None, array: str | None, quiet: bool, **choices: Any) -> None:
    """Write FILE, a model file of quantum attention, which `qsac check` and `qsac compile` take.

    Its tokens are those of --tokens. Without it, questions are asked on the terminal: for tokens from a file, or of an
    Ising chain, which needs no data. An existing file is never replaced.
    """
    place = Path(file)
    _check_free(place)
    if tokens is None:
        if array is not None:
            raise click.UsageError("--array is for --tokens")
        if not sys.stdin.isatty():
            raise click.UsageError("name the tokens with --tokens: there is no terminal to ask on")
        given, choices = _asked(place, choices)
    else:
        given = _of_file(tokens, array, place)
    from qsac.families.reading import load_text
    from qsac.files.writing import write_whole

    text = json.dumps(_document(place, given, choices), indent=2) + "\n"
    loaded = load_text(text, str(place), place.parent)
    write_whole(place, [text], guard=_check_free)
    if not quiet:
        say(f"{loaded.name}: written to {place}", f"next: qsac check {place}, qsac compile {place}")


def _check_free(place: Path) -> None:
    """Refuse to replace a file, and a place where none can be."""
    from qsac.errors import InvalidInputError

    if place.exists() or place.is_symlink():
        raise InvalidInputError(
            "the model file is there already",
            code="output.exists",
            source=str(place),
            wanted="a name that no file has",
            help="qsac init with another name; nothing was changed",
        )


def _of_file(tokens: str, array: str | None, place: Path) -> dict[str, Any]:
    """The tokens of a file: as numbers where they are few, else by the file's name."""
    from qsac.errors import QsacError
    from qsac.families.tokens.file import file_tokens
    from qsac.files.numbers import as_lists

    path = Path(tokens)
    try:
        values = file_tokens(path.name, path.parent, "/tokens/path", array)
    except QsacError as error:
        error.pointer = None  # there is no model file yet that it could be a place of
        raise error.located(tokens) from None
    if values.size <= MOST_INLINE:
        return {"type": "inline", "values": as_lists(values)}
    named = {"type": "file", "path": _within(path, place)}
    return named if array is None else named | {"array": array}


def _within(path: Path, place: Path) -> str:
    """A file's path from the folder of the model file, which has to hold it."""
    from qsac.errors import InvalidInputError

    folder = place.parent.resolve()
    if not path.resolve().is_relative_to(folder):
        raise InvalidInputError(
            "the file of tokens is not in the folder of the model file",
            code="file.outside-folder",
            source=str(path),
            found=f"it would be named by {place}",
            wanted=f"a file in {folder}, as a model file stands alone with its folder",
            help="copy it there, or write the model file beside it",
        )
    return path.resolve().relative_to(folder).as_posix()


def _document(place: Path, tokens: dict[str, Any], choices: dict[str, Any]) -> dict[str, Any]:
    """The model file."""
    layers, seed = choices["layers"], choices["seed"]

    def unitary(offset: int) -> dict[str, Any]:
        if not layers:
            return {"type": "identity"}
        return {
            "type": "hardware-efficient",
            "layers": layers,
            "parameters": {"init": "normal", "seed": seed + offset},
        }

    return {
        "qsac": 1,
        "name": choices["name"] or place.name.removesuffix(".json"),
        "tokens": tokens,
        "attention": {
            "type": "overlap",
            "mask": choices["mask"],
            "kernel": {"type": choices["kernel"], "degree": choices["degree"]},
            "value": unitary(0),
            "score": unitary(1),
        },
        "readout": {"type": choices["readout"]},
    }


# Questions


def _asked(place: Path, choices: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tokens and choices by questions; what the command line says is what Enter takes."""
    say("Press Enter for what stands in brackets.", err=True)
    tokens = _asked_tokens(place)
    found = dict(choices)
    found["name"] = choices["name"] or _ask("name of the model", place.name.removesuffix(".json"))
    found["kernel"] = _ask("kernel", choices["kernel"], click.Choice(KERNELS))
    found["degree"] = _ask("degree of the kernel", choices["degree"], click.IntRange(0))
    found["mask"] = _ask("mask", choices["mask"], click.Choice(MASKS))
    found["layers"] = _ask("layers of V and W (0: the identity)", choices["layers"], click.IntRange(0))
    found["readout"] = _ask("readout", choices["readout"], click.Choice(READOUTS))
    return tokens, found


def _asked_tokens(place: Path) -> dict[str, Any]:
    if _ask("tokens from a file, or of an Ising chain", "ising", click.Choice(("file", "ising"))) == "file":
        return _of_file(_ask("file of tokens (.npy, .npz, .csv)", None), None, place)
    return {
        "type": "tfim",
        "sites": _ask("sites of the chain", 2, click.IntRange(1)),
        "context": _ask("context tokens T", 8, click.IntRange(1)),
        "dt": _ask("time step", 0.35, click.FLOAT),
        "coupling": _ask("coupling", 1.0, click.FLOAT),
        "field": _ask("transverse field", 0.8, click.FLOAT),
        "initial": _ask("initial state", "haar", click.Choice(("haar", "plus", "zero"))),
        "seed": _ask("seed of the initial state", 0, click.IntRange(0)),
    }


def _ask(question: str, default: Any, kind: Any = None) -> Any:
    """An answer, asked for on stderr: standard output is for results."""
    return click.prompt(question, default=default, type=kind, err=True)
