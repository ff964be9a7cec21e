"""Plots of programs and results: what passes did, how a model scales, what a run measured.

Drawn like the plots of training (:mod:`qsac.training.plots`): PNG and SVG, the same bytes for the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.artifact.compiled import Compiled
from qsac.errors import printable
from qsac.training.plots import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, WIDTH, Plot, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = tuple(
    zip(
        (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK),
        ("o", "s", "D", "^", "v", "P", "X"),
        ("-", "--", "-.", ":", "-", "--", "-."),
        strict=True,
    )
)
"""Colour, marker and dashes of each series."""

MOST_SERIES = len(_STYLES)
MOST_ENTRIES = 64
"""Predictions that a plot of a result shows."""

_LONGEST = 60

QUANTITIES = {
    "two_qubit_gates": "two-qubit gates",
    "qubits": "qubits",
    "two_qubit_depth": "depth in two-qubit gates",
    "seconds": "seconds a circuit",
}
"""What a plot of scaling shows, a panel each."""


_SYMBOLS = {"context": "T", "dimension": "d", "degree": "k"}


@dataclass(frozen=True)
class Point:
    """The estimate of one size: ``context`` T, ``dimension`` d, ``degree`` k of the kernel, None where it has none, and
    the counts, None where they are not known."""

    context: int
    dimension: int
    degree: int | None
    counts: Mapping[str, float | None]


def letters(text: str) -> str:
    """A text as letters: no mathematics, no control characters, not too long."""
    text = printable(text)
    return (text if len(text) <= _LONGEST else text[:_LONGEST] + "...").replace("$", r"\$")


def pass_waterfall(compiled: Compiled) -> Plot:
    """The two-qubit gates before the first pass, what each pass that changed them did, and what is left."""
    steps = _steps(compiled)
    start = steps[0][1] if steps else int(compiled.stats["two_qubit_gates"])
    end = steps[-1][2] if steps else start

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        changed = [step for step in steps if step[1] != step[2]]
        labels = ["built", *(name for name, _, _ in changed), "compiled"]
        axes.bar([0, len(labels) - 1], [start, end], width=0.6, color=GREY)
        for place, (_, before, after) in enumerate(changed, 1):
            less = after < before
            axes.bar(place, before - after, 0.6, after, color=BLUE if less else VERMILION, hatch="" if less else "//")
            axes.plot([place - 0.7, place + 0.3], [before, before], color=GREY, linewidth=0.8)
        heights = [start, *(max(before, after) for _, before, after in changed), end]
        said = [f"{start:,}", *(f"{after - before:+,}" for _, before, after in changed), f"{end:,}"]
        for place, (height, text) in enumerate(zip(heights, said, strict=True)):
            axes.annotate(text, (place, height), (0, 3), textcoords="offset points", ha="center", fontsize=8)
        axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right", rotation_mode="anchor")
        axes.grid(visible=False, axis="x")
        axes.set_axisbelow(True)
        axes.margins(y=0.12)
        axes.set_ylabel("two-qubit gates")
        axes.set_title(letters(f"{compiled.model.name} for {compiled.target['name']}"))

    return drawn((WIDTH, 3.6), draw)


def _steps(compiled: Compiled) -> list[tuple[str, int, int]]:
    """Each pass with the gates before and after it, of all circuits together: one that only some had leaves the others
    as they are. What is between two passes is the lowering's, what is after the last one the emission's."""
    parts = [[_step(entry) for entry in stats["passes"]] for stats in compiled.parts_stats]
    now = [
        part[0][1] if part else int(stats["two_qubit_gates"])
        for part, stats in zip(parts, compiled.parts_stats, strict=True)
    ]
    found: list[tuple[str, int, int]] = []
    for name in dict.fromkeys(name for part in parts for name, _, _ in part):
        steps = [next((step for step in part if step[0] == name), None) for part in parts]
        before = [gates if step is None else step[1] for step, gates in zip(steps, now, strict=True)]
        after = [gates if step is None else step[2] for step, gates in zip(steps, now, strict=True)]
        if before != now:
            found.append(("lower", sum(now), sum(before)))
        found.append((name, sum(before), sum(after)))
        now = after
    if found and sum(now) != compiled.stats["two_qubit_gates"]:
        found.append(("emit", sum(now), int(compiled.stats["two_qubit_gates"])))
    return found


def _step(entry: Mapping[str, Any]) -> tuple[str, int, int]:
    before, after = entry["two_qubit_gates"]
    return str(entry["name"]), int(before), int(after)


def scaling(points: Sequence[Point], title: str) -> Plot:
    """Gates, qubits, depth and time against the size that varies most, with a series for each choice of the others."""
    sizes = {"context": "T, context tokens", "dimension": "d, dimension", "degree": "k, degree of the kernel"}
    along = max(sizes, key=lambda name: len({getattr(point, name) for point in points}))
    others = [name for name in sizes if name != along and len({getattr(point, name) for point in points}) > 1]
    series: dict[tuple[Any, ...], list[Point]] = {}
    for point in points:
        series.setdefault(tuple(getattr(point, name) for name in others), []).append(point)
    shown = [name for name in QUANTITIES if any(point.counts.get(name) is not None for point in points)]

    def draw(figure: Figure) -> None:
        rows = (len(shown) + 1) // 2
        panels = figure.subplots(rows, 2, squeeze=False)
        for axes, name in zip(panels.flat, shown, strict=False):
            for (values, ones), (colour, marker, dashes) in zip(series.items(), _STYLES, strict=False):
                known = [one for one in ones if one.counts.get(name) is not None]
                label = ", ".join(f"{_SYMBOLS[other]} = {value}" for other, value in zip(others, values, strict=True))
                axes.plot(
                    [getattr(one, along) for one in known],
                    [one.counts[name] for one in known],
                    dashes,
                    marker=marker,
                    markersize=4,
                    color=colour,
                    label=label or None,
                )
            axes.set_ylabel(QUANTITIES[name])
            axes.set_xlabel(sizes[along])
            axes.set_yscale("linear" if name == "qubits" else "log")
            _set_sizes(axes, [getattr(point, along) for point in points], linear=along == "degree")
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        if others:
            panels.flat[0].legend()
        figure.suptitle(letters(title), fontsize=9)

    return drawn((WIDTH, 0.6 + 2.3 * ((len(shown) + 1) // 2)), draw)


def _set_sizes(axes: Axes, values: Sequence[int], *, linear: bool) -> None:
    """The axis of the sizes, with these below it: logarithmic, but for the few whole numbers of degrees."""
    if not linear:
        axes.set_xscale("log")
    ticks = sorted(set(values))
    if len(ticks) <= 8:
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()


@dataclass(frozen=True)
class Measured:
    """A result by its ``label``: its metrics with their standard errors, None where they are not known, and, if it has
    any, its first predictions in the same form."""

    label: str
    metrics: Mapping[str, tuple[float, float | None]]
    predictions: Mapping[str, tuple[float, float | None]]


def measured(label: str, document: Mapping[str, Any]) -> Measured:
    """What a plot shows of a result, as `qsac run --json` prints it."""
    errors = document["standard_errors"]
    metrics = {name: (value, errors.get(name)) for name, value in document["metrics"].items() if value is not None}
    found, spread = (_predictions(document[name].get("predictions")) for name in ("values", "value_errors"))
    predictions = {name: (value, spread.get(name)) for name, value in found.items()}
    return Measured(label, metrics, dict(list(predictions.items())[:MOST_ENTRIES]))


def _predictions(value: Any) -> dict[str, float]:
    """The probabilities of predictions, of one position or of several."""
    found = {}
    for one in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
        for place, number in enumerate(one.get("probabilities") or []):
            if isinstance(number, int | float):
                found[f"{place} | {one['position']}" if "position" in one else str(place)] = float(number)
    return found


def results(found: Sequence[Measured]) -> Plot:
    """Metrics as points with error bars of one standard error, a marker for each result; predictions below them."""
    panels = [("metrics", "value")] if any(one.metrics for one in found) else []
    panels += [("predictions", "probability")] if any(one.predictions for one in found) else []

    def draw(figure: Figure) -> None:
        heights = [len(_names(found, part)) for part, _ in panels]
        all_axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=[max(one, 2) for one in heights])[:, 0]
        for axes, (part, quantity) in zip(all_axes, panels, strict=True):
            names = _names(found, part)
            for number, (one, (colour, marker, _)) in enumerate(zip(found, _STYLES, strict=False)):
                shift = 0.5 * (number + 1) / (len(found) + 1) - 0.25
                known = getattr(one, part)
                rows = [(place, *known[name]) for place, name in enumerate(names) if name in known]
                axes.errorbar(
                    [value for _, value, _ in rows],
                    [place + shift for place, _, _ in rows],
                    xerr=np.array([error or 0.0 for _, _, error in rows]),
                    fmt=marker,
                    color=colour,
                    markersize=4,
                    capsize=3,
                    linewidth=1.2,
                    label=letters(one.label),
                )
            axes.set_yticks(range(len(names)), [letters(name) for name in names])
            axes.set_ylim(len(names) - 0.5, -0.5)
            axes.set_xlabel(quantity)
        all_axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    rows = sum(max(len(_names(found, part)), 2) for part, _ in panels)
    return drawn((WIDTH, 1.2 + 0.28 * rows + 0.5 * len(panels)), draw)


def _names(found: Sequence[Measured], part: str) -> list[str]:
    return list(dict.fromkeys(name for one in found for name in getattr(one, part)))
