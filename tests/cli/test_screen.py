"""What every command prints fits a terminal of 80 columns, and uses a wider one; colour only on terminals."""

import json
import re
import shutil
from pathlib import Path

import pytest
from _pytest.capture import CaptureIO

import qsac
from qsac.cli import progress
from qsac.cli.main import COMMANDS, run
from qsac.cli.messages import note, report, say
from qsac.cli.progress import waiting
from qsac.cli.screen import fitted, screen
from tests.docs.test_quoted_output import DOCS

Captured = pytest.CaptureFixture[str]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
LINES = {"─"}

CALLS = {
    "compile": ["compile", "complex.json", "-v", "-o", "a.json", "--no-cache"],
    "opt": ["opt", "a.ir", "-O2", "--lower", "-v", "-o", "b.ir"],
    "estimate": ["estimate", "complex.json", "--context", "1e6"],
    "bind": ["bind", "t.json", "-v", "-o", "bound.json"],
    "features": ["features", "sentences.csv", "-o", "sentences.npz"],
    "train": ["train", "--list"],
    "evaluate": None,
    "roll-out": None,
    "sweep": None,
    "run": ["run", "predict.json", "--shots", "100", "--no-cache"],
    "generate": ["generate", "gpt-grammar.json", "--prompt", "they often", "--steps", "1", "--no-cache"],
    "verify": ["verify", "complex.qsac.json"],
    "view": None,
    "diff": ["diff", "o0.qsac.json", "complex.qsac.json", "--exit-code"],
    "plot": ["plot", "passes", "complex.qsac.json", "-o", "p.svg"],
    "check": ["check", "gpt-grammar.json", "--metrics"],
    "import": ["import", "gpt2-markov.safetensors", "--heads", "2", "--sequence", "3,0,2,1", "-v"],
    "jobs": ["jobs"],
    "results": None,
    "interpret": ["interpret", "complex.qsac.json", "counts.json", "--order", "pytket", "-v"],
    "schema": None,
    "targets": ["targets", "ibm-fez"],
    "cache": ["cache"],
    "passes": ["passes"],
    "explain": ["explain", "fold-unitaries"],
    "init": ["init", "new.json", "--tokens", "markov.csv"],
    "doctor": ["doctor"],
    "completion": None,
}
"""Command -> a call of it with much to say; None for those whose output is JSON, a script or a page, or that another
test prints."""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the calls want."""
    from tests.cli.conftest import MODELS

    folder = tmp_path_factory.mktemp("examples")
    for name in ("gpt-grammar.json", "gpt2-markov.safetensors", "markov.csv", "sentences.csv"):
        shutil.copy(DOCS / "examples" / name, folder)
    model = MODELS["complex"]
    for name, found in (MODELS | {"predict": model | {"readout": {"type": "predict"}}}).items():
        (folder / f"{name}.json").write_text(json.dumps(found))
    compiled = qsac.compile(model, "h2")
    compiled.save(folder / "complex.qsac.json")
    qsac.compile(model, "h2", optimisation=0).save(folder / "o0.qsac.json")
    qsac.template(model, "h2").save(folder / "t.json")
    (folder / "a.ir").write_text(qsac.compile(model, "h2", optimisation=0).ir)
    bits = len(compiled.circuits[0].bits)
    (folder / "counts.json").write_text(json.dumps({"0" * bits: 12, "0" * (bits - 1) + "1": 30}))
    return folder


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Standard output and standard error are a terminal that shows no bars; `COLUMNS` says how wide."""
    monkeypatch.setattr(CaptureIO, "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


def test_every_command_is_called() -> None:
    assert list(CALLS) == list(CALLS | dict.fromkeys(COMMANDS))
    assert set(CALLS) == set(COMMANDS)


def words(text: str) -> list[str]:
    """The words of a text, without the lines of tables and trees."""
    return [word for word in text.split() if not set(word) <= set("─│├└")]


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call is not None])
def test_lines_fit_and_words_are_whole(
    name: str, examples: Path, monkeypatch: pytest.MonkeyPatch, terminal: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(examples)
    said = {}
    for columns in (80, 120, 100_000):
        for written in ("new.json", "b.ir"):
            Path(written).unlink(missing_ok=True)
        monkeypatch.setenv("COLUMNS", str(columns))
        assert run(CALLS[name] or []) == 0
        captured = capsys.readouterr()
        said[columns] = ESCAPE.sub("", captured.out + captured.err)
    whole = words(said[100_000])
    assert len(whole) > 1
    for columns in (80, 120):
        lines = said[columns].splitlines()
        # A line is longer than the terminal only where a single word is: a path, or the text of an op.
        assert [line for line in lines if len(line) > columns and len(line.split()) > 3] == []
        # Where rows are lists, the header of their first column is left out, and the others are repeated.
        assert set(words(said[columns])) <= set(whole)
        assert len(set(whole) - set(words(said[columns]))) <= 1
        numbers = re.compile(r"(?<![\w.,])\d[\d,.]*")
        assert set(numbers.findall(said[columns])) >= set(numbers.findall(said[100_000]))
    assert max(map(len, said[80].splitlines())) <= max(map(len, said[120].splitlines()))


def test_wider_terminals_have_wider_tables(
    examples: Path, monkeypatch: pytest.MonkeyPatch, terminal: pytest.MonkeyPatch, capsys: Captured
) -> None:
    heights = []
    for columns in ("80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        assert run(["passes"]) == 0
        heights.append(len(capsys.readouterr().out.splitlines()))
    assert heights[1] < heights[0]


def test_colour_is_for_terminals(
    examples: Path, monkeypatch: pytest.MonkeyPatch, terminal: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert run(["targets"]) == 0
    assert run(["targets", "h3"]) == 2
    captured = capsys.readouterr()
    assert "\x1b[1m" in captured.out
    assert "\x1b[31m" in captured.err
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["targets", "h3"]) == 2
    assert run(["targets"]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err


def test_messages_break_between_words(terminal: pytest.MonkeyPatch, capsys: Captured) -> None:
    terminal.setenv("COLUMNS", "40")
    terminal.setenv("NO_COLOR", "1")
    assert screen() == screen(stderr=True) == 40
    report("error", "red", "the first clause is long enough to be broken [some.code]\n  wanted: " + "word " * 12)
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("error: the first")
    assert lines[1].startswith("       ")
    assert lines[2].startswith("  wanted: word")
    assert lines[3].startswith("          word")
    note("x" * 60)
    assert "x" * 60 in capsys.readouterr().err
    say("word " * 20, whole=True)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_programs_read_is_never_broken(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    say("word " * 50)
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert fitted("word " * 50, stderr=True) == "word " * 50


def test_a_terminal_is_told_of_what_takes_longer_than_a_second(terminal: pytest.MonkeyPatch, capsys: Captured) -> None:
    from time import sleep

    terminal.setattr(progress, "PATIENCE", 0.05)
    with waiting("thinking"):
        sleep(0.2)
    assert capsys.readouterr() == ("", ""), "a dumb terminal shows nothing"
    terminal.setenv("TERM", "xterm")
    said = ""
    with waiting("thinking"):
        for _ in range(400):
            sleep(0.05)
            said += capsys.readouterr().err
            if "thinking" in said:
                break
    assert "thinking" in said
    capsys.readouterr()
    with waiting("thinking"):
        pass
    sleep(0.1)
    assert capsys.readouterr() == ("", "")
