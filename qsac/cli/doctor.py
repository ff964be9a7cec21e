"""`qsac doctor`: what is installed, what is missing, and whether the cache and the journals are in order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qsac.cli.messages import say, warn, write

if TYPE_CHECKING:
    from qsac.views.installation import Installation


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Say what is installed and what is missing: Python, packages, extras, the cache, the journals, other packages.

    Nothing is changed. The exit code is 0 if qsac is usable, 1 if a package that it needs is missing or too old.
    """
    from qsac.cli.main import version
    from qsac.views.installation import installation

    found = installation(version())
    if as_json:
        write(json.dumps(found.to_dict(), indent=2))
    else:
        _show(found)
    context.exit(0 if found.usable else 1)


def _show(found: Installation) -> None:
    from qsac.cli.tables import Table, show_facts

    say(
        f"qsac {found.version} on Python {found.python.found} ({found.system}): "
        f"{'usable' if found.usable else 'not usable'}"
    )
    if found.python.state != "in order":
        warn(f"Python is {found.python.state}: wanted {found.python.wanted}")
    table = Table("package", "here", "wanted", "state")
    for package in found.packages:
        table.add(package.name, package.found or "-", package.wanted, package.state)
    table.show()
    table = Table("extra", "for", "state", "missing")
    for extra in found.extras:
        table.add(extra.name, extra.purpose, extra.state, ", ".join(extra.missing))
    table.show()
    table = Table("kept", "state", "what", "where")
    for store in found.stores:
        table.add(store.name, store.state, store.said, store.path)
    table.show()
    if found.foreign or found.settings:
        say("also")
        show_facts([*((name, ", ".join(offered)) for name, offered in found.foreign.items()), *found.settings.items()])
    missing = [extra for extra in found.extras if extra.missing]
    if missing:
        say(f"{missing[0].command} installs what {missing[0].name} needs, and so for the others")
    broken = [package.name for package in found.packages if package.state != "in order"]
    if broken:
        warn(f"qsac needs {', '.join(broken)}: pip install --upgrade qsac")
    for name in found.damaged:
        warn(f"the entry points of {name} are damaged: install it again, or remove it")
    for store in found.stores:
        if store.state == "unusable":
            warn(f"the {store.name} is not in order: {store.said}")
