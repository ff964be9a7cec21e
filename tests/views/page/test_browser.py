"""The page in a browser: nothing is asked of a network, nothing complains, and what is pointed at lights."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.views.page import models
from qsac.views.page.collecting import collected
from qsac.views.page.stages import gate_text
from qsac.views.page.writing import page
from tests.views.page.conftest import Browser, expect, until
from tests.views.page.test_page import EVIL


def centre(tab: Any, gate: int) -> tuple[float, float]:
    """Where a gate is drawn on the screen: its place on its first qubit."""
    found: dict[str, float] = tab.evaluate(
        """(gate) => {
          const { page, axis } = window.qsac;
          const view = page.scenes[page.current];
          const canvas = document.getElementById("circuit-canvas");
          canvas.scrollIntoView({ block: "center" });
          const box = canvas.getBoundingClientRect();
          const lane = Math.max(9, Math.min(24, Math.floor(560 / view.qubits.length)));
          const top = 20 + Math.min(view.tracks, 14) * 17 + 6;
          const step = ((axis.width - 80) / view.end) * axis.scale;
          return {
            x: box.left + 74 + (view.step[gate] + 0.5) * step + axis.offset,
            y: box.top + top + (view.first[gate] + 0.5) * lane,
          };
        }""",
        gate,
    )
    return found["x"], found["y"]


def two_qubit_gates(compiled: qsac.Compiled, ids: tuple[int, ...]) -> list[int]:
    """The two-qubit gates that are of these ops."""
    paired = compiled.circuits[0].paired
    groups = [group for group in compiled.circuits[0].groups if group.ops == ids]
    return [gate for first, last, _ in groups for gate in range(first, last + 1) if paired[gate]]


def test_every_section_is_there_and_folds(tab: Any, demo: qsac.Compiled) -> None:
    titles = tab.locator("h2").all_inner_texts()
    assert titles == ["Model", "Program", "Circuit", "Passes", "Allocation", "Readout", "Verification"]
    assert tab.locator("h1").inner_text() == "tfim-4"
    assert tab.locator(".card .value").first.inner_text() == str(demo.stats["two_qubit_gates"])
    assert "verified now" in tab.locator(".verdict").inner_text()
    body = tab.locator("#passes .body")
    assert body.is_visible()
    tab.locator("#passes > details > summary").click()
    expect(body).to_be_hidden()
    tab.locator("#passes > details > summary").press("Enter")
    expect(body).to_be_visible()


def test_a_gate_lights_its_op_its_part_of_the_model_and_its_pass(tab: Any, demo: qsac.Compiled) -> None:
    gate = two_qubit_gates(demo, (4,))[3]
    tab.mouse.move(*centre(tab, gate))
    expect(tab.locator("#program .opbox.lit")).to_have_attribute("data-op", "4")
    expect(tab.locator("#model tr.lit th")).to_have_text(["tokens"])
    (made,) = collected(demo)["stages"]["circuits"]
    assert made["madeBy"][4] != made["madeBy"][0]
    expect(tab.locator("#passes tr.lit th")).to_have_text([made["madeBy"][4]])
    inspector = tab.locator("#inspector")
    expect(inspector).to_contain_text("load of value by key")
    expect(inspector).to_contain_text(f"made by {made['madeBy'][4]}")
    tab.mouse.move(5, 5)
    expect(tab.locator(".lit")).to_have_count(0)


def test_an_op_lights_the_model(tab: Any, demo: qsac.Compiled) -> None:
    tab.locator("#program .opbox[data-op='0']").hover()
    expect(tab.locator("#model tr.lit th")).to_have_text(["mask"])
    tab.locator("#model tr", has_text="/tokens").hover()
    expect(tab.locator("#program .opbox.lit")).to_have_count(4)
    lit = tab.locator("#program .opbox.lit").evaluate_all("all => all.map((one) => one.dataset.op)")
    assert sorted(lit) == ["1", "2", "4", "7"]


def test_an_op_that_is_clicked_is_summed(tab: Any, demo: qsac.Compiled) -> None:
    tab.locator("#program .opbox[data-op='0']").click()
    count, whole = len(two_qubit_gates(demo, (0,))), demo.circuits[0].two_qubit_gates
    assert count > 5
    expect(tab.locator("#sums")).to_contain_text(f"{count} two-qubit gates, {round(100 * count / whole)} %")


QUERIES: dict[str, Callable[[Any], Any]] = {
    "op:1": lambda circuit: of(circuit, {1}),
    "origin:/attention/mask": lambda circuit: of(circuit, {0, 5}),
    "q:3": lambda circuit: on(circuit, 3),
    "gate:zzphase": lambda circuit: circuit.paired,
    "inverse q:q[0]": lambda circuit: of(circuit, {2, 7}) & on(circuit, 0),
    "nothing-like-it": lambda circuit: np.zeros(len(circuit), bool),
}


def test_the_search_finds(tab: Any, demo: qsac.Compiled) -> None:
    circuit = demo.circuits[0]
    for query, wanted in QUERIES.items():
        tab.keyboard.press("/")
        expect(tab.locator("#search")).to_be_focused()
        tab.keyboard.type(query)
        mask = wanted(circuit)
        said = f"{mask.sum()} gates, {(mask & circuit.paired).sum()} two-qubit"
        expect(tab.locator(".found")).to_have_text(re.compile(f"^{said}"))
        assert tab.evaluate("Array.from(window.qsac.page.found)") == mask.astype(int).tolist()
        tab.keyboard.press("Escape")
        until(tab, "window.qsac.page.found === null")
        expect(tab.locator("#search")).to_have_value("")
        expect(tab.locator("#search")).not_to_be_focused()


def on(circuit: Any, qubit: int) -> Any:
    return (circuit.first == qubit) | (circuit.paired & (circuit.second == qubit))


def of(circuit: Any, wanted: set[int]) -> Any:
    mask = np.zeros(len(circuit), bool)
    for first, last, ops in circuit.groups:
        mask[first : last + 1] = bool(wanted & {*ops})
    return mask


def test_a_selected_area_is_summed(tab: Any, demo: qsac.Compiled) -> None:
    circuit = demo.circuits[0]
    gates = two_qubit_gates(demo, (1,))
    (left, y), (right, _) = centre(tab, gates[0]), centre(tab, gates[-1])
    tab.keyboard.down("Shift")
    tab.mouse.move(left - 2, y - 5)
    tab.mouse.down()
    tab.mouse.move(right + 2, y + 4, steps=4)
    tab.mouse.up()
    tab.keyboard.up("Shift")
    steps = np.array(tab.evaluate("Array.from(window.qsac.page.scenes[0].step)"))
    until(tab, f"window.qsac.page.chosen?.area?.to > {steps[gates[-1]] + 0.5}")
    area = tab.evaluate("window.qsac.page.chosen.area")
    lane = int(circuit.first[gates[0]])
    assert area["top"] == area["bottom"] == lane
    inside = (steps + 0.5 >= area["from"]) & (steps + 0.5 <= area["to"]) & circuit.paired
    inside &= (circuit.first == lane) | (circuit.second == lane)
    count = int(inside.sum())
    assert count >= 2
    said = f"{count} two-qubit gates, {round(100 * count / circuit.two_qubit_gates)} %"
    expect(tab.locator("#sums")).to_have_text(re.compile(f"^{said}"))
    tab.keyboard.press("Escape")
    expect(tab.locator("#sums")).to_have_text("")


def test_any_two_stages_are_compared(tab: Any, demo: qsac.Compiled) -> None:
    options = tab.locator("#diff-to option").all_inner_texts()
    place = next(str(i) for i, text in enumerate(options) if "fold-unitaries" in text)
    tab.locator("#diff-to").select_option(place)
    tab.locator("#diff-from").select_option("0")
    expect(tab.locator("#diff .minus", has_text="op apply-unitary")).not_to_have_count(0)
    expect(tab.locator("#diff .plus", has_text='table="context.value"')).not_to_have_count(0)
    tab.locator("#diff-from").select_option(place)
    expect(tab.locator("#diff .minus")).to_have_count(0)
    expect(tab.locator("#diff")).to_have_text(re.compile("^no difference"))
    expect(tab.locator("#diff")).to_contain_text("op load-tokens")


def test_unchanged_passes_are_grey(tab: Any, demo: qsac.Compiled) -> None:
    changed = [one["name"] for one in demo.stats["passes"] if len({*one["two_qubit_gates"]}) == 2]
    assert tab.locator("#passes tbody tr[data-pass]:not(.same) th").all_inner_texts() == changed
    assert tab.locator("#passes tr.same").count() == len(demo.stats["passes"]) - len(changed)
    assert tab.locator(".waterfall g[data-pass]").count() == len(changed)


PIXEL = """() => {
  const canvas = document.querySelector(".heat canvas");
  return Array.from(canvas.getContext("2d").getImageData(canvas.width - 14, 30, 1, 1).data);
}"""
"""The colour of a place in the first heat map."""


def coloured(tab: Any) -> list[int]:
    """The colour there once the map is drawn: its numbers are unpacked first, and what is not drawn is transparent."""
    until(tab, f"({PIXEL})()[3] === 255")
    found: list[int] = tab.evaluate(PIXEL)
    return found


def test_light_and_dark(browser: Browser, tab: Any, demo: qsac.Compiled) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    assert tab.evaluate(colour) == "rgb(255, 255, 255)"
    dark = browser.show(demo, color_scheme="dark")
    assert dark.evaluate(colour) == "rgb(18, 22, 27)"
    before = coloured(dark)
    dark.locator("#theme").click()
    until(dark, f"{colour} === 'rgb(255, 255, 255)'")
    until(dark, f"JSON.stringify(({PIXEL})()) !== '{str(before).replace(' ', '')}'")
    dark.emulate_media(color_scheme="light")  # what was chosen stays, whatever the system does
    dark.keyboard.press("t")
    until(dark, f"{colour} === 'rgb(18, 22, 27)'")
    tab.emulate_media(color_scheme="dark")
    until(tab, f"{colour} === 'rgb(18, 22, 27)'")
    tab.emulate_media(color_scheme="light")
    until(tab, f"{colour} === 'rgb(255, 255, 255)'")


def test_the_keyboard_moves_and_zooms(tab: Any, demo: qsac.Compiled) -> None:
    levels = [tab.locator("#level").inner_text()]
    while levels[-1] != "showing angles" and len(levels) < 13:
        before = tab.evaluate("window.qsac.axis.scale")
        tab.keyboard.press("w")
        until(tab, f"window.qsac.axis.scale > {before}")
        levels.append(tab.locator("#level").inner_text())
    assert {"showing blocks", "showing gates", "showing angles"} <= {*levels}
    scale, offset = tab.evaluate("[window.qsac.axis.scale, window.qsac.axis.offset]")
    assert scale > 5
    tab.keyboard.press("d")
    until(tab, f"window.qsac.axis.offset < {offset}")
    tab.keyboard.press("a")
    until(tab, f"Math.abs(window.qsac.axis.offset - ({offset})) < 1e-3")
    tab.keyboard.press("-")
    until(tab, f"window.qsac.axis.scale < {scale}")
    tab.keyboard.press("0")
    until(tab, "window.qsac.axis.scale === 1")
    tab.keyboard.press("+")
    until(tab, "window.qsac.axis.scale > 1")
    tab.keyboard.press("/")
    expect(tab.locator("#search")).to_be_focused()
    tab.keyboard.type("ww")
    expect(tab.locator("#search")).to_have_value("ww")
    tab.keyboard.press("Escape")
    expect(tab.locator("#search")).not_to_be_focused()


STILL = "new Promise((told) => { const y = scrollY; setTimeout(() => told(scrollY === y), 150); })"
"""Whether the page scrolls no more."""


def test_the_wheel_zooms_with_control_and_the_pointer_drags(tab: Any, demo: qsac.Compiled) -> None:
    x, y = centre(tab, two_qubit_gates(demo, (1,))[4])
    tab.mouse.move(x, y)
    tab.mouse.wheel(0, -400)
    until(tab, STILL)
    assert tab.evaluate("window.qsac.axis.scale") == 1
    x, y = centre(tab, two_qubit_gates(demo, (1,))[4])
    tab.mouse.move(x, y)
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -400)
    tab.keyboard.up("Control")
    until(tab, "window.qsac.axis.scale > 1.2")
    offset = tab.evaluate("window.qsac.axis.offset")
    tab.mouse.down()
    tab.mouse.move(x - 80, y, steps=4)
    tab.mouse.up()
    until(tab, f"Math.abs(window.qsac.axis.offset - ({offset - 80})) <= 2")


def test_paper_has_everything_unfolded_and_nothing_that_floats(browser: Browser, demo: qsac.Compiled) -> None:
    tab = browser.show(demo, color_scheme="dark")
    tab.locator("#readout > details > summary").click()
    expect(tab.locator("#readout .body")).to_be_hidden()
    dark = coloured(tab)
    tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert sum(tab.evaluate(PIXEL)) > sum(dark) + 100
    tab.emulate_media(media="print")
    expect(tab.locator("#readout .body")).to_be_visible()
    expect(tab.locator(".bar")).to_be_hidden()
    until(tab, "getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'")
    assert len(tab.pdf()) > 20_000
    tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate(PIXEL) == dark


DRAWN = "new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(told))))"
"""Until the page is laid out and drawn again: drawings notice in one frame that they have another width, and are drawn
in the next."""


def test_no_page_scrolls_sideways(
    browser: Browser, demo: qsac.Compiled, routed: qsac.Compiled, several: qsac.Compiled
) -> None:
    for compiled in (demo, routed, several):
        page = browser.show(compiled, viewport={"width": 800, "height": 800})
        for width in (800, 1400):
            page.set_viewport_size({"width": width, "height": 800})
            until(page, f"innerWidth === {width}")
            page.evaluate(DRAWN)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_stands_behind_the_drawings(tab: Any, demo: qsac.Compiled) -> None:
    assert tab.locator("canvas:not([aria-label])").count() == 0
    assert tab.locator("svg:not([aria-label]):not([aria-hidden])").count() == 0
    for details in tab.locator("details.behind").all():
        assert details.locator("table").count() == 0
        details.locator("summary").click()
        expect(details.locator("tbody tr")).not_to_have_count(0)
    gates = tab.locator("#circuit details.behind tbody tr")
    expect(gates).to_have_count(len(demo.circuits[0]))
    first = gate_text(demo.circuits[0]).partition("\n")[0]
    assert first.startswith("PhasedX(")
    expect(gates.first.locator("td").nth(2)).to_have_text(
        re.compile(rf"^PhasedX\(.*\) {re.escape(first.split(' ')[-1])}$")
    )


def test_a_routed_circuit_shows_its_device(browser: Browser, routed: qsac.Compiled) -> None:
    tab = browser.show(routed)
    expect(tab.locator("#device .node.used")).to_have_count(len(routed.circuits[0].qubits))
    expect(tab.locator("#device .node")).to_have_count(routed.target["qubits"])
    expect(tab.locator("#device .ways .line")).to_have_count(len(routed.circuits[0].initial_map))
    words = tab.locator("#device .body p").first.inner_text()
    assert words.startswith(f"Of {routed.stats['two_qubit_gates']} two-qubit gates")


def test_another_circuit_of_the_plan_is_chosen(browser: Browser, several: qsac.Compiled) -> None:
    tab = browser.show(several)
    assert tab.locator(".plan .circuit").count() == 2
    assert "cross-entropy" in tab.locator(".plan .step").inner_text()
    counts = [circuit.two_qubit_gates for circuit in several.circuits]
    tab.locator(".plan .circuit").nth(1).click()
    until(tab, "window.qsac.page.current === 1")
    expect(tab.locator("#chooser")).to_have_value("1")
    tab.keyboard.press("/")
    expect(tab.locator("#search")).to_be_focused()
    tab.keyboard.type("gate:zz")
    expect(tab.locator(".found")).to_contain_text(f"{counts[1]} two-qubit")
    tab.keyboard.press("Escape")
    expect(tab.locator("#search")).not_to_be_focused()
    tab.keyboard.press("[")
    until(tab, "window.qsac.page.current === 0")


def test_evil_names_are_letters(browser: Browser, small: qsac.Compiled) -> None:
    target = {**small.target, "name": "mine", "description": EVIL}
    evil = replace(small, model=replace(small.model, name=EVIL), target=target)
    path = browser.folder / "evil.html"
    path.write_text("".join(page(evil)), encoding="utf-8")
    tab = browser.open(path)
    tab.on("dialog", lambda dialog: pytest.fail(dialog.message))
    assert tab.locator("h1").inner_text() == EVIL
    assert EVIL in tab.locator(".where").inner_text()
    assert tab.title() == f"{EVIL} · qsac"
    assert tab.locator("img").count() == 0
    assert tab.locator("script").count() == 2


def test_a_family_without_pictures_has_a_page(
    browser: Browser, small: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "Pictured", str)
    path = browser.folder / "plain.html"
    path.write_text("".join(page(small)), encoding="utf-8")
    tab = browser.open(path)
    assert tab.locator("#model .facts").count() == 1
    assert tab.locator("#model canvas").count() == 0
    assert "/tokens" in tab.locator("#model .icicle").text_content()
    tab.locator("#program .opbox[data-op='0']").hover()
    expect(tab.locator("#inspector")).to_contain_text("/attention/mask")
