"""`qsac passes`: the steps that pipelines are made of."""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

import click

from qsac import registry
from qsac.cli.messages import write
from qsac.cli.tables import Table


@click.command("passes")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with options and whole contracts.")
def command(as_json: bool) -> None:
    """List the passes: name and options, level, the lowest -O that runs them, and what they do.

    `qsac compile --passes "name{option=value},name"` runs those and no others.
    """
    rows = [_facts(registry.pass_class(name)) for name in registry.pass_names()]
    if as_json:
        write(json.dumps(rows, indent=2, allow_nan=False))
        return
    table = Table("name", "level", "-O", "what it does")
    for row in rows:
        options = ",".join(f"{name}={value}" for name, value in row["options"].items())
        summary = row["contract"].split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
        table.add(row["name"] + (f"{{{options}}}" if options else ""), row["level"], str(row["optimisation"]), summary)
    table.show()


def _facts(cls: type[registry.AnyPass]) -> dict[str, Any]:
    return {
        "name": cls.name,
        "level": cls.level,
        "optimisation": cls.optimisation,
        "options": {
            field.name: None if field.default is dataclasses.MISSING else field.default
            for field in dataclasses.fields(cls)
            if field.init
        },
        "contract": inspect.getdoc(cls) or "",
    }
