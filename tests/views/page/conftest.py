"""Artifacts, their pages, and a browser that shows them and reaches nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.views.page.writing import page as page_of
from tests.cli.conftest import MODELS

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture(scope="session")
def demo() -> qsac.Compiled:
    """What `make demo` compiles."""
    return qsac.compile(EXAMPLES / "tfim.json", "h2")


@pytest.fixture(scope="session")
def small() -> qsac.Compiled:
    return qsac.compile(MODELS["small"], "h2")


@pytest.fixture(scope="session")
def routed() -> qsac.Compiled:
    """A circuit that is routed along a coupling graph."""
    return qsac.compile(MODELS["small"], "ibm-fez", optimisation=1)


@pytest.fixture(scope="session")
def several() -> qsac.Compiled:
    """A plan of two circuits and a classical step."""
    rows = [[0.9, 0.1], [0.2, 0.8]]
    tokens = {"type": "words", "embedding": rows, "sequence": [0, 1, 0], "labels": ["a", "<b>"]}
    layer = {"attention": {"heads": [{"score": [[1.0, 0.0], [0.0, 1.0]]}]}}
    model = {
        "qsac": 1,
        "name": "two-words",
        "tokens": tokens,
        "transformer": {"normalise": True, "layers": [layer]},
        "readout": {"type": "next-token", "positions": "targets", "vocabulary": rows},
    }
    return qsac.compile(model, "h2", optimisation=1)


@dataclass
class Browser:
    """A browser without a network. ``seen`` are the addresses that pages have asked for, ``errors`` what they have
    complained of."""

    chromium: Any
    folder: Path
    pages: dict[int, str]
    opened: int = 0
    seen: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def show(self, compiled: qsac.Compiled, **options: Any) -> Any:
        """A new tab with the page of a compiled program, once it is ready."""
        path = self.folder / "page.html"
        if id(compiled) not in self.pages:
            self.pages[id(compiled)] = "".join(page_of(compiled))
        path.write_text(self.pages[id(compiled)], encoding="utf-8")
        return self.open(path, **options)

    def open(self, path: Path, **options: Any) -> Any:
        """A new tab with a file, once it is ready."""
        context = self.chromium.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        tab = context.new_page()
        self.opened += 1
        tab.on("console", lambda message: self.errors.extend([message.text] if message.type == "error" else []))
        tab.on("pageerror", lambda error: self.errors.append(str(error)))
        tab.on("request", lambda request: self.seen.append(request.url))
        tab.route("**/*", lambda route: route.continue_() if route.request.url == path.as_uri() else route.abort())
        tab.goto(path.as_uri())
        tab.wait_for_selector("html[data-ready]", timeout=60_000)
        return tab


def expect(locator: Any) -> Any:
    """What is expected of a part of the page, at once or a little later: a page answers some events in a later frame.
    Playwright is imported where a browser is there."""
    from playwright.sync_api import expect

    return expect(locator)


def until(tab: Any, expression: str) -> None:
    """Wait until an expression of the page is true. Playwright's own way of waiting evaluates text in the page, which
    its policy forbids."""
    for _ in range(250):
        if tab.evaluate(expression):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(f"never true: {expression}")


@pytest.fixture(scope="session")
def pages() -> dict[int, str]:
    """Pages of programs that live as long as the session, each made once."""
    return {}


@pytest.fixture(scope="module")
def browser(
    chromium_process: Any, tmp_path_factory: pytest.TempPathFactory, pages: dict[int, str]
) -> Iterator[Browser]:
    """A browser whose pages must have asked for nothing but themselves, and complained of nothing."""
    found = Browser(chromium_process, tmp_path_factory.mktemp("pages"), pages)
    yield found
    for context in chromium_process.contexts:
        context.close()
    assert found.errors == []
    assert [url for url in found.seen if not url.startswith("file://")] == []
    assert len(found.seen) == found.opened


@pytest.fixture(scope="module")
def demo_tab(browser: Browser, demo: qsac.Compiled) -> Any:
    return browser.show(demo)


@pytest.fixture
def tab(demo_tab: Any) -> Any:
    """The demo's page, nothing searched, selected or zoomed; opened once, since opening takes the longest."""
    demo_tab.mouse.move(5, 5)
    demo_tab.keyboard.press("Escape")
    demo_tab.keyboard.press("0")
    return demo_tab
