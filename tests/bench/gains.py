"""Where a gain over the baselines is from: two-qubit gates from the hand-written circuit to qsac's, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.bench.table import count, ratio, table

if TYPE_CHECKING:
    from tests.bench.counts import Row

LOADERS = (
    *("compress-tokens", "load-by-structure", "rotate-ladders"),
    *("evolve-tokens", "truncate-tokens", "prune-loaders"),
)
"""Passes that change how tables are loaded; what all others save is folded or cancelled."""


def fewest(measured: Sequence[Row], construction: str) -> int | None:
    """The fewest gates of a construction, whichever compiler left them."""
    found = [row.outcome.result["gates"] for row in measured if row.series[0] == construction and row.outcome.result]
    return min(found, default=None)


def competent(measured: Sequence[Row]) -> int | None:
    """The competent user's circuit: (d) for complex tokens, (c) for real ones, by the compiler that does best."""
    return fewest(measured, "diagonal" if measured[0].case.complex else "fused")


def shares(result: dict[str, Any], indexed: int) -> tuple[int, int]:
    """What of the gates between (e) and qsac its loaders save, and what folding and cancelling do: differences that are
    negative where gates are saved."""
    passes: dict[str, list[int]] = result["passes"]
    first = next(iter(passes.values()))[0] if passes else result["gates"]
    loaders = first - indexed + sum(after - before for name, (before, after) in passes.items() if name in LOADERS)
    return loaders, result["gates"] - indexed - loaders


def line(measured: Sequence[Row]) -> list[str]:
    """A case's row: gates of (b), then what each step adds or saves, then qsac's."""
    case = measured[0].case
    own = next((row.outcome.result for row in measured if row.series == ("qsac", "2")), None)
    chain = [fewest(measured, name) for name in ("multiplexed", "fused")]
    chain.append(competent(measured))
    chain.append(fewest(measured, "indexed"))
    steps = [_step(before, after) for before, after in pairwise(chain)]
    if not case.complex:
        steps[1] = ""
    rest = ["", ""]
    if own and chain[-1] is not None:
        rest = [_signed(number) for number in shares(own, chain[-1])]
    made = own["gates"] if own else None
    cells = [count(chain[0]), *steps, *rest, count(made), count(chain[2])]
    return [f"{case}, {case.numbers}", *cells, ratio(made / chain[2]) if made and chain[2] else ""]


def _step(before: int | None, after: int | None) -> str:
    return "" if before is None or after is None else _signed(after - before)


def _signed(number: int) -> str:
    return f"{number:+,}".replace("-", "−") if number else "0"


def section(cases: Sequence[Sequence[Row]]) -> str:
    return INTRODUCTION + "\n" + table(HEADER, [line(measured) for measured in cases])


HEADER = [
    "",
    "(b)",
    "readout",
    "library's diagonals",
    "index state",
    "loaders",
    "folding",
    "qsac -O2",
    "competent user",
    "qsac / competent user",
]

INTRODUCTION = """\
### Where the gain is from

Two-qubit gates from the hand-written circuit (b) to qsac's, each by the compiler that leaves fewest: what the fused
readout saves, (b) to (c); what the library's multiplexed gates up to diagonals save where tokens are complex, (c) to
(d); what qsac's index state saves, to (e); and what is left, by qsac's own statistics: its loaders, and what its passes
fold and cancel. The competent user's circuit is (d), for real tokens (c): it has qsac's readout already.
"""
