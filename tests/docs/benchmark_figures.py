"""What the first page and the page on coupling graphs say of docs/benchmarks.md: its own figures, as they were
measured."""

from pathlib import Path

import pytest

from tests.bench import summary
from tests.bench.reading import Table, find
from tests.bench.table import ratio

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def _found(text: str, section: str, title: str, *columns: str) -> Table:
    table = find(text, section, title, *columns)
    if table is None:
        pytest.skip(f"make bench has not measured {title}")
    return table


def _filled(text: str) -> str:
    """A paragraph in lines of at most 120 characters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > 120:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _devices(text: str) -> str:
    """Ratios and processor seconds on IBM's devices."""
    together = _found(text, summary.DEVICES, "All devices", "geometric mean")
    times = {row[0]: row for row in _found(text, summary.DEVICES, "All devices, times").rows}
    means = {row[0].removeprefix("two-qubit "): row[1] for row in together.rows}
    largest = {row[0].removeprefix("two-qubit "): row[2] for row in together.rows}
    cases = sum(len(one.rows) - 1 for one in summary.routed(text, "Two-qubit gates"))

    def seconds(name: str) -> str:
        return f"{times[name][1]} to {times[name][3]}"

    return (
        f"On IBM's devices, {cases} cases, qsac's routed circuits have {means['gates, equal time']} of the two-qubit "
        f"gates and {means['depth, equal time']} of the depth (geometric means) of what Qiskit and TKET make of the "
        f"same unrouted circuits in the same processor time, and {means['gates, best']} and {means['depth, best']} of "
        f"the best of 100 seeds of Qiskit and TKET, at most {largest['gates, best']} and {largest['depth, best']}. "
        f"-O2 takes {seconds('qsac -O2')} processor seconds, -O1 {seconds('qsac -O1')}, Qiskit "
        f"{seconds('Qiskit 3, 30 seeds')} for 30 seeds and {seconds('Qiskit 3, 100 seeds')} for 100, TKET "
        f"{seconds('TKET 2')}."
    )


def readme() -> str:
    """All-to-all and on devices."""
    text = PAGE.read_text(encoding="utf-8")
    _found(text, *summary.GAINS)
    users = {
        what.rpartition(", ")[2]: ratios
        for what, other, ratios in summary.lines(text)
        if what.startswith("gates: whole circuits") and "competent" in other
    }
    said = [
        f"{ratio(summary.mean(ratios))} where tokens are {kind.removesuffix(' tokens')} ({len(ratios)} cases, "
        f"{ratio(min(ratios))} to {ratio(max(ratios))})"
        for kind, ratios in users.items()
    ]
    return _filled(
        f"All-to-all, qsac's circuits have fewer two-qubit gates than those that a competent user writes with a "
        f"library's multiplexed gates, given qsac's readout: {' and '.join(said)}, as geometric means over the best "
        f"compiler's result. {_devices(text)}"
    )


def coupling() -> str:
    """On devices alone."""
    return _filled(_devices(PAGE.read_text(encoding="utf-8")))
