"""Figures of the documentation are what qsac draws now. QSAC_REGENERATE=1 draws them again."""

import os
from pathlib import Path

import qsac
from tests.docs.drawn_passes import cases, drawn

DOCS = Path(__file__).parents[2] / "docs"


def _same(path: Path, text: str) -> bool:
    if os.environ.get("QSAC_REGENERATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text


def test_the_figure_of_the_first_page() -> None:
    assert _same(DOCS / "static" / "tfim.svg", qsac.compile(DOCS / "examples" / "tfim.json", "h2").draw().svg)
    assert "(docs/static/tfim.svg)" in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_passes_before_and_after() -> None:
    found = dict(drawn())
    assert [name for name, text in found.items() if not _same(DOCS / name, text)] == []
    for name in cases():
        before, after = (found[f"static/passes/{name}-{when}.svg"] for when in ("before", "after"))
        assert before.replace("before", "after") != after, f"{name} changes nothing that is drawn"
    assert {path.name for path in (DOCS / "static" / "passes").iterdir()} == {Path(one).name for one in found} - {
        "passes-drawn.md"
    }
