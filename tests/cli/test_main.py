"""What holds for every command: few imports before work begins, no traceback, plain text where nobody looks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qsac.cli.main import run

Captured = pytest.CaptureFixture[str]
HEAVY = {"numpy", "pydantic", "pytket", "qiskit", "rich", "scipy", "networkx"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["compile", "--help"], ["run", "--help"], ["interpret", "-h"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        f"import sys; from qsac.cli.main import run; run({arguments!r})\n"
        f"sys.exit(' '.join(sorted({HEAVY!r} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("command", ["compile", "run", "check", "interpret"])
@pytest.mark.parametrize("argument", [".", "none.json", "empty.json", "list.json", "null.json", "binary.json"])
def test_no_argument_makes_a_traceback(command: str, argument: str, folder: Path, capsys: Captured) -> None:
    (folder / "empty.json").touch()
    (folder / "list.json").write_text("[]")
    (folder / "null.json").write_text("null")
    (folder / "binary.json").write_bytes(bytes(range(256)))
    arguments = [argument, argument] if command == "interpret" else [argument]
    assert run([command, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    assert "bug of qsac" not in captured.err


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_no_colour_and_no_progress_in_files(no_colour: str, folder: Path) -> None:
    script = "import sys; from qsac.cli.main import run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", script, "compile", "small.json"],
        env={**os.environ, "NO_COLOR": no_colour},
        capture_output=True,
        check=True,
    )
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"simulating" not in done.stderr


def test_usage_errors_look_like_all_others(capsys: Captured) -> None:
    assert run(["compile", "--emitt", "ir", "x.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: no such option")  # the rest is click's, and differs between its versions
    assert lines[1:] == ["  help:   qsac compile --help explains the options"]
    assert run([]) == 2
    assert capsys.readouterr().err == "error: missing command\n  help:   qsac --help explains the options\n"
    assert run(["interpret", "x"]) == 2
    assert capsys.readouterr().err.startswith("error: missing argument 'COUNTS'\n")


def test_exit_codes_of_a_process(folder: Path) -> None:
    script = "import sys; from qsac.cli.main import run; sys.exit(run())"
    (folder / "broken.json").write_text(json.dumps({"qsac": 1}))
    for arguments, code in ((["check", "small.json"], 0), (["check", "broken.json"], 2), (["run", "none.json"], 2)):
        done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=False)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr
