"""What is said of work that takes long: before it begins, and on the way where there is no terminal."""

import json
from pathlib import Path

import pytest

import qsac
from qsac.cli import progress
from qsac.cli.main import run
from qsac.cli.progress import INTERVAL, progress_bar
from qsac.layout.choice import MOST_GATES, expected_seconds, search_budget
from qsac.layout.search_budget import SearchBudget
from qsac.simulation.verification import AUTOMATIC_WIDTH
from tests.bench.cases import Case

Captured = pytest.CaptureFixture[str]
LITTLE = SearchBudget(1, (1,), 0, 10)
SENTENCE = "takes about 7 minutes; -O1 takes about a second"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of a moment that is taken for one of seven minutes."""
    monkeypatch.setattr(
        "qsac.layout.choice.search_budget", lambda optimisation, _: LITTLE if optimisation > 1 else None
    )
    monkeypatch.setattr("qsac.layout.choice.expected_seconds", lambda _: 420.0)


@pytest.mark.usefixtures("quick")
def test_a_long_search_is_announced(folder: Path, capsys: Captured) -> None:
    model = folder / "model.json"
    model.write_text(json.dumps(Case(4, 4).model()))
    plain = ["compile", "model.json", "--target", "ibm-fez", "--no-cache"]
    assert run(plain) == 0
    captured = capsys.readouterr()
    (said,) = [line for line in captured.err.splitlines() if line.startswith("note: searching")]
    assert said.startswith("note: searching for a layout of ")
    assert said.endswith(f" two-qubit gates on ibm-fez {SENTENCE}")
    assert SENTENCE not in captured.out
    assert run([*plain, "--json"]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert SENTENCE in captured.err
    for arguments in ([*plain, "-q"], [*plain, "-O", "1"], ["compile", "model.json", "--no-cache"]):
        assert run(arguments) == 0
        assert "searching" not in capsys.readouterr().err
    assert run(["run", "model.json", "--target", "ibm-fez", "--no-cache"]) == 0
    assert SENTENCE in capsys.readouterr().err
    said_to_python: list[str] = []
    qsac.compile(model, "ibm-fez", announce=said_to_python.append)
    assert len(said_to_python) == 1
    assert SENTENCE in said_to_python[0]


def test_a_result_from_the_cache_announces_no_search(
    quick: None, folder: Path, capsys: Captured, tmp_path: Path
) -> None:
    cache = qsac.Cache(tmp_path / "cache")
    said: list[str] = []
    for _ in range(2):
        qsac.compile(Case(4, 4).model(), "ibm-fez", cache=cache, announce=said.append)
    assert len(said) == 1


def test_short_searches_are_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.layout.choice.search_budget", lambda *_: LITTLE)
    said: list[str] = []
    qsac.compile(Case(4, 4).model(), "ibm-fez", verify=False, announce=said.append)
    assert said == []


def test_larger_searches_are_expected_to_take_longer() -> None:
    lengths = [expected_seconds(budget) for gates in (20, 100, 200) if (budget := search_budget(2, gates)) is not None]
    assert lengths == sorted(lengths)
    assert 0 < lengths[0] < lengths[-1]
    thorough, usual = search_budget(3, 200), search_budget(2, 200)
    assert thorough is not None
    assert usual is not None
    assert expected_seconds(thorough) > 2 * expected_seconds(usual)
    assert search_budget(0, 200) is search_budget(2, MOST_GATES + 1) is None


def test_without_a_terminal_a_line_comes_at_long_intervals(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress, "monotonic", lambda: clock[0])
    with progress_bar() as report:
        assert report is not None
        for done in range(200):
            report(done, 200, "arranging")
            clock[0] += 1.0
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert lines[0] == f"arranging: {INTERVAL:.0f} of 200, after {INTERVAL:.0f} s"
    assert len(lines) == 199 // INTERVAL
    with progress_bar(quiet=True) as report:
        assert report is None


def test_help_names_the_width_that_is_verified(capsys: Captured) -> None:
    for command in ("compile", "bind"):
        assert run([command, "--help"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert f"(default: up to {AUTOMATIC_WIDTH} qubits)" in text
