"""`qsac schema`: the JSON Schemas of model files, of results, of estimates, of target files, of training
configurations and of plans."""

from __future__ import annotations

from importlib import resources

import click

from qsac.cli.messages import write

SCHEMAS = {
    "model": ("families", "model.schema.json"),
    "estimate": ("compiler", "estimate.schema.json"),
    "results": ("runtime", "results.schema.json"),
    "target": ("machine", "target.schema.json"),
    "train": ("training", "train.schema.json"),
    "sweep": ("sweeps", "sweep.schema.json"),
}


@click.command("schema")
@click.option(
    "--of", "kind", type=click.Choice(tuple(SCHEMAS)), default="model", show_default=True, help="Which schema."
)
@click.option("--train", "kind", flag_value="train", help="That of training configurations: --of train.")
def command(kind: str) -> None:
    """Print the JSON Schema of model files, of the output of `qsac run --json` or `qsac estimate --json`, of files that
    describe a machine, of training configurations, or of plans of sweeps.

    Editors use it to complete and check such a file while you write it.
    """
    text = resources.files("qsac").joinpath(*SCHEMAS[kind]).read_text(encoding="utf-8")
    write(text, end="")
