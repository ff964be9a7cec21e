"""`qsac passes`: lists the passes that pipelines are made of."""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

import click

from qsac.cli.messages import warn, write
from qsac.cli.tables import Table
from qsac.errors import ExtensionError
from qsac.pipeline import registry
from qsac.pipeline.contract import BY_NAME
from qsac.plugins import contained, is_foreign, package_of, unreadable


@click.command("passes")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with options and whole contracts.")
def command(as_json: bool) -> None:
    """List the passes: name and options, level, the lowest -O that runs them, and what they do.

    `qsac compile --passes "name{option=value},name"` runs only these; `--passes "default,-name,+name"` removes a pass
    from those of the -O level and adds another. Passes of other packages run only if they are named; one that cannot be
    used is listed with the reason.
    """
    rows = [_row(name) for name in registry.pass_names()]
    note_unreadable()
    if as_json:
        write(json.dumps(rows, indent=2, allow_nan=False))
        return
    table = Table("name", "level", "-O", "what it does")
    for row in rows:
        if "broken" in row:
            table.add(row["name"], "-", "-", f"broken: {row['broken']}")
            continue
        options = ",".join(f"{name}={value}" for name, value in row["options"].items())
        summary = row["contract"].split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
        if row["package"] is not None:
            summary = f"({row['package']}) {summary}"
        own = row["package"] is None and row["optimisation"] != BY_NAME
        level = str(row["optimisation"]) if own else "-"
        table.add(row["name"] + (f"{{{options}}}" if options else ""), row["level"], level, summary)
    table.show()


def note_unreadable() -> None:
    """Name the installed packages whose entry points cannot be read."""
    for package in unreadable():
        warn(f"passes and targets of {package} cannot be read: its entry points are damaged")


def _row(name: str) -> dict[str, Any]:
    """The facts of a pass; for one of another package that cannot be used, the reason."""
    try:
        cls = registry.pass_class(name)
        if not is_foreign(cls):
            return _facts(cls, None)
        package = package_of(cls)
        with contained(f"the pass {name!r} of {package} cannot be described", package):
            row = _facts(cls, package)
            json.dumps(row, allow_nan=False)
            return row
    except ExtensionError as error:
        return {"name": name, "package": error.package, "broken": error.reason}


def _facts(cls: type[registry.AnyPass], package: str | None) -> dict[str, Any]:
    return {
        "name": cls.name,
        "package": package,
        "level": cls.level,
        "optimisation": cls.optimisation,
        "after": list(cls.after),
        "options": {
            field.name: None if field.default is dataclasses.MISSING else field.default
            for field in dataclasses.fields(cls)
            if field.init
        },
        "contract": inspect.getdoc(cls) or "",
    }
