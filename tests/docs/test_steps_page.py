"""docs/steps.md: its models are ones, its statements hold, and every example is on it."""

import json
import re
from pathlib import Path

import qsac
from qsac.families.reading import load
from tests.docs.steps_page import EXAMPLES, SYSTEMS

PAGE = (EXAMPLES.parent / "steps.md").read_text(encoding="utf-8")


def test_the_example_on_the_page_runs() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    found = qsac.run(load(json.loads(text)), inputs=[[0.1, 0.2, 0.3], [-0.4, 0.0, 1.0]])
    for output in found.values["outputs"]:
        assert abs(sum(output) - 1) < 1e-9


def test_every_example_is_on_the_page() -> None:
    assert {path.stem for path in EXAMPLES.glob("steps-*.json")} == set(SYSTEMS)
    assert Path(EXAMPLES / "steps-quixer.json").is_file()


def test_every_system_has_a_page() -> None:
    """What is published, what is computed here, and its own example."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (EXAMPLES.parent / "steps").glob("*.md")}
    assert sorted(pages) == sorted(system.page for system in SYSTEMS.values())
    for name, system in SYSTEMS.items():
        text = pages[system.page]
        assert f"`{name}.json`" in text
        assert "**Published.**" in text
        assert "**Here.**" in text
        assert all(number in text for number in re.findall(r"[0-9]{4}\.[0-9]{5}", system.said))


def test_no_circuit_takes_more_gates_than_as_written() -> None:
    rows = [row.split("|")[1:-1] for row in PAGE.split("<!-- systems -->")[1].split("<!-- end -->")[0].splitlines()]
    compared = [(int(row[4].split()[-1]), int(row[5])) for row in rows if len(row) > 6 and row[5].strip().isdigit()]
    assert len(compared) >= 6
    assert all(ours <= theirs for ours, theirs in compared)
