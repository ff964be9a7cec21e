"""What the pages quote of commands is what the commands print.

QSAC_REGENERATE=1 writes it again: read it.
"""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from qsac.cli.main import run
from tests.docs.rounding import assert_near, without_digests, without_numbers
from tests.docs.test_commands import one_process, one_thread_each  # noqa: F401 (a fixture)

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
REGENERATE = bool(os.environ.get("QSAC_REGENERATE"))
ANGLES = re.compile(r"(?<=load-rotated ).*")
ROUNDED = 1e-6
OF_MANY_BLOCKS = 1e-2
"""Blocks of a large circuit, and ladders on a device, may be written with a gate of one qubit more or fewer on another
processor."""
LARGE = ("docs/from-a-trained-layer.md", "docs/sweeps.md")
WITH_CONSOLE = (
    "quickstart",
    "templates",
    "estimate",
    "from-a-trained-layer",
    "inspecting",
    "sweeps",
    "text-classification",
    "programs/search",
    "programs/feed-forward",
    "programs/layers",
    "programs/training",
)
QUOTED = re.compile(r"```console\n(.*?)```", re.DOTALL)


def _said(line: str, capfd: pytest.CaptureFixture[str]) -> str:
    arguments = shlex.split(line.removeprefix("$ qsac "))
    capfd.readouterr()
    assert run(arguments) == 0
    captured = capfd.readouterr()
    return captured.out + captured.err


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("path", ["README.md", *(f"docs/{name}.md" for name in WITH_CONSOLE)])
def test_quoted_output_is_real(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for example in (DOCS / "examples").iterdir():
        if example.is_file():
            (tmp_path / example.name).write_bytes(example.read_bytes())
    later = json.loads((DOCS / "examples" / "tfim.json").read_text(encoding="utf-8"))
    later["tokens"]["field"] = 0.5
    (tmp_path / "weaker-field.json").write_text(json.dumps(later), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    one_thread_each(monkeypatch)
    text = (ROOT / path).read_text(encoding="utf-8")

    def renewed(match: re.Match[str]) -> str:
        lines = [line for line in match[1].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{_said(line, capfd)}" for line in lines) + "```"

    real = QUOTED.sub(renewed, text)
    if REGENERATE:
        (ROOT / path).write_text(real, encoding="utf-8")
        return
    tolerance = OF_MANY_BLOCKS if path in LARGE else ROUNDED
    quoted, said = (QUOTED.findall(without_digests(one)) for one in (text, real))
    assert quoted
    for old, new in zip(quoted, said, strict=True):
        assert _shape(old) == _shape(new)
        if " aer " not in old:  # its random numbers are those of its version
            # Angles of ladders are solved for, and have a freedom that the machine's rounding decides.
            assert_near(ANGLES.sub("", old), ANGLES.sub("", new), tolerance)


def _shape(text: str) -> str:
    """A text without its numbers, and without what only fills the columns of tables."""
    return without_numbers(re.sub(r"[─ ]+", " ", text))
