"""Runs with a journal: killed anywhere they go on to the same numbers, and nothing that is done is done again."""

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.cache import key_of
from qsac.cli.main import run as command
from qsac.errors import InvalidInputError
from qsac.files.locks import locked
from qsac.sweeps.journal import Journal
from qsac.sweeps.records import Record
from qsac.templates import journal as run_journals
from qsac.templates import making
from tests.cli.conftest import SMALL
from tests.families.program.models import loaded
from tests.templates.two_layers import CIRCUITS, SHOTS, two_layers


def _told(result: qsac.Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(result.to_dict()))
    return found


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    return _told(qsac.run(loaded(two_layers()), shots=SHOTS, seed=5))


def _run(folder: Path, **options: Any) -> dict[str, Any]:
    return _told(qsac.run(loaded(two_layers()), **{"shots": SHOTS, "seed": 5, "journal": folder} | options))


def _killed(folder: Path, after: int, before: bool) -> None:
    """Run in a process that kills itself once so many results are kept: before the next one is, or after it."""
    pid = os.fork()
    if not pid:
        kept = 0
        keep = Journal.keep

        def kill(self: Journal, records: Any) -> None:
            nonlocal kept
            if kept == after and before:
                os.kill(os.getpid(), signal.SIGKILL)
            keep(self, records)
            if kept == after:
                os.kill(os.getpid(), signal.SIGKILL)
            kept += 1

        Journal.keep = kill  # type: ignore[method-assign]
        _run(folder)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_killed_at_any_step_it_gives_the_same_numbers(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    """Killed before and after each record is on disk, in turn, and then once more at each later one."""
    for after in range(CIRCUITS + 1):  # the first record says what is run
        folder = tmp_path / str(after)
        _killed(folder, after, before=after % 2 == 0)
        if 0 < after < CIRCUITS - 1:
            _killed(folder, 0, before=False)  # one more circuit, and killed again
        told: list[str] = []
        assert _run(folder, announce=told.append) == undisturbed, after
        done = max(0, after - (after % 2 == 0)) + (0 < after < CIRCUITS - 1)
        expected = [f"{done} result{'s' * (done != 1)} of circuits were in the journal, {CIRCUITS - done} are new"]
        assert told == (expected if done else []), after


def test_what_is_done_is_not_done_again(
    tmp_path: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run(tmp_path / "new") == undisturbed
    with monkeypatch.context() as patched:
        patched.setattr(making.Maker, "circuit", lambda *_: pytest.fail("a circuit is made again"))
        patched.setattr(making.Maker, "template", None)
        assert _run(tmp_path / "new") == undisturbed


# Runs of all kinds


def _steps() -> dict[str, Any]:
    block = [{"type": "angle"}]
    step = {"type": "circuit", "qubits": 1, "blocks": block, "measure": {"type": "pauli", "each": "Z"}}
    return {"qsac": 1, "steps": [step]}


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "exact": (SMALL, {}),
    "drawn": (SMALL, {"shots": 50, "seed": 2}),
    "Aer": (SMALL, {"target": "aer", "shots": 50}),
    "noise": (SMALL, {"target": "h2", "shots": 50, "noise": True}),
    "mitigated": (SMALL, {"target": "h2", "shots": 400, "noise": True, "mitigate": True}),
    "precision": (SMALL, {"precision": 0.2, "seed": 1}),
    "samples": (_steps(), {"inputs": [[0.1], [0.5], [1.0]], "shots": 50}),
    "exact samples": (_steps(), {"inputs": [[0.1], [0.5], [1.0]]}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_runs_of_all_kinds(kind: str, tmp_path: Path) -> None:
    """With a journal, new or full, they give what they give without one; and what is lost is taken again."""
    fields, options = KINDS[kind]
    plain = _told(qsac.run(fields, **options))
    told: list[str] = []
    options = options | {"journal": tmp_path / "journal", "announce": told.append}
    assert _told(qsac.run(fields, **options)) == plain
    assert told == []
    assert _told(qsac.run(fields, **options)) == plain
    (first,) = told
    assert first.endswith(", 0 are new")
    _change(tmp_path / "journal", lambda key, text: None if key[0] in "02468ace" else text)
    assert _told(qsac.run(fields, **options)) == plain


# What is in the journal


def _change(folder: Path, change: Callable[[str, str], str | None]) -> int:
    """Change the texts of all records but the first, which says what is run; how many were."""
    changed = 0
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection, connection:
        for key, text in connection.execute("SELECT key, record FROM records").fetchall():
            new = text if key == key_of(qsac_run=1) else change(key, text)
            changed += new != text
            if new is None:
                connection.execute("DELETE FROM records WHERE key = ?", (key,))
            else:
                connection.execute("UPDATE records SET record = ? WHERE key = ?", (new, key))
    connection.close()
    return changed


def _forged(**fields: Any) -> Callable[[str, str], str]:
    """A record with other fields, and a digest that is right."""
    return lambda key, text: Record(key, "done", json.loads(text)["body"] | fields).text.replace("Infinity", "1e999")


LIES: dict[str, Callable[[str, str], str | None]] = {
    "cut short": lambda key, text: text[: len(text) // 2],
    "no record": lambda key, text: "[]",
    "another digit": lambda key, text: text.replace(str(SHOTS), str(SHOTS + 1)),
    "a refusal": lambda key, text: Record(key, "refused", {"title": "no", "code": "no", "exit_code": 2}).text,
    "more shots": _forged(total=SHOTS + 1),
    "exact": _forged(exact=True),
    "more than all": _forged(success={"echo": SHOTS + 1}),
    "less than none": _forged(given=-1),
    "another readout": _forged(success={"other": 1}),
    "a list": _forged(success=[1]),
    "a text": _forged(given="1"),
    "a truth value": _forged(given=True),
    "an index": _forged(index=[["<f8", [2], "AAAAAAAAAAAAAAAAAAAAAA=="]] * 2 + [["a", "b"]]),
    "a huge index": _forged(index=[["<f8", [1 << 60], ""]] * 2 + [["a", "b"]]),
    "objects": _forged(index=[["O", [1], "AAAAAAAAAAA="]] * 2 + [["a", "b"]]),
    "no scale": _forged(subnormalisation=0.0),
    "nothing": lambda key, text: Record(key, "done", {}).text,
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journals") / "full"
    _run(folder)
    return folder


@pytest.mark.parametrize("start", range(0, len(LIES), CIRCUITS))
def test_records_are_believed_only_if_they_can_be_true(start: int, full: Path, undisturbed: dict[str, Any]) -> None:
    """Each record has another lie."""
    lies = [*LIES.values()] * 2
    turns = iter(lies[start : start + CIRCUITS])
    assert _change(full, lambda key, text: next(turns)(key, text)) == CIRCUITS
    told: list[str] = []
    assert _run(full, announce=told.append) == undisturbed
    assert told == []  # all of it is taken again
    assert _run(full, announce=told.append) == undisturbed
    assert len(told) == 1


def test_a_record_of_one_circuit_is_not_anothers(full: Path, undisturbed: dict[str, Any]) -> None:
    with closing(sqlite3.connect(full / "journal.sqlite")) as connection, connection:
        rows = connection.execute("SELECT key, record FROM records").fetchall()
        keys = [key for key, _ in rows if key != key_of(qsac_run=1)]
        texts = dict(rows)
        for key, other in zip(keys, keys[1:] + keys[:1], strict=True):
            connection.execute("UPDATE records SET record = ? WHERE key = ?", (texts[other], key))
    connection.close()
    told: list[str] = []
    assert _run(full, announce=told.append) == undisturbed
    assert told == []


def test_later_circuits_belong_to_what_they_loaded(full: Path, undisturbed: dict[str, Any]) -> None:
    """A forged result of a first layer that can be true moves the second layer's circuits: these are taken anew."""
    kept = _change(full, _forged())  # nothing
    assert kept == 0
    first = [0]

    def forge(key: str, text: str) -> str:
        body = json.loads(text)["body"]
        if body["success"]["echo"] in (0, SHOTS) or first[0] == 4:
            return text
        first[0] += 1
        return Record(key, "done", body | {"success": {"echo": 1}}).text

    told: list[str] = []
    assert _change(full, forge) > 0
    moved = _run(full, announce=told.append)
    assert moved["values"] != undisturbed["values"]
    assert not told[0].endswith(", 0 are new")
    _change(full, lambda key, text: None)


# Journals that are refused


@pytest.mark.parametrize(
    ("options", "found", "wanted"),
    [
        ({"shots": 97}, "shots 96", "shots 97"),
        ({"seed": 6}, "seed 5", "seed 6"),
        ({"noise": True, "target": "h2"}, 'target "statevector"', 'target "h2"'),
        ({"target": "h2"}, 'target "statevector"', 'target "h2"'),
    ],
)
def test_a_journal_of_another_run(options: dict[str, Any], found: str, wanted: str, full: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _run(full, **options)
    assert (caught.value.code, caught.value.found, caught.value.wanted) == ("run.other-journal", found, wanted)


def test_a_journal_of_another_model_or_qsac(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = two_layers()
    other["program"]["inputs"] = [[0.5, 1.25]]
    for fields, said in ((other, "another model"), (SMALL, "another compiled program")):
        with pytest.raises(InvalidInputError) as caught:
            qsac.run(fields, shots=SHOTS, seed=5, journal=full)
        assert (caught.value.code, caught.value.found) == ("run.other-journal", said)
    monkeypatch.setattr(run_journals, "fingerprint", lambda: "0" * 64)
    with pytest.raises(InvalidInputError) as caught:
        _run(full)
    assert caught.value.found == "another version of qsac, or of the libraries below it"


def test_folders_that_are_no_journals(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for folder, code in ((tmp_path, "run.other-folder"), (tmp_path / "mine.txt", "output.unwritable")):
        with pytest.raises(InvalidInputError) as caught:
            _run(folder)
        assert caught.value.code == code
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "journal.npy", np.zeros(2))
    (tmp_path / "other" / "journal.npy").rename(tmp_path / "other" / "journal.sqlite")
    with pytest.raises(qsac.BackendError):
        _run(tmp_path / "other")


def test_one_process_runs_with_a_journal(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    with locked(folder / "lock", os.O_RDWR | os.O_CREAT) as ours:
        assert ours
        with pytest.raises(InvalidInputError) as caught:
            _run(folder)
    assert caught.value.code == "run.journal-in-use"


# The command line


def test_commands(
    tmp_path: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path / "data"))
    Path("model.json").write_text(json.dumps(two_layers()))
    asked = ["run", "model.json", "--shots", str(SHOTS), "--seed", "5", "--json"]
    assert command([*asked, "--journal", "kept"]) == 0
    assert json.loads(capsys.readouterr().out) == undisturbed
    assert command([*asked, "--journal", "kept"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == undisturbed
    assert "note: 6 results of circuits were in the journal, 0 are new" in printed.err
    assert command([*asked, "--journal", "kept", "--resume"]) == 2

    pid = os.fork()
    if not pid:
        Journal.keep = _after_three(Journal.keep)  # type: ignore[method-assign]
        command([*asked, "--resume"])
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    capsys.readouterr()
    assert len(list((tmp_path / "data" / "runs").iterdir())) == 1
    assert command([*asked, "--resume"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == undisturbed
    assert "note: 2 results of circuits were in the journal, 4 are new" in printed.err
    assert list((tmp_path / "data" / "runs").iterdir()) == []


def _after_three(keep: Callable[..., None]) -> Callable[..., None]:
    calls = [0]

    def kill(self: Journal, records: Any) -> None:
        keep(self, records)
        calls[0] += 1
        if calls[0] == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill
