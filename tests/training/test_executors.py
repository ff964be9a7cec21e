"""Training on executors: seeds and circuits, on Dask too, come to the bytes of processes of qsac's own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.errors import CheckFailedError, InvalidInputError
from qsac.training import checkpoints, workers
from qsac.training.loop import train_part, train_seed
from qsac.training.reading import load
from qsac.training.run_folder import trained_of
from qsac.training.trained import Epoch
from qsac.training.workers import Event
from tests.clusters import local_cluster
from tests.training.from_circuits.test_loop import TINY
from tests.training.test_running import files
from tests.training.tiny import WORDS, changed

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as made:
        yield made


def test_seeds_on_dask_and_a_worker_that_is_killed(
    client: Any, cluster: Any, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "ELSEWHERE", 0.0)  # an epoch a part
    killed: list[int] = []
    seen: list[tuple[int, int]] = []

    def follow(seed: int, event: Event) -> None:
        if isinstance(event, Epoch):
            seen.append((seed, event.epoch))
            pid = cluster.workers[0].pid
            if len(seen) == 3 and pid is not None:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    qsac.train(WORDS, tmp_path / "run", seeds=2, executor=client.get_executor(), follow=follow)
    assert killed
    assert sorted(seen) == [(seed, epoch) for seed in (0, 1) for epoch in range(1, 7)], "each once"
    assert files(tmp_path / "run") == files(done)


def test_the_command_on_a_scheduler(cluster: Any, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is there is gone on with."""
    monkeypatch.setattr("qsac.sweeps.threads.one_thread", lambda: None)
    (tmp_path / "tiny.json").write_text(json.dumps(WORDS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    scheduler = ["--scheduler", cluster.scheduler_address, "-q", "-o", "run"]
    assert run(["train", "tiny.json", "--seeds", "1", *scheduler]) == 0
    assert run(["train", "tiny.json", "--seeds", "2", *scheduler]) == 0
    assert files(tmp_path / "run") == files(done)
    assert run(["train", "tiny.json", *scheduler, "--jobs", "2"]) == 2


def test_circuits_on_an_executor() -> None:
    """Of one seed the circuits, of several the seeds: the same numbers as here."""
    config = changed(TINY, gradient={"type": "parameter-shift", "shots": 200}, epochs=1)
    here = qsac.train(config).seeds[0]
    asked: list[str] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, function: Any, /, *arguments: Any, **_: Any) -> Any:
            asked.append(function.__module__)
            return super().submit(function, *arguments)

    with Counting(2) as executor:
        there = qsac.train(config, executor=executor).seeds[0]
        assert set(asked) == {"qsac.training.from_circuits.work"}
        asked.clear()
        both = qsac.train(config, seeds=2, executor=executor)
        assert set(asked) == {"qsac.training.working"}
    for other in (there, both.seeds[0]):
        assert other.history == here.history
        for name, values in here.parameters.items():
            np.testing.assert_array_equal(other.parameters[name], values)


def test_parts_are_the_whole(tmp_path: Path) -> None:
    """However often training pauses, and from the first moment on."""
    config, shared = load(changed(WORDS, validation={"share": 0.25, "patience": 3})), dict[Any, Any]()
    whole = train_seed(config, 0, tmp_path, shared=shared)
    kept, number = None, 0
    while True:
        begin, pauses = kept is None, cycle((False, True))
        part = train_part(config, 0, kept, begin=begin, pause=partial(next, pauses), shared=shared, source="a test's")
        assert (part.beginning is not None) == begin
        kept, number = part.checkpoint, number + 1
        if part.model is not None:
            break
        assert kept.epoch == 2 * (number - 1)
    assert number > 3
    assert b"".join(checkpoints.encoded(kept)) == (tmp_path / checkpoints.FILE).read_bytes()
    assert part.model + "\n" == (tmp_path / "model.json").read_text()
    found = trained_of(kept, 0)
    assert found is not None
    assert found.history == whole.history


def test_an_error_of_a_seed_is_of_its_class(client: Any, tmp_path: Path) -> None:
    config = changed(WORDS, optimiser={"type": "sgd", "rate": 1000})
    with pytest.raises(CheckFailedError) as caught:
        qsac.train(config, executor=client.get_executor())
    assert caught.value.code in ("train.not-finite", "train.diverged")


def test_a_damaged_checkpoint_is_the_failure_of_its_seed(client: Any, tmp_path: Path) -> None:
    qsac.train(WORDS, tmp_path / "run", seeds=2, executor=client.get_executor())
    path = tmp_path / "run" / "seed-1" / checkpoints.FILE
    path.write_bytes(path.read_bytes()[:-1])
    found = qsac.train(WORDS, tmp_path / "run", seeds=2, executor=client.get_executor())
    assert set(found.failed) == {1}
    assert [one.seed for one in found.seeds] == [0]


def test_what_is_no_executor() -> None:
    wrong: Any = "tcp://node:8786"
    with pytest.raises(InvalidInputError) as caught:
        qsac.train(WORDS, executor=wrong)
    assert caught.value.code == "option.wrong-type"
    with ThreadPoolExecutor(1) as executor, pytest.raises(InvalidInputError) as caught:
        qsac.train(WORDS, executor=executor, jobs=2)
    assert caught.value.code == "usage.invalid"
