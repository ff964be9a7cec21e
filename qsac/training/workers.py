"""Seeds that are trained by workers, in processes of qsac's own or on any executor, several at once.

A task is a part of a seed's training: from one checkpoint to the next, a second or some of them. Workers are given
and return texts, as those of sweeps (:mod:`qsac.sweeps`), whose driver hands the parts over, one of each seed at a
time. So a worker needs no folder of the run, one that is lost costs the part that it had, and the bytes are those of a
seed that is trained in one go, whoever trains it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from qsac.errors import BackendError, QsacError
from qsac.files.source import read_file
from qsac.files.writing import write_file
from qsac.sweeps.driving import Driver
from qsac.sweeps.processes import Foreign, Processes
from qsac.sweeps.records import Record, error_of
from qsac.sweeps.tasks import text_of
from qsac.training import checkpoints
from qsac.training.checkpoints import Checkpoint
from qsac.training.configuration import Config
from qsac.training.functions import Shared
from qsac.training.loop import train_seed
from qsac.training.run_folder import trained_of, write_seed
from qsac.training.tasks import PART_BYTES, task_key
from qsac.training.trained import Epoch, Trained
from qsac.training.watching import Beginning
from qsac.training.working import work

HERE, ELSEWHERE = 1.0, 10.0
"""Seconds of a part, in processes of qsac's own and on an executor. No number of a seed depends on them."""

GRACE = 2.0
"""Seconds that parts in processes of qsac's own may take to end where training is interrupted."""


@dataclass(frozen=True)
class Kept:
    """A checkpoint of so many epochs is on disk."""

    epoch: int


@dataclass(frozen=True)
class Interrupted:
    """A seed stopped, because that was asked for."""


Event: TypeAlias = Beginning | Epoch | Kept | Trained | QsacError | Interrupted
"""What a seed tells. Each of the last three is its last word."""


class _Teller:
    """A watch that sends everything on."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell

    def begun(self, beginning: Beginning) -> None:
        self._tell(beginning)

    def epoch(self, record: Epoch) -> None:
        self._tell(record)

    def kept(self, epoch: int) -> None:
        self._tell(Kept(epoch))


def one_seed(
    config: Config,
    seed: int,
    kept: Path | None,
    tell: Callable[[Event], None],
    stop: Callable[[], bool],
    *,
    restart: bool,
    shared: Shared,
    executor: Executor | None = None,
) -> None:
    """Train a seed in this process, its circuits on an ``executor``, and tell everything, to its last word: also
    failures, where they are the seed's own."""
    watch = _Teller(tell)
    try:
        done: Event = train_seed(
            config, seed, kept, watch=watch, stop=stop, restart=restart, shared=shared, executor=executor
        )
    except KeyboardInterrupt:
        done = Interrupted()
    except QsacError as error:
        done = error
    tell(done)


def by_workers(
    config: Config,
    seeds: Mapping[int, Path | None],
    workers: int | Executor,
    tell: Callable[[int, Event], None],
    stop: Callable[[], bool],
    *,
    restart: bool,
) -> None:
    """Train seeds in so many processes of qsac's own, or on an executor, and tell what they tell. ``seeds`` are the
    folders of their checkpoints.

    Where ``stop`` says so, what is done is written, and no other part begins. Raises
    :class:`~qsac.errors.BackendError` where a process of qsac's own ends without a word, or an executor is lost.
    Whatever happens, no process of qsac's own is left.
    """
    own = isinstance(workers, int)
    pool = _Processes(workers) if isinstance(workers, int) else Foreign(workers, work)
    parts = _Parts(config, seeds, tell, HERE if own else ELSEWHERE, restart=restart)
    try:
        grace = GRACE if own else 0.0
        driver = Driver(pool, parts.text, parts.keep, stop=stop, grace=grace, most_bytes=PART_BYTES)
        parts.next = driver.add
        driver.drive(parts.begin())
        parts.interrupt()
    finally:
        pool.close()


class _Processes(Processes):
    """Processes that train. One that is lost most likely lacked memory, and would again."""

    def __init__(self, jobs: int) -> None:
        # No more parts at once than processes: the one that becomes free is then the one that had the seed before, and
        # has its data.
        super().__init__(jobs, work, most=jobs)

    def renew(self) -> None:
        raise BackendError(
            "a process that trained ended without a word",
            code="train.lost-process",
            help="the last checkpoint is kept; there may not be enough memory for so many processes (--jobs)",
        )


