"""Sweeps on Dask: on a cluster of two processes, whatever is killed of it, and by the address of its scheduler."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.sweeps import schedulers
from tests.clusters import local_cluster
from tests.soak.sweeps import plan_of
from tests.sweeps.plans import PLAN, outputs, written

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster() as made:
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as made:
        yield made


def test_the_rows_are_those_of_a_sweep_here(client: Any, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    qsac.sweep(PLAN, journal=here)
    found = qsac.sweep(PLAN, client.get_executor(), there)
    assert found.states() == {"done": 12}
    assert outputs(there) == outputs(here)
    assert list((there / "whole" / "spool").iterdir()) == []
    assert qsac.sweep(PLAN, client.get_executor()).to_dict() == found.to_dict(), "and without a folder"


def test_workers_that_are_killed(client: Any, cluster: Any, tmp_path: Path) -> None:
    """Every one of them once, at different times; nothing is lost, and nothing is in the journal twice."""
    plan, killed = plan_of(30), []

    def kill(done: int, _of: int, _what: str) -> None:
        if len(killed) < done // 8:
            nanny = cluster.workers[len(killed) % 2]
            if nanny.pid is not None:
                os.kill(nanny.pid, signal.SIGKILL)
                killed.append(nanny.pid)

    found = qsac.sweep(plan, client.get_executor(), tmp_path / "killed", progress=kill)
    assert len(set(killed)) >= 2
    qsac.sweep(plan, journal=tmp_path / "here")
    assert found.states() == {"done": 24, "refused": 6}
    assert outputs(tmp_path / "killed") == outputs(tmp_path / "here")


def test_the_command_by_an_address_and_by_a_file(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("qsac.sweeps.threads.one_thread", lambda: None)
    plan = written(tmp_path)
    Path("scheduler.json").write_text(json.dumps({"address": cluster.scheduler_address}), encoding="utf-8")
    for place in (cluster.scheduler_address, "scheduler.json"):
        folder = Path(place).stem
        assert run(["sweep", plan, "-o", folder, "--scheduler", place, "-q"]) == 0
    assert run(["sweep", plan, "-o", "here", "-q"]) == 0
    capsys.readouterr()
    assert len({outputs(Path(name)) for name in (Path(cluster.scheduler_address).stem, "scheduler", "here")}) == 1
    assert run(["sweep", plan, "--scheduler", cluster.scheduler_address, "--jobs", "2"]) == 2
    assert "--jobs" in capsys.readouterr().err


def test_a_scheduler_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("qsac.sweeps.threads.one_thread", lambda: None)
    monkeypatch.setattr(schedulers, "SECONDS", 0.5)
    assert run(["sweep", written(tmp_path), "--scheduler", "tcp://127.0.0.1:9"]) == 4
    assert "[sweep.no-scheduler]" in capsys.readouterr().err


def test_an_executor_that_is_shut_down(client: Any, tmp_path: Path) -> None:
    """The error says so, what is done is kept, and another executor goes on."""
    executor = client.get_executor()

    def close(done: int, _of: int, _what: str) -> None:
        if done >= 2:
            executor.shutdown(wait=False)

    with pytest.raises(qsac.BackendError) as caught:
        qsac.sweep(PLAN, executor, tmp_path / "out", progress=close)
    assert caught.value.code == "sweep.executor-failed"
    assert qsac.sweep(PLAN, journal=tmp_path / "out").states() == {"done": 12}
