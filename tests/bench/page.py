"""The page of `qsac view`: how large it is, when it is ready, and how many frames a second it draws in Chromium."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import qsac
from qsac.views.page.writing import page
from tests.bench.cases import SEED
from tests.bench.measure import ROOT
from tests.bench.plan import Plan
from tests.bench.table import count, table
from tests.views.page import chromium

FRAMES = 120

MOVE = """async ([frames, name]) => {
  const { axis, setAxis, zoomBy, panBy } = window.qsac;
  setAxis(1, 0);
  if (name === "pan") zoomBy(4);
  const next = () => new Promise(requestAnimationFrame);
  await next();
  const start = performance.now();
  for (let i = 0; i < frames; i++) {
    if (name === "pan") panBy(Math.floor(i / 30) % 2 ? -0.05 : 0.05);
    else zoomBy(Math.floor(i / 40) % 2 ? 1 / 1.12 : 1.12);
    await next();
  }
  return (1000 * frames) / (performance.now() - start);
}"""
"""Frames a second while zooming or panning, a step in each."""


def programs(plan: Plan) -> Iterator[tuple[str, qsac.Compiled]]:
    example = ROOT / "docs" / "examples" / "tfim.json"
    yield "the demo, h2", qsac.compile(example, "h2")
    if plan.quick:
        return
    yield "the demo, ibm-fez -O1", qsac.compile(example, "ibm-fez", optimisation=1)
    tokens = np.random.default_rng(SEED).normal(size=(1025, 16))
    same = {"type": "identity"}
    attention = {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "value": same, "score": same}
    values = {"type": "inline", "values": tokens.tolist()}
    model = {"qsac": 1, "name": "long", "tokens": values, "attention": attention}
    yield "T = 1,024, d = 16, h2 -O1", qsac.compile(model, "h2", optimisation=1, verify=False)


def _row(shown: str, compiled: qsac.Compiled, browser: Any, folder: Path, repeats: int) -> list[str]:
    text = "".join(page(compiled))
    place = folder / "page.html"
    place.write_text(text, encoding="utf-8")
    gates = sum(map(len, compiled.circuits))
    measured = [count(gates), f"{len(text.encode()) / 1000:,.0f}"]
    if browser is None:
        return [shown, *measured, *[""] * 5]
    found = [_shown(browser, place) for _ in range(repeats)]
    figures = [median(one[name] for one in found) for name in ("ready", "until ready", "zoom", "pan")]
    frame = median(max(one["of zoom"], one["of pan"]) for one in found)
    return [shown, *measured, *(f"{figure:,.0f}" for figure in figures), f"{frame:.1f}"]


def _shown(browser: Any, place: Path) -> dict[str, float]:
    """What one showing of a page takes: milliseconds until it is ready, frames a second, and the milliseconds of the
    page's own thread in both, which other processes do not lengthen."""
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    tab.goto(place.as_uri())
    tab.wait_for_selector("html[data-ready]", timeout=120_000)
    ready = float(tab.evaluate("document.documentElement.dataset.ready"))
    found = {"ready": ready, "until ready": busy()}
    for name in ("zoom", "pan"):
        before = busy()
        found[name] = tab.evaluate(MOVE, [FRAMES, name])
        found[f"of {name}"] = (busy() - before) / FRAMES
    tab.close()
    return found


def section(plan: Plan) -> str:
    plan.say("page")
    executable = chromium.found()
    repeats = 1 if plan.quick else plan.repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if executable is None:
            rows = [_row(shown, compiled, None, folder, repeats) for shown, compiled in programs(plan)]
        else:
            from playwright.sync_api import sync_playwright

            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=executable, args=chromium.SWITCHES)
                rows = [_row(shown, compiled, browser, folder, repeats) for shown, compiled in programs(plan)]
                browser.close()
    header = [
        "",
        "gates",
        "kB",
        "ready after ms",
        "of its thread",
        "frames/s, zooming",
        "panning",
        "ms of its thread a frame",
    ]
    return INTRODUCTION.format(frames=FRAMES) + "\n" + table(header, rows)


INTRODUCTION = """\
## The page

What `qsac view` writes, in a Chromium without a screen and without a GPU, 1,400 x 900 pixels: its size, the time until
everything in view is drawn, and frames a second over {frames} frames while zooming and panning, where 60 are the most.
Beside them stand the milliseconds of the page's own thread, which a busy machine does not change.
"""