@dataclass(eq=False)
class _Seed:
    """A seed under way: its folder, its checkpoint so far and that one's text, and the epochs that are on disk."""

    number: int
    folder: Path | None
    data: bytes = b""
    checkpoint: Checkpoint | None = None
    on_disk: int = 0
    begun: bool = False
    over: bool = False


@dataclass(eq=False)
class _Parts:
    """The parts of all seeds: what workers are asked for, and what comes of their answers."""

    config: Config
    folders: Mapping[int, Path | None]
    tell: Callable[[int, Event], None]
    seconds: float
    restart: bool = field(kw_only=True)
    next: Callable[[str], None] = field(default=lambda _key: None, init=False)
    _seeds: list[_Seed] = field(default_factory=list, init=False)
    _asked: dict[str, tuple[_Seed, dict[str, Any]]] = field(default_factory=dict, init=False)
    _turns: count[int] = field(default_factory=count, init=False)

    def begin(self) -> list[str]:
        """The first task of each seed."""
        keys = []
        for number, folder in self.folders.items():
            seed = _Seed(number, folder)
            self._seeds.append(seed)
            try:
                self._find(seed)
            except QsacError as error:
                self._end(seed, error)
            else:
                keys.append(self._task(seed))
        return keys

    def _find(self, seed: _Seed) -> None:
        """The checkpoint that is there."""
        path = None if seed.folder is None else seed.folder / checkpoints.FILE
        if path is not None and path.exists() and not self.restart:
            seed.data = read_file(path, checkpoints.LIMIT, "checkpoint file")
            seed.checkpoint = checkpoints.decoded(seed.data, str(path))
            seed.on_disk = seed.checkpoint.epoch

    def _task(self, seed: _Seed) -> str:
        task = {
            "action": "train",
            "config": self.config.document,
            "folder": str(self.config.folder.absolute()),
            "seed": seed.number,
            "begin": not seed.begun,
            "checkpoint": base64.b64encode(seed.data).decode("ascii"),
            "source": None if seed.folder is None else str(seed.folder / checkpoints.FILE),
            "seconds": self.seconds,
        }
        key = task_key(task)
        self._asked[key] = seed, task
        return key

    def text(self, key: str) -> str:
        """What a worker is given."""
        return text_of({"task": self._asked[key][1], "key": key, "turn": next(self._turns)})

    def keep(self, records: Sequence[Record]) -> None:
        """Note what workers answer, and ask on."""
        for record in records:
            seed, _ = self._asked.pop(record.key)
            if record.state == "done":
                self._heard(seed, record.body)
                continue
            error = error_of(record.body)
            if error.code == "sweep.task-failed":
                raise RuntimeError(f"in the process of seed {seed.number}: {error.found}")
            self._end(seed, error)

    def _heard(self, seed: _Seed, body: Mapping[str, Any]) -> None:
        before = 0 if seed.checkpoint is None else seed.checkpoint.epoch
        data = base64.b64decode(body["checkpoint"])
        kept = checkpoints.decoded(data, "a worker's checkpoint")
        unchanged, seed.data, seed.checkpoint = data == seed.data, data, kept
        if body["beginning"] is not None:
            facts, warnings, epochs = body["beginning"]
            known = tuple((name, said) for name, said in facts), tuple(warnings)
            seed.begun = True
            self.tell(seed.number, Beginning(kept.data, *known, kept.history, epochs))
        for epoch in kept.history[before:]:
            self.tell(seed.number, epoch)
        trained = None if body["model"] is None else trained_of(kept, seed.number)
        every = self.config.fields.checkpoint.every
        if not unchanged and (trained is not None or kept.epoch // every > seed.on_disk // every):
            self._write(seed)
        if trained is None:
            self.next(self._task(seed))
            return
        if seed.folder is not None:
            write_seed(body["model"], trained, seed.folder)
        self._end(seed, trained)

    def _write(self, seed: _Seed) -> None:
        if seed.folder is not None and seed.checkpoint is not None:
            write_file(seed.folder / checkpoints.FILE, [seed.data])
            seed.on_disk = seed.checkpoint.epoch
            self.tell(seed.number, Kept(seed.on_disk))

    def _end(self, seed: _Seed, event: Event) -> None:
        seed.over = True
        self.tell(seed.number, event)

    def interrupt(self) -> None:
        """Write what is done of seeds whose training is not over."""
        for seed in self._seeds:
            if seed.begun and not seed.over:
                if seed.checkpoint is not None and seed.checkpoint.epoch > seed.on_disk:
                    self._write(seed)
                self._end(seed, Interrupted())
