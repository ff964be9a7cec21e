"""The tutorials are notebooks: run anew, their cells give what they show; one of them in `make test`.

QSAC_REGENERATE=1 writes outputs again.
"""

import itertools
import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.rounding import assert_near, without_digests, without_numbers
from tests.docs.rows import rows

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SHOWN = ("text/plain", "text/html", "image/svg+xml")


def outputs(notebook: Any) -> list[list[dict[str, str]]]:
    """What each cell shows: texts, cards and drawings, as they are."""
    found = []
    for cell in notebook.cells:
        shown: list[dict[str, str]] = []
        for output in cell.get("outputs", []):
            data = {"stream": output["text"]} if output.output_type == "stream" else output.data
            shown.append({kind: data[kind] for kind in ("stream", *SHOWN) if kind in data})
        found.append(shown)
    return found


def executed(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", record_timing=False, resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    return notebook


def assert_alike(found: list[list[dict[str, str]]], stored: list[list[dict[str, str]]]) -> None:
    """The same outputs, but for what linear algebra rounds differently on another processor: a few gates of
    one qubit more or fewer, and what follows from them."""
    assert [[list(one) for one in shown] for shown in found] == [[list(one) for one in shown] for shown in stored]
    both = zip(itertools.chain(*found), itertools.chain(*stored), strict=True)
    for new, old in ((without_digests(one[kind]) for one in pair) for pair in both for kind in pair[0]):
        assert without_numbers(new) == without_numbers(old)
        assert_near(old, new, 5e-3, whole=3)


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3


@pytest.mark.parametrize("path", rows(NOTEBOOKS, 3), ids=lambda path: path.stem)
def test_cells_give_what_they_show(path: Path) -> None:
    notebook = executed(path)
    if os.environ.get("QSAC_REGENERATE"):
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
            cell["metadata"] = {}
        nbformat.write(notebook, path)
    stored = nbformat.read(path, as_version=4)
    assert_alike(outputs(notebook), outputs(stored))
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not re.search(r"Traceback|/tmp/|/home/", path.read_text(encoding="utf-8"))
