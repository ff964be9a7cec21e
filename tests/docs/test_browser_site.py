"""The pages as they are built: no warnings, no request beyond their files, nothing that scrolls sideways."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cases import some

DOCS = Path(__file__).parents[2] / "docs"
WIDE_ENOUGH = "document.documentElement.scrollWidth <= innerWidth"
TYPESET = "window.MathJax ? MathJax.startup.promise.then(() => true) : true"
"""Formulas are set after a page is loaded, and have another width then."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of `make docs`: a broken link is a warning, and a warning an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-qW", "--keep-going", "-d", str(folder / "trees"), str(DOCS)]
    done = subprocess.run([*command, str(folder / "site")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


def test_every_page_is_built_and_searched(site: Path) -> None:
    pages = (page for page in DOCS.rglob("*.md") if DOCS / "examples" not in page.parents)
    wanted = {page.relative_to(DOCS).with_suffix(".html") for page in pages}
    assert {page.relative_to(site) for page in site.rglob("*.html")} >= wanted
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert "rényi" in index or "renyi" in index


def test_no_page_asks_the_network_or_scrolls_sideways(site: Path, chromium_process: Any) -> None:
    context = chromium_process.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    seen: list[str] = []
    tab.on("request", lambda request: seen.append(request.url))
    pages = sorted(path for path in site.rglob("*.html") if path.name not in ("search.html", "genindex.html"))
    wide = []
    for page in some(pages, 3):
        tab.goto(page.as_uri(), wait_until="load")
        tab.evaluate(TYPESET)
        if not tab.evaluate(WIDE_ENOUGH):
            wide.append(page.name)
    context.close()
    assert len(pages) > 30
    assert wide == []
    assert [url for url in seen if not url.startswith(site.as_uri())] == []
