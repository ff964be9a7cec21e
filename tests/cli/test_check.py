"""`qsac check` and `qsac schema`, and what the command line does whatever the command is."""

import io
import json
import os
import re
import subprocess
import sys
from importlib import import_module, resources
from pathlib import Path

import click
import pytest

from qsac.cli import main as command_line
from qsac.cli.main import COMMANDS, module_of, run
from qsac.families.qsa.metrics import METRIC_NAMES, closed_form
from qsac.families.qsa.readouts.loss import DETAILS
from qsac.families.reading import load

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "tfim.json"
VECTOR = ROOT / "tests" / "vectors" / "inline-T4-d4-polynomial2-real-8.json"

Captured = pytest.CaptureFixture[str]


class Standard(io.TextIOWrapper):
    """Standard input with the given bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")


def test_summary(capsys: Captured) -> None:
    assert run(["check", str(EXAMPLE)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines() == [
        "tfim-4: a valid model",
        "  context    8 tokens and their targets (T), complex",
        "  dimension  4 (d)",
        "  qubits     2 data (n), 3 index (m)",
        "  kernel     g(s) = s",
        "  mask       causal, 36 pairs (N)",
        "  lambda     1, the sum of |c_p|",
        "  phases     none",
        "  readout    loss",
        f"  sha256     {load(EXAMPLE).sha256}",
    ]


def test_metrics_as_a_table(capsys: Captured) -> None:
    assert run(["check", str(EXAMPLE), "--metrics", "-v"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first, where = lines.index("closed form") + 1, lines.index("where")
    table = dict(line.split() for line in lines[first:where])
    expected = closed_form(load(EXAMPLE))
    assert list(table) == list(METRIC_NAMES)
    for name, text in table.items():
        assert float(text) == pytest.approx(expected[name], abs=1e-9)
    assert [line.split()[0] for line in lines[where + 1 :]] == list(DETAILS)
    assert run(["check", str(EXAMPLE), "--metrics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[first:]] == [name for name in METRIC_NAMES if name not in DETAILS]


def test_json(capsys: Captured, tmp_path: Path) -> None:
    vector = json.loads(VECTOR.read_text())
    file = tmp_path / "model.json"
    file.write_text(json.dumps(vector["model"]))
    assert run(["check", "--metrics", "--json", str(file)]) == 0
    captured = capsys.readouterr()
    facts = json.loads(captured.out)
    model = load(vector["model"])
    assert facts["name"] == model.name
    assert (facts["context"], facts["dimension"], facts["pairs"], facts["mask"]) == (4, 4, 10, "causal")
    assert facts["kernel"] == [0.9202, 0.2352, 0.4342]
    assert facts["sha256"] == model.sha256
    for name, expected in vector["expected"].items():
        assert facts["metrics"][name] == pytest.approx(expected, abs=1e-10)
    assert facts["metrics"]["prefix_loss"] is None
    assert facts["success_probability"] == pytest.approx(vector["expected"]["success_probability"], abs=1e-10)
    assert len(facts["warnings"]) == 1
    assert captured.err == f"warning: {facts['warnings'][0]}\n"


def test_json_without_metrics(capsys: Captured) -> None:
    assert run(["check", "--json", str(EXAMPLE)]) == 0
    assert "metrics" not in json.loads(capsys.readouterr().out)


def test_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Standard(EXAMPLE.read_bytes()))
    assert run(["check", "-"]) == 0
    assert capsys.readouterr().out.startswith("tfim-4: a valid model\n")
    monkeypatch.setattr(sys, "stdin", Standard(b'{"qsac": 1, "qsac": 2}'))
    assert run(["check", "-"]) == 2
    assert "where:  <stdin> /qsac\n" in capsys.readouterr().err


def test_schema(capsys: Captured) -> None:
    assert run(["schema"]) == 0
    shipped = (resources.files("qsac") / "families" / "model.schema.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == shipped


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_called(name: str, capsys: Captured) -> None:
    command = import_module(module_of(name)).command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert run([name, "--help"]) == 0
    assert f"Usage: qsac {name}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)


def test_help_imports_little() -> None:
    code = (
        "import sys; from qsac.cli.main import run; run(['--help'])\n"
        "sys.exit(' '.join({'numpy', 'pydantic', 'rich', 'pytket', 'qiskit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_version(capsys: Captured) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("qsac ")


@pytest.mark.parametrize(
    "arguments", [["check"], ["chek"], ["check", "--jsn", "x"], ["--nonsense"], ["check", "a", "b"]]
)
def test_usage_errors(arguments: list[str], capsys: Captured) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert re.search(
        r"^  help:   (qsac.* --help explains the options|did you mean (check|--json)\?)$", captured.err, re.M
    )


def test_misspelt_command(capsys: Captured) -> None:
    run(["chek"])
    assert "did you mean check?" in capsys.readouterr().err


def _failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command_line.main, "main", fail)
    return run(["check", "x"])


def test_bugs_are_told_from_mistakes(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    monkeypatch.setattr("qsac.cli.screen.screen", lambda *, stderr: 80)
    assert _failing(monkeypatch, ZeroDivisionError("division by zero")) == 70
    text = capsys.readouterr().err
    assert text.startswith("error: this is a bug of qsac: ZeroDivisionError: division by zero\n")
    assert "report it" in text
    assert "Traceback" not in text
    lines = text.splitlines()
    assert len(lines) > 3
    assert all(len(line) <= 80 for line in lines)
    assert all(len(line) > 40 for line in lines[1:-1])  # broken where the line is full, and nowhere else
    assert all(line.startswith(" " * 10) for line in lines[2:])
    monkeypatch.setenv("QSAC_DEBUG", "1")
    assert _failing(monkeypatch, ZeroDivisionError("division by zero")) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.exceptions.Abort(), 130, "interrupted\n"),
        (MemoryError(), 3, "error: there is not enough memory on this machine [capacity.out-of-memory]\n"),
        (
            OSError(28, "No space left on device"),
            2,
            "error: writing the output: no space left on device [file.refused-by-system]\n",
        ),
        (
            PermissionError(13, "Permission denied", "x.json"),
            2,
            "error: x.json: permission denied [file.refused-by-system]\n",
        ),
    ],
)
def test_other_ends(
    error: BaseException, code: int, text: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    assert _failing(monkeypatch, error) == code
    assert capsys.readouterr().err == text


def _run_process(*arguments: str, environment: dict[str, str] | None = None, **streams: int) -> subprocess.Popen[bytes]:
    code = "import sys; from qsac.cli.main import run; sys.exit(run())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stderr=subprocess.PIPE,
        **streams,
    )


def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = _run_process("schema", stdout=writing)
    os.close(writing)
    assert process.communicate()[1] == b""
    assert process.returncode == 141


def test_a_name_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    model = json.loads(EXAMPLE.read_text()) | {"name": "ψ"}
    (tmp_path / "model.json").write_text(json.dumps(model))
    process = _run_process(
        "check", str(tmp_path / "model.json"), environment={"PYTHONIOENCODING": "latin-1"}, stdout=subprocess.PIPE
    )
    assert process.communicate()[0].startswith(b"\\u03c8: a valid model")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("terminal", "no_colour", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_colour_only_on_a_terminal(
    terminal: bool, no_colour: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qsac.cli.messages import label

    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("NO_COLOR", no_colour)
    assert (label("error", "red") != "error:") == coloured
