"""docs/hosts/pennylane.md and docs/hosts/cirq.md: their examples print what they say, and name what there is."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "prints"), [("pennylane", 4), ("cirq", 2)])
def test_examples_print_what_they_say(name: str, prints: int) -> None:
    pytest.importorskip(name)
    page = (DOCS / "hosts" / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    said = [found for block in blocks for found in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert len(said) == sum(block.count("print(") for block in blocks) == prints
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(compile(block, f"docs/hosts/{name}.md", "exec"), names)
    assert printed.getvalue().splitlines() == said


def test_what_is_replaced_is_listed() -> None:
    pytest.importorskip("pennylane")
    from qsac.hosts.pennylane import transform

    page = (DOCS / "hosts" / "pennylane.md").read_text(encoding="utf-8")
    kinds = [kind.__name__ for kind in (*transform._OFFERS, *transform._PREPARATIONS)]
    assert len(kinds) == 8
    assert [name for name in kinds if f"`{name}`" not in page] == []
    names = import_module("qsac.hosts.pennylane").__all__
    assert [name for name in names if f"`{name}" not in page] == []


def test_gates_of_cirq_are_listed() -> None:
    pytest.importorskip("cirq")
    hosts = import_module("qsac.hosts.cirq")
    page = (DOCS / "hosts" / "cirq.md").read_text(encoding="utf-8")
    kinds = [kind.__name__ for kind in hosts._OFFERS if kind.__name__ != "ControlledGate"]
    assert len(kinds) == 5
    assert [name for name in kinds if f"`{name}`" not in page] == []
    for name in inspect.signature(hosts.qsac_synthesis).parameters:
        assert f"{name}" in page
