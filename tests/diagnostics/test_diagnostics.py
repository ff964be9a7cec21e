"""Golden files: what `qsac check model.json` says about each mistake, word for word.

A case is a folder in `cases/`: the model file, what it refers to, and `expected.txt`, which holds the exit code and
stderr. After a wording was changed on purpose, QSAC_REGENERATE=1 writes the files again: read them.
"""

import os
from pathlib import Path

import pytest

from qsac.cli.main import run

CASES = sorted(folder for folder in (Path(__file__).parent / "cases").iterdir() if folder.is_dir())
LONGEST_LINE = 200


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_diagnostic(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    code = run(["check", "model.json"])
    captured = capfd.readouterr()
    said = f"exit {code}\n{captured.err}"
    golden = folder / "expected.txt"
    if os.environ.get("QSAC_REGENERATE"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert captured.out == ""
    assert code in (2, 3)


def test_there_are_many_distinct_ones() -> None:
    texts = {(folder / "expected.txt").read_text(encoding="utf-8") for folder in CASES}
    assert len(texts) == len(CASES) >= 45


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_form(folder: Path) -> None:
    lines = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("error: ")
    assert not lines[1].endswith(".")
    assert lines[2].startswith("  where:  ")
    assert any(line.startswith(("  wanted: ", "  help:   ")) for line in lines)
    assert max(map(len, lines)) <= LONGEST_LINE
    text = "\n".join(lines)
    for jargon in ("pydantic", "Input should", "Traceback", "ValueError", "float64", "NoneType", "dtype"):
        assert jargon not in text
