"""What the page says at its beginning: one table and two plots, made of the sections' own tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.reading import Table, commits, find, in_parentheses, number, tables
from tests.bench.table import ratio, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAINS = ("Two-qubit gates", "Where the gain is from")
DEVICES = "Coupling graphs"
PLOTS = {
    "benchmarks-gates": "Two-qubit gates of each case, all-to-all: by hand, by a competent user, and by qsac",
    "benchmarks-devices": "Gates and depth on devices against processor seconds: qsac, Qiskit and TKET",
}

Line = tuple[str, str, list[float]]


def mean(values: Sequence[float]) -> float:
    """The geometric mean."""
    return exp(sum(map(log, values)) / len(values))


def lines(page: str) -> Iterator[Line]:
    """What is compared, with what, and the ratios of qsac's figure to the other's."""
    yield from _circuits(page)
    found = find(page, "Transformers", "Two-qubit gates", "qsac / best by hand")
    if found:
        yield "gates: transformers", "the same by hand, best compiler", _numbers(found.column("qsac / best by hand"))
    for kind in ("complex", "real"):
        yield from _states(page, kind)
    yield from _devices(page)
    fused = [value for one in tables(page) if "fused / equal" in one.header for value in one.column("fused / equal")]
    if fused:
        yield "shots for an error of the loss", "two circuits, shots in equal parts", _numbers(fused)
    yield from _times(page)


def _numbers(cells: Sequence[str]) -> list[float]:
    return [value for cell in cells if (value := number(cell)) is not None]


def _circuits(page: str) -> Iterator[Line]:
    found = find(page, *GAINS)
    if found is None:
        return
    places = {name: found.header.index(name) for name in ("qsac -O2", "competent user", "index state")}
    for kind in ("real", "complex"):
        users, indexed = [], []
        for row in found.rows:
            own, user, step = (number(row[place]) for place in places.values())
            if row[0].endswith(kind) and own is not None and user is not None:
                users.append(own / user)
                indexed += [own / (user + step)] if step is not None else []
        if users:
            yield (
                f"gates: whole circuits, {kind} tokens",
                f"a competent user, {'(d)' if kind == 'complex' else '(c)'}",
                users,
            )
        if indexed:
            yield f"gates: whole circuits, {kind} tokens", "the same with qsac's index state, (e)", indexed


def _states(page: str, kind: str) -> Iterator[Line]:
    found = find(page, "States", f"Random {kind} states: two-qubit gates", "**qsac -O2**")
    if found is None:
        return
    own = found.header.index("**qsac -O2**")
    peers = [found.header.index(name) for name in ("qclib", "Qiskit", "TKET", "PennyLane", "BQSKit")]
    ratios = []
    for row in found.rows:
        least = min(_numbers([row[place] for place in peers]), default=None)
        made = number(row[own])
        if least and made:
            ratios.append(made / least)
    if ratios:
        yield f"gates: random {kind} states", "the best library", ratios


def _devices(page: str) -> Iterator[Line]:
    for figure, title in (("gates", "Two-qubit gates, and processor seconds:"), ("depth", "Two-qubit depth:")):
        for kind, said in (
            ("equal time", "Qiskit and TKET in equal processor time"),
            ("best", "100 seeds of Qiskit, TKET"),
        ):
            ratios = [
                value
                for one in routed(page, title)
                for value in _numbers([row[one.header.index(f"-O2 / {kind}")] for row in one.rows[:-1]])
            ]
            if ratios:
                yield f"{figure}: IBM's devices", said, ratios


def routed(page: str, what: str) -> list[Table]:
    """The tables of gates, or of depth, for each device: they come in turns."""
    found = [one for one in tables(page) if one.section == DEVICES and "-O2 / best" in one.header]
    return found[what.startswith("Two-qubit depth") :: 2]


def _times(page: str) -> Iterator[Line]:
    for one in tables(page):
        if one.section == "Compile time and memory" and "qsac in memory / this" in one.header:
            for row, value in zip(one.rows, one.column("qsac in memory / this"), strict=True):
                if row[0] in ("Qiskit 3, on (c)", "Qiskit 3, on qsac's -O0 circuit") and number(value):
                    yield f"seconds: {one.title}", row[0], _numbers([value])


def section(page: str) -> str:
    """The summary of a page, with links to the plots that its tables suffice for."""
    rows = [
        [what, other, str(len(ratios)), ratio(mean(ratios)), ratio(min(ratios)), ratio(max(ratios))]
        for what, other, ratios in lines(page)
    ]
    text = [INTRODUCTION, _of_commits(page), ""]
    text.append(table(["compared", "with", "cases", "geometric mean", "least", "largest"], rows))
    found = find(page, DEVICES, "All devices, times")
    if found:
        text.append(_device_times(found))
    text += [f"![{PLOTS[name]}](static/{name}.svg)\n" for name in PLOTS if drawable(page, name)]
    return "\n".join(text)


def _of_commits(page: str) -> str:
    found = commits(page)
    if len(found) == 1:
        return f"Every section was measured at commit {next(iter(found))}."
    said = [f"{', '.join(titles)} at {commit}" for commit, titles in found.items()]
    return f"Sections were measured at different commits: {'; '.join(said)}."


def _device_times(found: Table) -> str:
    cells = [f"{row[0]}: {row[1]} to {row[3]}" for row in found.rows]
    return f"Processor seconds on IBM's devices, least to most of all cases. {'; '.join(cells)}.\n"


def drawable(page: str, name: str) -> bool:
    """Whether the page has what a plot shows."""
    return bool(find(page, *GAINS)) if name == "benchmarks-gates" else bool(routed(page, "gates"))


def draw(page: str, folder: Path) -> None:
    """Write the plots as SVG."""
    from qsac.training.plots import WIDTH, drawn

    for name, (height, figure) in {"benchmarks-gates": (5.2, _gates), "benchmarks-devices": (3.4, _seconds)}.items():
        if drawable(page, name):
            drawn((WIDTH, height), lambda made, figure=figure: figure(page, made)).write(folder / f"{name}.svg")


def _gates(page: str, figure: Figure) -> None:
    from qsac.training.plots import BLUE, GREEN, GREY, VERMILION

    found = find(page, *GAINS)
    assert found is not None
    axes = figure.subplots()
    at = {name: found.header.index(name) for name in ("(b)", "competent user", "index state", "qsac -O2")}
    series: dict[str, list[tuple[float, int]]] = {}
    for place, row in enumerate(reversed(found.rows)):
        values = {name: number(row[column]) for name, column in at.items()}
        user, step = values["competent user"], values.pop("index state")
        values["with qsac's index state"] = user + step if user is not None and step is not None else None
        for name, value in values.items():
            if value is not None:
                series.setdefault(name, []).append((value, place))
    styles = {
        "(b)": ("multiplexors by hand, (b)", GREY, "P"),
        "competent user": ("competent user, (c) or (d)", VERMILION, "s"),
        "with qsac's index state": ("with qsac's index state, (e)", GREEN, "^"),
        "qsac -O2": ("qsac -O2", BLUE, "o"),
    }
    for name, (label, colour, marker) in styles.items():
        if name in series:
            xs, ys = zip(*series[name], strict=True)
            axes.plot(xs, ys, marker, color=colour, markersize=5, label=label)
    axes.set_xscale("log")
    axes.set_yticks(range(len(found.rows)), [row[0] for row in reversed(found.rows)])
    axes.set_xlabel("two-qubit gates, all-to-all (T, d, k)")
    axes.legend(loc="upper right")


def _seconds(page: str, figure: Figure) -> None:
    from qsac.training.plots import BLUE, GREY, VERMILION

    ways = {
        "qsac": ("qsac", BLUE, "o"),
        "Qiskit": ("Qiskit 3, number of seeds", VERMILION, "s"),
        "TKET": ("TKET 2", GREY, "P"),
    }
    panels: Any = figure.subplots(1, 2)
    gates, depths = routed(page, "Two-qubit gates"), routed(page, "Two-qubit depth")
    names = gates[0].header[2:-2]
    for axes, chosen, title in zip(panels, (gates, depths), ("two-qubit gates", "two-qubit depth"), strict=True):
        for name in names:
            spent, over = _spent(chosen, gates, name)
            if spent:
                library, *_, said = name.replace("one seed", "1").removesuffix(" seeds").split()
                label, colour, marker = ways[library]
                seen = {line.get_label() for line in axes.get_lines()}
                shown = "_" if label in seen else label
                axes.plot(mean(spent), mean(over), marker, color=colour, markersize=5, label=shown)
                axes.annotate(
                    "" if library == "TKET" else said,
                    (mean(spent), mean(over)),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize=7,
                )
        axes.set_xscale("log")
        axes.margins(x=0.35, y=0.15)
        axes.set_xlabel("processor seconds, geometric mean")
        axes.set_ylabel(f"{title} / unrouted")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)


def _spent(chosen: Sequence[Table], gates: Sequence[Table], name: str) -> tuple[list[float], list[float]]:
    """Processor seconds of a column's cases, which stand beside the gates, and its figures over the unrouted ones."""
    spent, over = [], []
    for one, timed in zip(chosen, gates, strict=True):
        place = one.header.index(name)
        for row, beside in zip(one.rows[:-1], timed.rows[:-1], strict=True):
            value, unrouted, processor = number(row[place]), number(row[1]), in_parentheses(beside[place])
            if value and unrouted and processor:
                spent.append(processor)
                over.append(value / unrouted)
    return spent, over


INTRODUCTION = """\
## Summary

qsac's figure over the other's, by case; below 1 is less. Everything else is in the sections below, each of which says
what was measured, how, with which versions and at which commit.
"""
