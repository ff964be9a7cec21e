"""Bindings of templates and their outcomes, here, in processes, or on an executor: the same ones, however many workers
there are. Workers are given and return texts, as those of sweeps (:mod:`qsac.sweeps`), whose driver hands them over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import count as counting
from threading import Lock
from typing import Any

from qsac.families.outcomes import Outcomes
from qsac.sweeps.driving import Driver
from qsac.sweeps.processes import Foreign, Pool, Processes
from qsac.sweeps.records import Record, error_of
from qsac.sweeps.tasks import text_of
from qsac.sweeps.working import recorded
from qsac.training.from_circuits.taking import Taking
from qsac.training.from_circuits.texts import Job, done, outcomes_of, results, task_of
from qsac.training.tasks import task_key

CHUNK = 16
"""The most bindings of a task."""

FEW = 32
"""Bindings of each process for which it is worth starting."""

_one_at_a_time = Lock()
"""Templates keep what they have worked out, and are not made for several threads."""


class Workers:
    """Takes outcomes on an ``executor``, or in ``count`` processes, or in this one where that is one. Processes start
    when there is enough to do; one that is lost is replaced."""

    def __init__(self, count: int = 1, executor: Executor | None = None) -> None:
        self._count, self._executor = count, executor
        self._pool: Pool | None = None if executor is None else Foreign(executor, work)
        self._turns = counting()

    def outcomes(self, taking: Taking, jobs: Sequence[Job]) -> list[list[Outcomes]]:
        """The outcomes of each binding of each job, in their order. Raises :class:`~qsac.errors.QsacError` as a task
        does that is refused, and :class:`~qsac.errors.BackendError` where workers are lost for good."""
        if self._pool is None:
            if self._count == 1 or sum(len(job.bindings) for job in jobs) < FEW * self._count:
                return [outcomes_of(taking, job) for job in jobs]
            self._pool = Processes(self._count, work)
        parts = [
            (owner, job._replace(bindings=job.bindings[start : start + CHUNK]))
            for owner, job in enumerate(jobs)
            for start in range(0, len(job.bindings), CHUNK)
        ]
        tasks = [task_of(taking, part) for _, part in parts]
        keys = [task_key(task) for task in tasks]
        by_key = dict(zip(keys, tasks, strict=True))
        records: dict[str, Record] = {}

        def text(key: str) -> str:
            return text_of({"task": by_key[key], "key": key, "turn": next(self._turns)})

        def keep(found: Sequence[Record]) -> None:
            records.update((record.key, record) for record in found)

        Driver(self._pool, text, keep).drive(by_key)
        outcomes: list[list[Outcomes]] = [[] for _ in jobs]
        for (owner, _), key in zip(parts, keys, strict=True):
            outcomes[owner] += results(_result(records[key]))
        return outcomes

    @property
    def started(self) -> bool:
        """Whether there are other workers than this process."""
        return self._pool is not None

    def close(self) -> None:
        """End the processes. An executor is its owner's."""
        if self._pool is not None and self._executor is None:
            self._pool.close()
            self._pool = None


def _result(record: Record) -> dict[str, Any]:
    if record.state == "done":
        return record.body
    error = error_of(record.body)
    if error.code == "sweep.task-failed":
        raise RuntimeError(f"in a process that runs circuits: {error.found}")
    raise error


def work(text: str) -> str:
    """What a worker does: the outcomes of some bindings, as the record of a task (:mod:`qsac.sweeps.records`)."""
    asked = json.loads(text)
    with _one_at_a_time:
        return recorded(asked["task"], asked["key"], task_key, done).text
