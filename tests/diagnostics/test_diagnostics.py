"""Golden files: what the commands say about each mistake, word for word.

A case is a folder in `cases/`: the model file, what it refers to, and `expected.txt`, which holds the exit code and
stderr. The command is `qsac check model.json` unless the case has a `command.txt`. After a wording was changed on
purpose, QSAC_REGENERATE=1 writes the files again: read them.
"""

import os
import shlex
import shutil
from pathlib import Path

import pytest

from qsac.cli.main import run

CASES = sorted(folder for folder in (Path(__file__).parent / "cases").iterdir() if folder.is_dir())
LONGEST_LINE = 200


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_diagnostic(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # A copy: nothing that a command writes, now or by a mistake of later, may stay in the sources.
    shutil.copytree(folder, tmp_path / "case", symlinks=True)
    monkeypatch.chdir(tmp_path / "case")
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    code = run(_command(folder))
    captured = capfd.readouterr()
    said = f"exit {code}\n{captured.err}"
    golden = folder / "expected.txt"
    if os.environ.get("QSAC_REGENERATE"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert captured.out == ""
    assert code in (2, 3)
    assert {entry.name for entry in Path().iterdir()} == {entry.name for entry in folder.iterdir()}


def _command(folder: Path) -> list[str]:
    command = folder / "command.txt"
    return shlex.split(command.read_text(encoding="utf-8")) if command.exists() else ["check", "model.json"]


def test_there_are_many_distinct_ones() -> None:
    texts = {(folder / "expected.txt").read_text(encoding="utf-8") for folder in CASES}
    assert len(texts) == len(CASES) >= 120


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_form(folder: Path) -> None:
    lines = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("error: ")
    assert not lines[1].endswith(".")
    # Options stand on the command line: only files have places.
    assert lines[2].startswith("  where:  ") or (folder / "command.txt").exists()
    assert any(line.startswith(("  wanted: ", "  help:   ")) for line in lines)
    assert max(map(len, lines)) <= LONGEST_LINE
    text = "\n".join(lines)
    for jargon in ("pydantic", "Input should", "Traceback", "ValueError", "float64", "NoneType", "dtype"):
        assert jargon not in text
