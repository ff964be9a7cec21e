"""Plots of training and of what was learned, as PNG and SVG.

Matplotlib is imported when something is drawn. Figures are made without its global state, by the Agg and SVG backends
alone, and the same arrays give the same bytes: no date is written, and identifiers in an SVG are hashed with a fixed
salt. Colours are those of Okabe and Ito, which are told apart with any colour vision; what differs in colour differs in
the dashes or the marker too.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.writing import Guard, write_file
from qsac.optional import optional_package

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 7.0
"""Inches: the width of a page's text."""

RESOLUTION = 144
"""Dots per inch of a PNG."""

BLACK, BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    "#000000",
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)
GREY = "#6B6B6B"

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "path",
    "svg.hashsalt": "qsac",
    "path.simplify": False,
}
"""Everything else is Matplotlib's default, whatever the user's own configuration says."""


@dataclass(frozen=True)
class Plot:
    """A drawn figure: the bytes of both files."""

    png: bytes
    svg: bytes

    def save(self, stem: Path) -> tuple[Path, Path]:
        """Write ``stem.png`` and ``stem.svg``, each whole or not at all; their paths. Raises
        :class:`~qsac.errors.InvalidInputError` where they cannot be written."""
        places = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
        for place in places:
            self.write(place)
        return places

    def write(self, place: Path, *, guard: Guard | None = None) -> None:
        """Write one file, whole or not at all: the PNG under a name that ends so, else the SVG. ``guard`` is called
        before a file is replaced. Raises :class:`~qsac.errors.InvalidInputError` where it cannot be written."""
        try:
            write_file(place, [self.png if place.suffix == ".png" else self.svg], guard=guard)
        except OSError as error:
            raise InvalidInputError(
                "the plot cannot be written",
                code="output.unwritable",
                source=str(place),
                found=(error.strerror or str(error)).lower(),
            ) from None


@dataclass(frozen=True)
class Curve:
    """A quantity by epoch, for each seed: ``values`` (S, E), NaN where a seed had stopped, at ``epochs`` (E,)."""

    label: str
    epochs: NDArray[Any]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """The figure of one model in a comparison: ``train`` and ``test`` of each seed, (S,) each; ``train`` may be
    empty."""

    label: str
    train: NDArray[np.float64]
    test: NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """An observable before and after the context's end: ``known`` (T,) over the context, then ``true``, ``predicted``
    and ``persistence`` (L,) for the steps beyond it. ``true`` is None where it is not known."""

    known: NDArray[np.float64]
    true: NDArray[np.float64] | None
    predicted: NDArray[np.float64]
    persistence: NDArray[np.float64]


def loss_curves(curves: Sequence[Curve], quantity: str) -> Plot:
    """Loss by epoch: the mean over seeds as a line, and from the smallest to the largest as a band. At most four
    curves; ``quantity`` names the vertical axis, with its unit."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        styles = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (PURPLE, ":"))
        for curve, (colour, dashes) in zip(curves, styles, strict=False):
            with_a_value = np.isfinite(curve.values).any(axis=0)
            epochs, values = curve.epochs[with_a_value], curve.values[:, with_a_value]
            axes.plot(epochs, np.nanmean(values, axis=0), dashes, color=colour, label=curve.label)
            if len(values) > 1:
                axes.fill_between(
                    epochs, np.nanmin(values, axis=0), np.nanmax(values, axis=0), color=colour, alpha=0.18, linewidth=0
                )
        seeds = max(len(curve.values) for curve in curves)
        axes.set_xlabel("epoch")
        axes.set_ylabel(quantity)
        axes.margins(x=0.01)
        _legend(axes, f"mean and range of {seeds} seeds" if seeds > 1 else None)

    return drawn((WIDTH, 3.4), draw)


def comparison(models: Sequence[Figures], quantity: str) -> Plot:
    """One row for each model, best first as given: the mean of its seeds on the training and the test split, each seed
    as a point."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, colour, marker, shift in (("train", SKY, "o", -0.16), ("test", BLUE, "D", 0.16)):
            for row, model in enumerate(models):
                values: NDArray[np.float64] = getattr(model, name)
                if not len(values):
                    continue
                label = name if row == 0 else None
                axes.plot(values, np.full(len(values), row + shift), "|", color=colour, markersize=8, alpha=0.7)
                axes.plot([values.mean()], [row + shift], marker, color=colour, markersize=6, label=label)
        axes.set_yticks(range(len(models)), [model.label for model in models])
        axes.set_ylim(len(models) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(quantity)
        _legend(axes, "mean, and each seed")

    return drawn((WIDTH, 1.3 + 0.42 * len(models)), draw)


def attention_map(weights: Sequence[NDArray[np.float64]], labels: Sequence[str] | None = None) -> Plot:
    """The squared moduli of the scores, |s_ji|^2: one (T, T) array for each head, NaN where the mask hides a key.
    ``labels``: what the tokens are called, if there are few enough to be read."""

    def draw(figure: Figure) -> None:
        from matplotlib import colormaps

        colours = colormaps["cividis"].with_extremes(bad="#FFFFFF")
        panels = figure.subplots(1, len(weights), squeeze=False, sharey=True)[0]
        largest = max(float(np.nanmax(one)) for one in weights)
        drawn = None
        for number, (axes, one) in enumerate(zip(panels, weights, strict=True)):
            length = len(one)
            extent = (0.5, length + 0.5, length + 0.5, 0.5)
            drawn = axes.imshow(
                one, cmap=colours, vmin=0, vmax=largest, extent=extent, interpolation="nearest", aspect="equal"
            )
            axes.grid(visible=False)
            axes.set_xlabel("key position i")
            if len(weights) > 1:
                axes.set_title(f"head {number + 1}")
            if labels is not None and length <= _MOST_LABELS:
                axes.set_xticks(range(1, length + 1), labels[:length], rotation=90)
                axes.set_yticks(range(1, length + 1), labels[:length])
        panels[0].set_ylabel("query position j")
        if drawn is not None:
            figure.colorbar(drawn, ax=list(panels), label="|s$_{ji}$|$^2$", shrink=0.85)

    width = min(WIDTH, 4.4) if len(weights) == 1 else WIDTH
    return drawn((width, 3.6 if len(weights) == 1 else 0.9 + 0.8 * WIDTH / len(weights)), draw)


_MOST_LABELS = 40


def observables(series: Mapping[str, Series], fidelity: Fidelities | None = None, unit: str = "steps") -> Plot:
    """One panel for each observable: the end of the context, then true, predicted and persistence. ``fidelity``: a
    last panel of fidelities by step. ``unit`` is that of the horizontal axis."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(series) + (fidelity is not None), 1, squeeze=False)[:, 0]
        for axes, (name, one) in zip(panels, series.items(), strict=False):
            steps = np.arange(1, len(one.predicted) + 1)
            known = one.known[-max(16, 2 * len(steps)) :]
            axes.plot(np.arange(1 - len(known), 1), known, "-", color=GREY, label="context")
            before = one.known[-1:]
            whole = np.concatenate(([0], steps))
            for values, style, colour, label in (
                (one.true, "-", BLACK, "true"),
                (one.predicted, "o--", BLUE, "predicted"),
                (one.persistence, ":", VERMILION, "persistence"),
            ):
                if values is not None:
                    drawn = np.concatenate((before, values))
                    axes.plot(whole, drawn, style, color=colour, markersize=4, label=label)
            axes.axvline(0, color=GREY, linewidth=0.8)
            axes.set_ylabel(name)
            axes.margins(x=0.01)
        panels[len(series) - 1].set_xlabel(f"{unit} beyond the context")
        panels[0].legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        if fidelity is not None:
            _draw_fidelities(panels[-1], fidelity, unit)

    return drawn((WIDTH, 0.6 + 1.5 * (len(series) + (fidelity is not None))), draw)


@dataclass(frozen=True)
class Fidelities:
    """Fidelities with the true states by step, (S, L) for S trajectories: of the prediction and of persistence."""

    predicted: NDArray[np.float64]
    persistence: NDArray[np.float64]


def _draw_fidelities(axes: Axes, found: Fidelities, unit: str) -> None:
    """Means over trajectories, and the band that holds the middle half of them."""
    steps = np.arange(1, found.predicted.shape[1] + 1)
    for values, colour, style, label in (
        (found.predicted, BLUE, "o--", "predicted"),
        (found.persistence, VERMILION, "s:", "persistence"),
    ):
        axes.plot(steps, values.mean(axis=0), style, color=colour, markersize=4, label=label)
        if len(values) > 3:
            low, high = np.quantile(values, [0.25, 0.75], axis=0)
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"{unit} beyond the context")
    axes.set_ylabel("fidelity")
    count = len(found.predicted)
    title = f"mean and middle half of {count} trajectories" if count > 3 else "mean" if count > 1 else None
    _legend(axes, title)


def _legend(axes: Axes, title: str | None) -> None:
    axes.legend(title=title, alignment="left")


def drawn(size: tuple[float, float], draw: Callable[[Figure], None]) -> Plot:
    """A figure of ``size`` inches as both files; ``draw`` is given the empty one. Raises
    :class:`~qsac.errors.InvalidInputError` where there is no Matplotlib, or one that cannot be imported."""
    optional_package(
        "matplotlib",
        "drawing plots",
        "pip install 'qsac[train]'",
        parts=("figure", "backends.backend_agg", "backends.backend_svg"),
    )
    import matplotlib
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = dict(matplotlib.rcParamsDefault.items())
    settings = {name: value for name, value in settings.items() if not name.startswith("backend")} | _SETTINGS
    png, svg = io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=size, dpi=RESOLUTION, layout="constrained")
        draw(figure)
        figure.savefig(png, format="png", dpi=RESOLUTION, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Plot(png.getvalue(), svg.getvalue())
