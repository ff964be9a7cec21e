"""The driver finds the task that brings down its worker, and does all others."""

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

import pytest

import qsac
from qsac.sweeps import processes, working
from qsac.sweeps.driving import MOST_LOSSES, Driver
from qsac.sweeps.processes import Foreign
from qsac.sweeps.records import Record
from tests.sweeps.plans import PLAN

KEYS = [f"{number:064x}" for number in range(10)]


class Fragile:
    """A pool whose workers die of some keys: of each as often as it says. All that it had are then lost."""

    def __init__(self, most: int, deadly: dict[str, int]) -> None:
        self.most, self.deadly = most, dict(deadly)
        self.patience: float | None = None
        self.given: Counter[str] = Counter()
        self.renewed = 0
        self._waiting: list[tuple[str, Future[str]]] = []
        self._broken = False

    def submit(self, text: str) -> Future[str]:
        if self._broken:
            raise BrokenExecutor
        self.given[text] += 1
        future: Future[str] = Future()
        self._waiting.append((text, future))
        assert len(self._waiting) <= self.most
        if self.deadly.get(text, 0):
            self.deadly[text] -= 1
            self._broken = True
            for _, one in self._waiting:
                one.set_exception(BrokenExecutor())
            self._waiting.clear()
        else:
            future.set_result(Record(text, "done", {"of": text}).text)
            self._waiting.pop()
        return future

    def is_open(self) -> bool:
        return True

    def renew(self) -> None:
        self._broken = False
        self.renewed += 1

    def close(self) -> None: ...


def _driven(pool: Fragile, left: dict[str, Record] | None = None) -> list[Record]:
    kept: list[Record] = []
    Driver(pool, lambda key: key, kept.extend, (left or {}).get).drive(KEYS)
    assert sorted(record.key for record in kept) == KEYS, "each once"
    return kept


@pytest.mark.parametrize("most", [1, 4])
def test_one_that_always_kills_its_worker(most: int) -> None:
    pool = Fragile(most, {KEYS[3]: 10**6})
    kept = {record.key: record for record in _driven(pool)}
    assert [key for key, record in kept.items() if record.state == "failed"] == [KEYS[3]]
    assert kept[KEYS[3]].body["code"] == "sweep.lost-worker"
    assert MOST_LOSSES <= pool.given[KEYS[3]] <= MOST_LOSSES + 1
    assert pool.renewed == pool.given[KEYS[3]]


@pytest.mark.parametrize("most", [1, 4])
def test_one_that_kills_its_worker_now_and_then(most: int) -> None:
    pool = Fragile(most, {KEYS[3]: MOST_LOSSES - 1, KEYS[5]: 1})
    assert {record.state for record in _driven(pool)} == {"done"}
    assert pool.renewed == MOST_LOSSES


def test_what_a_lost_worker_left_counts() -> None:
    pool = Fragile(1, {KEYS[3]: 1})
    left = {KEYS[3]: Record(KEYS[3], "done", {"left": True})}
    kept = {record.key: record for record in _driven(pool, left)}
    assert kept[KEYS[3]].body == {"left": True}
    assert pool.given[KEYS[3]] == 1


class Faulty(Executor):
    """An executor whose tasks fail one by one, as those of clusters do, or give what is no record."""

    def __init__(self, faults: Sequence[Any]) -> None:
        self.faults, self.calls = list(faults), 0

    def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        self.calls += 1
        fault = self.faults.pop(0) if self.faults else None
        future: Future[Any] = Future()
        if isinstance(fault, Exception):
            future.set_exception(fault)
        else:
            future.set_result(function(*arguments) if fault is None else fault)
        return future


def test_tasks_that_fail_one_by_one() -> None:
    wanted = qsac.sweep(PLAN).to_dict()
    for faults in ([OSError("a node is gone")] * 2, ["no record", 3, b"\xff", "{}"]):
        executor = Faulty(faults)
        assert qsac.sweep(PLAN, executor).to_dict() == wanted
        assert executor.calls == 12 + len(faults)


def test_an_executor_that_is_broken() -> None:
    with pytest.raises(qsac.BackendError) as caught:
        qsac.sweep(PLAN, Faulty([None, BrokenExecutor()]))
    assert caught.value.code == "sweep.executor-failed"


class Silent(Executor):
    """An executor that is closed after some tasks: it takes no more, and says nothing of those that it has."""

    def __init__(self, tasks: int) -> None:
        self.tasks, self.closed = tasks, False
        self.asked = 0

    def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        self.asked += not arguments
        if self.closed and self.asked > 2:
            raise RuntimeError("closed")
        future: Future[Any] = Future()
        if arguments and self.tasks:
            self.tasks -= 1
            future.set_result(function(*arguments))
        else:
            self.closed = True
        return future


@pytest.mark.parametrize("stop", [None, lambda: False])
def test_an_executor_that_says_nothing_more(monkeypatch: pytest.MonkeyPatch, stop: Any) -> None:
    """It is asked now and then; as long as it takes tasks it has time."""
    monkeypatch.setattr(processes, "PATIENCE", 0.05)
    kept: list[Record] = []
    executor = Silent(4)
    pool = Foreign(executor, lambda key: Record(key, "done", {}).text)
    with pytest.raises(qsac.BackendError) as caught:
        Driver(pool, lambda key: key, kept.extend, stop=stop).drive(KEYS)
    assert caught.value.code == "sweep.executor-failed"
    assert "closed" in str(caught.value)
    assert sorted(record.key for record in kept) == KEYS[:4]
    assert executor.asked == 3


def test_a_worker_with_other_code_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    class Elsewhere(Executor):
        def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            with monkeypatch.context() as patch:
                patch.setattr("qsac.sweeps.tasks.fingerprint", lambda: "another")
                future.set_result(function(*arguments))
            return future

    with pytest.raises(qsac.BackendError) as caught:
        qsac.sweep(PLAN, Elsewhere(), tmp_path)
    assert caught.value.code == "sweep.other-code"
    assert qsac.sweep(PLAN, journal=tmp_path).states() == {"done": 12}


def test_a_worker_answers_a_text_by_a_text_and_needs_no_spool(tmp_path: Any) -> None:
    from qsac.sweeps.reading import read

    plan = read(PLAN)
    text = json.dumps({"task": plan.task(0), "key": plan.keys[0], "spool": str(tmp_path / "not here")})
    record = Record.read(working.work(text), plan.keys[0])
    assert record is not None
    assert record.state == "done"
