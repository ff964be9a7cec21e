"""docs/hosts/qiskit.md, pytket.md and ecosystem.md: examples print what they say, tables name what there is."""

import contextlib
import inspect
import io
import os
import re
import tomllib
from pathlib import Path

import pytest

from qsac.hosts import pytket
from qsac.hosts.qiskit import METHODS
from qsac.hosts.qiskit.counting import ENTANGLERS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "hosts"


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "count"), [("qiskit.md", 3), ("pytket.md", 1)])
def test_examples_print_what_they_say(name: str, count: int) -> None:
    blocks = re.findall(r"```python\n(.*?)```", _page(name), re.DOTALL)
    assert len(blocks) == count
    said = [found for block in blocks for found in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert len(said) == sum(block.count("print(") for block in blocks) >= 2
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(compile(block, name, "exec"), names)
    assert printed.getvalue().splitlines() == said


def test_everything_is_named() -> None:
    page = _page("qiskit.md")
    assert [name for name in METHODS if f"`{name}`" not in page] == []
    assert [gate for gate in ENTANGLERS if gate.upper() not in page] == []
    page = _page("pytket.md")
    assert [kind.name for kind in pytket._READ if f"`{kind.name}`" not in page] == []
    assert pytket.LABEL in page
    for name, option in inspect.signature(pytket.boxes_pass).parameters.items():
        assert f"{name}={option.default!r}".replace("'", '"') in page


def test_entry_points_are_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {group: names for group, names in project["entry-points"].items() if group.startswith("qiskit.")}
    rows = ["| group | names |", "| --- | --- |"]
    rows += [f"| `{group}` | {', '.join(f'`{name}`' for name in sorted(names))} |" for group, names in groups.items()]
    written = "<!-- entry points -->\n" + "\n".join(rows) + "\n<!-- end -->"
    page = _page("ecosystem.md")
    if os.environ.get("QSAC_REGENERATE"):
        page = re.sub(r"<!-- entry points -->.*?<!-- end -->", lambda _: written, page, flags=re.DOTALL)
        (DOCS / "ecosystem.md").write_text(page, encoding="utf-8")
    assert written in page
    extra = project["optional-dependencies"]["qiskit"]
    assert [f"Qiskit {requirement.partition('>=')[2]} or newer" in page for requirement in extra] == [True]
