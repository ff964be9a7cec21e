"""`qsac schema`: the JSON Schema of model files."""

from __future__ import annotations

from importlib import resources

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of model files.

    Editors use it to complete and check a model while it is written.
    """
    text = (resources.files("qsac") / "model" / "model.schema.json").read_text(encoding="utf-8")
    click.echo(text, nl=False)
