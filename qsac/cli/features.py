"""`qsac features`: vectors of texts, to learn from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import click

from qsac.cli.arguments import open_cache
from qsac.cli.messages import say, write
from qsac.cli.output import check_sources_stay
from qsac.cli.progress import waiting

if TYPE_CHECKING:
    from qsac.text.features import Features

ENCODERS = ("minilm", "tf-idf", "wordllama")


@click.command("features")
@click.argument("texts")
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to write the vectors, a .npz file.")
@click.option(
    "--encoder", type=click.Choice(ENCODERS), help="What turns texts into vectors (default: tf-idf, which is fitted)."
)
@click.option(
    "--dimension", metavar="K", help="Principal components to keep (default: 16), or `all` for no projection."
)
@click.option("--fitted", metavar="FILE", help="Encode as the texts of this file were encoded; nothing is fitted.")
@click.option("--test", type=float, metavar="SHARE", help="Share of the texts to test with (default: 0.2).")
@click.option("--validation", type=float, metavar="SHARE", help="Share to validate with (default: 0.1).")
@click.option("--seed", type=int, help="Seed of the split (default: 0).")
@click.option(
    "--format", "format", type=click.Choice(("txt", "csv", "jsonl")), help="What TEXTS is, whatever its name."
)
@click.option("--text-column", metavar="NAME", help="The column or field of the texts (default: text).")
@click.option("--label-column", metavar="NAME", help="The column or field of the labels (default: label).")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print what the vectors were made with as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and warnings only.")
def command(texts: str, output: str, no_cache: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Turn TEXTS into vectors with labels and parts, for `qsac train` and classical baselines.

    TEXTS is a .txt file with a text in each line, a .csv file or a .jsonl file with texts and labels, or `-` for
    standard input. The encoder and the projection are fitted to the part that trains alone, and kept in the output.
    """
    given = {name: value for name, value in options.items() if value is not None}
    excluded = sorted({"encoder", "dimension", "test", "validation", "seed"} & set(given)) if "fitted" in given else []
    if excluded:
        raise click.UsageError(f"--fitted and --{excluded[0]} exclude each other")
    sources = {"file of texts": texts} | ({"file of features": given["fitted"]} if "fitted" in given else {})
    check_sources_stay(output, sources)
    from qsac.text.features import features

    if "dimension" in given:
        given["dimension"] = _dimension(given["dimension"])
    with waiting("encoding"):
        found = features(texts, cache=open_cache(no_cache), **given)
        found.save(output)
    if as_json:
        write(json.dumps(_document(found), indent=2, allow_nan=False))
    elif not quiet:
        _show(found, output)


def _dimension(text: str) -> int | Literal["all"]:
    if text == "all":
        return "all"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise click.UsageError("--dimension is neither a whole number nor `all`")
    return int(text)


def _document(found: Features) -> dict[str, Any]:
    number, entries = found.features.shape
    parts = {name: len(found.samples.places(name)) for name in ("train", "validation", "test")}
    return {**found.record, "vectors": number, "entries": entries, "parts": parts}


def _show(found: Features, output: str) -> None:
    from qsac.cli.tables import show_facts
    from qsac.text.features import summary

    say(f"{len(found.samples):,} texts: written to {output}")
    show_facts(summary(found))
