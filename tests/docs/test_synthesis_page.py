"""docs/synthesis.md: its examples print what they say, and it names every function and what blocks have."""

import contextlib
import dataclasses
import importlib.util
import io
import re
from pathlib import Path

from qsac import synthesis

PAGE = (Path(__file__).parents[2] / "docs" / "synthesis.md").read_text(encoding="utf-8")

MISSING = [name for name in ("pennylane", "cirq") if importlib.util.find_spec(name) is None]


def test_examples_print_what_they_say() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    run = [block for block in blocks if not any(name in block for name in MISSING)]
    assert len(run) >= 2
    said = [found for block in run for found in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert len(said) == sum(block.count("print(") for block in run) >= 6
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        for block in run:
            exec(compile(block, "docs/synthesis.md", "exec"), names)
    assert printed.getvalue().splitlines() == said


def test_everything_is_named() -> None:
    functions = [name for name in synthesis.__all__ if name.islower()]
    assert len(functions) == 5
    assert [name for name in functions if f"`{name}(" not in PAGE] == []
    fields = {field.name for kind in (synthesis.Block, synthesis.Counts) for field in dataclasses.fields(kind)}
    methods = {name for name in vars(synthesis.Block) if not name.startswith("_")}
    inside = {"program", "family", "name", "qubits"}
    assert {name for name in (fields | methods) - inside if not re.search(rf"`{name}\b", PAGE)} == set()
