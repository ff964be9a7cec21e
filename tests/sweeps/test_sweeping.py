"""A sweep gives the same whatever does it, in whatever order and in how many parts; nothing is done twice."""

import json
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.errors import QsacError
from qsac.sweeps import processes, tasks, working
from qsac.sweeps.folder import Part
from qsac.sweeps.journal import Journal
from qsac.sweeps.records import RECORD_BYTES, Record
from tests.sweeps.plans import PLAN, changed, outputs

REFUSED = {"field": "/attention/kernel/degree", "values": [1, -1]}


@pytest.fixture(scope="module", autouse=True)
def one_code() -> Iterator[None]:
    """The code, and with it the keys: which shard a task falls to would change with every change of the code, and
    once in forty none of twelve tasks falls to one of three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "fingerprint", lambda: "one code")
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, one_code: None) -> Path:
    """The folder of a sweep of the plan. It is read only."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert qsac.sweep(PLAN, journal=folder).states() == {"done": 12}
    return folder


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the tasks that this process does."""
    keys: list[str] = []

    def work(text: str) -> str:
        keys.append(json.loads(text)["key"])
        return working.work(text)

    monkeypatch.setattr(processes, "work", work)
    return keys


class Shuffled(Executor):
    """Does tasks in another order than they come, when all are there."""

    def __init__(self, number: int) -> None:
        self._number, self.waiting = number, list[tuple[Future[Any], Any, str]]()

    def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        (text,) = arguments
        assert isinstance(text, str)
        self.waiting.append((future, function, text))
        if len(self.waiting) == self._number:
            random.Random(1).shuffle(self.waiting)
            for waiting, work, given in self.waiting:
                waiting.set_result(work(given))
        return future


def test_other_executors_give_the_same(undisturbed: Path, tmp_path: Path) -> None:
    shuffled = Shuffled(12)
    qsac.sweep(PLAN, shuffled, tmp_path / "shuffled")
    assert outputs(tmp_path / "shuffled") == outputs(undisturbed)
    keys = [json.loads(text)["key"] for *_, text in shuffled.waiting]
    assert keys != [row.key for row in qsac.sweep(PLAN, journal=undisturbed)], "the order was another one"
    with ThreadPoolExecutor(1) as threads:
        qsac.sweep(PLAN, threads, tmp_path / "threads")
    assert outputs(tmp_path / "threads") == outputs(undisturbed)
    found = qsac.sweep(PLAN)
    assert json.loads(outputs(undisturbed)[0]) == found.to_dict()


def test_nothing_is_done_twice(undisturbed: Path, tmp_path: Path, done: list[str]) -> None:
    qsac.sweep(changed(repeat=1), journal=tmp_path)
    assert len(done) == len(set(done)) == 6
    qsac.sweep(PLAN, journal=tmp_path)
    assert len(done) == len(set(done)) == 12, "the plan has grown"
    qsac.sweep(PLAN, journal=tmp_path)
    assert len(done) == 12
    assert outputs(tmp_path) == outputs(undisturbed)
    qsac.sweep([{"action": "estimate", "model": PLAN["model"]}] * 3)
    assert len(done) == 13, "the same task three times"


def test_shards_are_together_the_whole(undisturbed: Path, tmp_path: Path, done: list[str]) -> None:
    states = []
    for shard in (1, 2, 3):
        found = qsac.sweep(PLAN, journal=tmp_path, shard=f"{shard}/3")
        states.append({row.key for row in found if row.state == "done"})
        assert {row.state for row in found} == {"done", "missing"}
        if shard < 3:
            with pytest.raises(QsacError) as caught:
                qsac.sweep(PLAN, journal=tmp_path, collect=True)
            assert caught.value.code == "sweep.unfinished"
    assert not states[0] & states[1]
    assert len(states[0] | states[1] | states[2]) == len(done) == 12
    assert not (tmp_path / "results.json").exists()
    qsac.sweep(PLAN, journal=tmp_path, collect=True)
    assert outputs(tmp_path) == outputs(undisturbed)
    assert len(done) == 12
    again = qsac.sweep(PLAN, journal=tmp_path, shard=(2, 3))
    assert {row.key for row in again if row.state == "done"} == states[1]
    assert len(done) == 12


def test_what_is_refused_is_recorded_and_not_tried_again(tmp_path: Path, done: list[str]) -> None:
    plan = changed(axes=[REFUSED], repeat=2)
    found = qsac.sweep(plan, journal=tmp_path)
    assert [row.state for row in found] == ["done", "done", "refused", "refused"]
    error = found[2].raised()
    assert error is not None
    assert (error.code, error.exit_code, error.pointer) == ("field.out-of-range", 2, "/attention/kernel/degree")
    with pytest.raises(QsacError) as caught:
        qsac.load(found_model(plan))
    assert str(caught.value) == str(error)
    assert len(done) == 4
    assert qsac.sweep(plan, journal=tmp_path).states() == {"done": 2, "refused": 2}
    assert len(done) == 4


def found_model(plan: dict[str, Any]) -> dict[str, Any]:
    """The model that is refused."""
    model = json.loads(json.dumps(plan["model"]))
    model["attention"]["kernel"]["degree"] = -1
    return model  # type: ignore[no-any-return]


def test_what_failed_is_tried_again_by_the_next_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise qsac.BackendError("no service", code="simulator.failed")

    def bug(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("by zero")

    for fault, code in ((broken, "simulator.failed"), (bug, "sweep.task-failed"), (_memory, "capacity.out-of-memory")):
        with monkeypatch.context() as patch:
            patch.setitem(working._ACTIONS, "compile", fault)
            found = qsac.sweep(PLAN, journal=tmp_path)
            assert found.states() == {"failed": 12}
            assert (found[0].error or {})["code"] == code
    assert qsac.sweep(PLAN, journal=tmp_path).states() == {"done": 12}


def _memory(*_: Any, **__: Any) -> Any:
    raise MemoryError


DAMAGES = {
    "half of it": lambda text: text[: len(text) // 2],
    "another number": lambda text: text.replace('"two_qubit_gates":', '"two_qubit_gates":1', 1),
    "another state": lambda text: text.replace('"done"', '"refused"', 1),
    "another key": lambda text: text.replace(text[24:30], "000000", 1),
    "nothing": lambda text: "",
    "no object": lambda text: "[1, 2]",
    "not a number": lambda text: text.replace('"body":{', '"body":{"x":NaN,', 1),
    "too deep": lambda text: "[" * 100_000,
    "no text": lambda text: b"\xff\xfe",
    "too large": lambda text: text + " " * RECORD_BYTES,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_records_are_made_anew(
    name: str, undisturbed: Path, tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = list(Journal(undisturbed / "whole" / "journal.sqlite").records())
    part = Part(tmp_path)
    part.make()
    part.keep(records[2:])
    damaged = DAMAGES[name](records[0].text)
    data = damaged if isinstance(damaged, bytes) else damaged.encode()
    assert Record.read(data, records[0].key) is None
    (part.spool / f"{records[0].key}.json").write_bytes(data)
    with closing(sqlite3.connect(part.journal.path)) as connection, connection:
        connection.execute("INSERT INTO records VALUES (?, ?)", (records[1].key, damaged))
    connection.close()
    qsac.sweep(PLAN, journal=tmp_path)
    assert set(done) == {records[0].key, records[1].key}
    assert len(done) == 2
    assert outputs(tmp_path) == outputs(undisturbed)
    assert list(part.spool.iterdir()) == []


def test_a_journal_that_is_none_is_refused(tmp_path: Path) -> None:
    part = Part(tmp_path)
    part.make()
    for content in (b"no database at all" * 100, None):
        part.journal.path.unlink(missing_ok=True)
        if content is None:
            with closing(sqlite3.connect(part.journal.path)) as connection, connection:
                connection.execute("CREATE TABLE other (x)")
            connection.close()
        else:
            part.journal.path.write_bytes(content)
        with pytest.raises(qsac.BackendError) as caught:
            qsac.sweep(PLAN, journal=tmp_path)
        assert caught.value.code == "journal.unusable"
        assert "done again" in str(caught.value.help)


def test_foreign_files_in_the_spool_stay(tmp_path: Path) -> None:
    part = Part(tmp_path)
    part.make()
    (part.spool / "notes.txt").write_text("mine", encoding="utf-8")
    (part.spool / ("0" * 64 + ".json")).mkdir()
    assert qsac.sweep(changed(repeat=1), journal=tmp_path).states() == {"done": 6}
    assert (part.spool / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_of_others_and_one_in_use_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("mine", encoding="utf-8")
    with pytest.raises(QsacError) as caught:
        qsac.sweep(PLAN, journal=tmp_path)
    assert caught.value.code == "sweep.other-folder"
    assert (tmp_path / "results.json").read_text(encoding="utf-8") == "mine"
    part = Part(tmp_path / "out", "shard-1-of-2")
    part.make()
    with part.locked():
        for shard in ("1/2", None):
            with pytest.raises(QsacError) as caught:
                qsac.sweep(PLAN, journal=tmp_path / "out", shard=shard)
            assert caught.value.code == "sweep.folder-in-use"
        assert qsac.sweep(PLAN, journal=tmp_path / "out", shard="2/2").states().keys() == {"done", "missing"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"shard": "0/2"}, "option.out-of-range"),
        ({"shard": "3/2"}, "option.out-of-range"),
        ({"shard": "1"}, "option.wrong-type"),
        ({"shard": (1, 2, 3)}, "option.wrong-type"),
        ({"shard": "1/2", "collect": True}, "usage.invalid"),
        ({"jobs": 0}, "option.out-of-range"),
        ({"executor": "processes"}, "option.wrong-type"),
        ({"executor": ThreadPoolExecutor(1), "jobs": 2}, "usage.invalid"),
        ({"journal": None, "shard": "1/2"}, "usage.invalid"),
        ({"progress": 3}, "option.wrong-type"),
    ],
)
def test_options_are_checked(options: dict[str, Any], code: str, tmp_path: Path) -> None:
    with pytest.raises(QsacError) as caught:
        qsac.sweep(PLAN, **{"journal": tmp_path / "out", **options})
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_texts_that_are_no_characters(tmp_path: Path) -> None:
    odd = {"field": "/name", "values": ["\ud800", "\x1b[2J\n", "a,b", "Ω"]}
    found = qsac.sweep(changed(axes=[odd], repeat=1), journal=tmp_path)
    assert len(found) == 4
    text = (tmp_path / "results.csv").read_text(encoding="utf-8")
    assert "\\ud800" in text
    assert json.loads((tmp_path / "results.json").read_text())["rows"][0]["settings"] == {"/name": "\ud800"}


def test_what_a_result_says(undisturbed: Path) -> None:
    found = qsac.sweep(PLAN, journal=undisturbed)
    assert repr(found) == "<SweepResult 'twelve': 12 done>"
    assert isinstance(found, qsac.SweepResult)
    assert isinstance(found[-1], qsac.SweepRow)
    assert [row.key for row in found[2:4]] == [found[2].key, found[3].key]
    lines = "".join(found.csv_parts()).splitlines()
    assert len(lines) == 13
    assert lines[0].startswith("key,state,/tokens/values,optimisation,seed,result.qubits,result.two_qubit_gates,")
    told: list[tuple[int, int, str]] = []
    qsac.sweep(changed(repeat=1), progress=lambda *said: told.append(said))
    assert told == [(number, 6, "sweeping") for number in range(1, 7)]
