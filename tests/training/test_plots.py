"""Plots: both files, the same bytes each time, whatever Matplotlib is set to."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from qsac.cli.main import run
from qsac.errors import InvalidInputError
from qsac.training import plots
from qsac.training.plots import Curve, Fidelities, Figures, Plot, Series

PNG = b"\x89PNG\r\n\x1a\n"


def _curves() -> Plot:
    values = np.linspace(1, 0.2, 20) + 0.01 * np.arange(3)[:, None]
    stopped = values.copy()
    stopped[1, 12:] = np.nan
    epochs = np.arange(1, 21)
    return plots.loss_curves([Curve("train", epochs, values), Curve("validation", epochs, stopped)], "loss (nats)")


def _comparison() -> Plot:
    figures = [
        Figures("ours", np.array([0.1, 0.12]), np.array([0.13])),
        Figures("counts", np.empty(0), np.array([0.5])),
    ]
    return plots.comparison(figures, "cross entropy (nats)")


def _attention() -> Plot:
    weights = np.where(np.tri(6) > 0, np.random.default_rng(0).random((6, 6)), np.nan)
    return plots.attention_map([weights, weights**2], list("abcdef"))


def _observables() -> Plot:
    rng = np.random.default_rng(1)
    series = {"m": Series(rng.random(12), rng.random(4), rng.random(4), rng.random(4))}
    unknown = {"x": Series(rng.random(12), None, rng.random(4), rng.random(4))}
    return plots.observables(series | unknown, Fidelities(rng.random((5, 4)), rng.random((5, 4))))


@cache
def _once(draw: Callable[[], Plot]) -> Plot:
    return draw()


every_plot = pytest.mark.parametrize("draw", [_curves, _comparison, _attention, _observables])


@every_plot
def test_the_same_numbers_give_the_same_bytes(draw: Callable[[], Plot], tmp_path: Path) -> None:
    first = _once(draw)
    with matplotlib.rc_context({"lines.linewidth": 9, "svg.hashsalt": None, "font.size": 20}):
        again = draw()
    assert first == again
    places = first.save(tmp_path / "some.plot")
    assert [place.name for place in places] == ["some.plot.png", "some.plot.svg"]
    png, svg = (place.read_bytes() for place in places)
    assert png.startswith(PNG)
    assert len(png) > 5_000
    assert svg.startswith(b"<?xml")
    assert svg.rstrip().endswith(b"</svg>")
    assert b"dc:date" not in svg


def test_other_numbers_give_another_plot() -> None:
    epochs = np.arange(1, 6)
    one, other = (plots.loss_curves([Curve("train", epochs, np.full((1, 5), value))], "loss") for value in (1.0, 2.0))
    assert one != other


def test_every_line_of_an_observable_is_drawn() -> None:
    rng = np.random.default_rng(2)
    parts = {name: rng.random(6) for name in ("known", "true", "predicted", "persistence")}
    plot = plots.observables({"m": Series(**parts)})
    for name, values in parts.items():
        assert plots.observables({"m": Series(**{**parts, name: values / 2})}).svg != plot.svg, name


@every_plot
def test_a_png_is_as_wide_as_a_page(draw: Callable[[], Plot]) -> None:
    width = int.from_bytes(_once(draw).png[16:20], "big")
    assert width <= plots.WIDTH * plots.RESOLUTION
    assert width >= 0.6 * plots.WIDTH * plots.RESOLUTION


def test_a_plot_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as found:
        _once(_curves).save(tmp_path / "missing" / "loss")
    assert found.value.code == "output.unwritable"
    assert not (tmp_path / "missing").exists()


def test_matplotlib_is_not_imported_before_something_is_drawn() -> None:
    code = "import sys, qsac.training.plots; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_is_drawn_by_the_command(
    chains: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plot", "training", str(chains), "-o", "curves", "--json"]) == 0
    names = json.loads(capsys.readouterr().out)["files"]
    assert sorted(Path(name).name for name in names) == ["curves.png", "curves.svg"]
    drawing = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert drawing.count("<path") > 10
    assert run(["plot", "training", str(chains), "-o", "again.svg"]) == 0
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == drawing
