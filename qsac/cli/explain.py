"""`qsac explain`: what a name means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qsac.cli.completing import explained_names
from qsac.cli.messages import say, write

if TYPE_CHECKING:
    from qsac.views.explanations import Explanation


@click.command("explain")
@click.argument("name", required=False, shell_complete=explained_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, as_json: bool) -> None:
    """Say what NAME means: a pass, an op, a metric, a target or an error code. Without NAME, list all names.

    Passes, ops and targets of other packages are explained too.
    """
    from qsac.views.explanations import explain, names

    if name is None:
        known = names()
        if as_json:
            write(json.dumps(known, indent=2))
            return
        for kind, listed in known.items():
            say(f"{kind}s", f"  {', '.join(listed)}")
        return
    found = explain(name)
    if as_json:
        write(json.dumps([one.to_dict() for one in found], indent=2))
        return
    for one in found:
        _show(one)


def _show(one: Explanation) -> None:
    from qsac.cli.tables import show_facts

    package = "" if one.package is None else f" of {one.package}"
    say(f"{one.name}: {'an' if one.kind[0] in 'aeio' else 'a'} {one.kind}{package}")
    for paragraph in one.text:
        say(*(f"  {line}" for line in paragraph.splitlines()))
    show_facts(list(one.facts))
