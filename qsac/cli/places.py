"""Where a model's shots are lost, as a table, with what is to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qsac.cli.messages import note, say, warn


def show_places(told: Mapping[str, Any], *, stderr: bool = False) -> None:
    """Print where shots are lost by a :func:`~qsac.report.forecast.forecast`; nothing where it does not say so."""
    from qsac.cli.tables import Table
    from qsac.report.losses import place_rows

    if "places" not in told:
        return
    worst, rows = place_rows(told)
    if len(told["circuits"]) > 1:
        say(f"of {len(told['circuits']):,} circuits {worst} succeeds least often", err=stderr)
    table = Table("place", "lambda", "factor of acceptance", numbers=("lambda", "factor of acceptance"))
    for row in rows:
        table.add(*row)
    table.show(stderr=stderr)


def show_losses(told: Mapping[str, Any]) -> None:
    """Say on stderr what is lost most at one place, and that very many shots are needed."""
    if told.get("bottleneck"):
        note(told["bottleneck"])
    if told.get("warning"):
        warn(told["warning"])
