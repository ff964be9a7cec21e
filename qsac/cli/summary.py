"""What is said of a compiled program: facts, registers, where the gates go, and what the passes did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qsac.cli.messages import say

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled


def facts_of(compiled: Compiled, place: str) -> dict[str, Any]:
    """What `--json` says of a compiled program that was written to ``place``."""
    return {
        "name": compiled.model.name,
        "sha256": compiled.model.sha256,
        "target": compiled.target["name"],
        "output": place,
        "verified": None if compiled.verified is None else asdict(compiled.verified),
        "options": compiled.options,
        "stats": compiled.stats,
        "timings": compiled.timings,
    }


def print_timing(compiled: Compiled) -> None:
    """The time of each stage, on stderr."""
    from qsac.report.summary import timing_rows

    for name, milliseconds in timing_rows(compiled):
        say(f"{name:<20}{milliseconds:>12} ms", err=True)


def print_summary(compiled: Compiled, place: str, what: str, verify: bool | None, verbose: bool) -> None:
    """Facts and passes, on stdout unless the output itself goes there."""
    from qsac.cli.places import show_places
    from qsac.cli.tables import show_facts
    from qsac.report.summary import facts

    to_stderr = place == "-"
    if compiled.verified:
        exact = compiled.verified.how == "closed form"
        verified = "verified against " + ("the closed form" if exact else "its own program, because it is not exact")
    else:
        verified = "not verified" + (" (too wide to verify by default: --verify)" if verify is None else "")
    say(f"{compiled.model.name}: compiled, {verified}", err=to_stderr)
    rows = facts(compiled)
    if verbose:
        for stats in compiled.parts_stats:
            rows += [(name, " ".join(qubits)) for name, qubits in stats["allocation"].items()]
    show_facts(rows, stderr=to_stderr)
    if verbose:
        show_places(compiled.stats["forecast"], stderr=to_stderr)
        show_breakdown(compiled, stderr=to_stderr)
    counts = [step for stats in compiled.parts_stats for step in stats["passes"]]
    show_passes(counts, every=verbose, stderr=to_stderr)
    if not to_stderr:
        say(f"{what} written to {place}")


def show_breakdown(compiled: Compiled, *, stderr: bool) -> None:
    """Where the gates go: the tree of ops."""
    from qsac.cli.screen import screen

    say(*compiled.explain().text(screen(stderr=stderr)).split("\n"), err=stderr, whole=True)


def show_passes(counts: Sequence[Mapping[str, Any]], *, every: bool, stderr: bool) -> None:
    """The table of the passes that changed the number of two-qubit gates, or of every pass; nothing if empty."""
    from qsac.cli.tables import Table
    from qsac.report.summary import pass_rows

    rows = pass_rows(counts, every=every)
    if rows:
        table = Table("pass", "level", "two-qubit gates before", "after", numbers=("two-qubit gates before", "after"))
        for row in rows:
            table.add(*row)
        table.show(stderr=stderr)
