"""Every table on terminals of any width: all words are whole, and none is wider than the terminal if it need not be."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from qsac.machine.registry import target_names
from qsac.pipeline.registry import pass_names
from qsac.submission.journal import Journal
from tests.cases import some

pty = pytest.importorskip("pty")
Captured = pytest.CaptureFixture[str]
SCRIPT = "import sys; from qsac.cli.main import run; sys.exit(run())"


def on_terminal(arguments: list[str], columns: int) -> str:
    """What the command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"},
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


COMMANDS = {
    "targets": ["targets"],
    "target": ["targets", "ibm-fez"],
    "passes": ["passes"],
    "jobs": ["jobs"],
    "compile": ["compile", "small.json", "--target", "h2", "-v"],
    "run": ["run", "small.json", "--shots", "100"],
    "overlaps": ["run", "overlaps.json", "--shots", "100"],
    "estimate": ["estimate", "complex.json", "--context", "1000"],
}


@pytest.mark.parametrize(("name", "columns"), some(product(COMMANDS, [80, 45]), 5))
def test_no_word_is_broken(
    name: str, columns: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (folder / "overlaps.json").write_text(
        json.dumps(json.loads((folder / "complex.json").read_text()) | {"readout": {"type": "overlaps"}})
    )
    monkeypatch.setenv("QSAC_DATA_DIR", str(folder / "data"))
    if name == "jobs":
        _submitted()
    assert run(COMMANDS[name]) == 0
    # Where rows are lists, the header of their first column is left out.
    words = {word for word in capsys.readouterr().out.split() if set(word) != {"─"}}
    wanted = words - {"name", "id", "metric", "entry", "pass"}
    assert len(wanted) > 10
    shown = on_terminal(COMMANDS[name], columns)
    assert wanted <= set(shown.split())
    # A line is longer than the terminal only where a single word beside a label is.
    assert all(len(line) <= max(columns, 80) or len(line.split()) <= 5 for line in shown.splitlines())


def _submitted() -> None:
    compiled = qsac.compile("complex.json", "h2", verify=False)
    Journal().enter(compiled, "Quantinuum", "H2-1E", 12_345_678, 987_654.3, "HQC")


@pytest.mark.parametrize("columns", [80, 60])
def test_names_are_whole(columns: int) -> None:
    targets = set(on_terminal(["targets"], columns).split())
    assert set(target_names()) <= targets
    passes = {word.partition("{")[0] for word in on_terminal(["passes"], columns).split()}
    assert set(pass_names()) <= passes


def test_tables_that_fit_are_tables() -> None:
    wide = on_terminal(["targets"], 120).splitlines()
    assert wide[0].split()[:3] == ["name", "kind", "qubits"]
    assert set(wide[1]) == {"─"}
