"""The driver: hands tasks to workers, and sees that each gets one record, whatever becomes of the workers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from time import monotonic
from typing import NamedTuple

from qsac.errors import BackendError
from qsac.sweeps.processes import Pool
from qsac.sweeps.records import RECORD_BYTES, Record, error_of, refusal

MOST_LOSSES = 3
"""How often a task may certainly have lost its worker before it is given up."""

ASKED = 0.2
"""Seconds between two questions whether to stop."""


class _Over(NamedTuple):
    """What there is of tasks that are over: records, and the keys of those without. ``broken``: the executor is."""

    records: list[Record]
    lost: list[str]
    broken: bool


def nothing_left(_key: str) -> None:
    """That workers leave no records behind."""


class Driver:
    """Does tasks, given by their keys.

    ``text(key)`` is what a worker is given, another text each time: an executor that takes equal texts for one task
    would have a lost one lost again. ``keep(records)`` keeps them for good, and may :meth:`add` tasks that follow from
    them; ``left(key)`` is the record that a worker left before it was lost, None for none. ``stop`` is asked several
    times a second whether to end, for which what runs has ``grace`` seconds; None for never. Records have at most
    ``most_bytes``.

    An executor that loses one task tells which: it is done again, like any other. Where a whole executor is lost with
    one of its workers it is not known which task's that was: all that were handed over are then done one by one, so
    that a task that brings down its worker is told from those that were beside it.
    """

    def __init__(
        self,
        pool: Pool,
        text: Callable[[str], str],
        keep: Callable[[Sequence[Record]], None],
        left: Callable[[str], Record | None] = nothing_left,
        *,
        stop: Callable[[], bool] | None = None,
        grace: float = 0.0,
        most_bytes: int = RECORD_BYTES,
    ) -> None:
        self._pool, self._text, self._keep, self._left = pool, text, keep, left
        self._stop, self._grace, self._most_bytes = stop, grace, most_bytes
        self._waiting: deque[str] = deque()
        self._suspects: deque[str] = deque()
        self._running: dict[Future[str], str] = {}
        self._losses: Counter[str] = Counter()
        self._heard = monotonic()

    def add(self, key: str) -> None:
        """One more task, before those that wait: what was begun is done first."""
        self._waiting.appendleft(key)

    def drive(self, keys: Iterable[str]) -> None:
        """Do all tasks. Raises :class:`~qsac.errors.BackendError` where workers cannot be replaced, or have another
        qsac."""
        self._waiting.extend(keys)
        while self._waiting or self._suspects or self._running:
            if self._stop is not None and self._stop():
                self._leave()
                return
            self._fill()
            records, lost, broken = self._over()
            self._keep(records)
            if broken:
                self._pool.renew()
            for key in lost:
                self._losses[key] += not broken or len(lost) == 1
                if self._losses[key] < MOST_LOSSES:
                    (self._suspects if broken else self._waiting).append(key)
                else:
                    self._keep([_given_up(key)])

    def _leave(self) -> None:
        """Stop: what runs has some seconds more."""
        for future in self._running:
            future.cancel()
        for future in wait(self._running, self._grace).done:
            record = None if _failure(future) is not None else self._read(future)
            if record is not None:
                self._keep([record])

    def _read(self, future: Future[str]) -> Record | None:
        return Record.read(future.result(), self._running[future], self._most_bytes)

    def _fill(self) -> None:
        """Hand over what there is room for. Where the executor is broken, those that run will say so."""
        source, most = (self._suspects, 1) if self._suspects else (self._waiting, self._pool.most)
        while source and len(self._running) < most:
            try:
                future = self._pool.submit(self._text(source[0]))
            except BrokenExecutor:
                if self._running:
                    return
                self._pool.renew()
                continue
            self._running[future] = source.popleft()

    def _over(self) -> _Over:
        done = self._news()
        broken = any(isinstance(_failure(future), BrokenExecutor) for future in done) or not (done or self._is_open())
        if broken:
            done = wait(self._running, self._pool.patience).done  # all others are done, or fail with it
        records: list[Record] = []
        lost: list[str] = []
        for future in done:
            key = self._running[future]
            record = self._left(key) if _failure(future) is not None else self._read(future)
            del self._running[future]
            if record is None:
                lost.append(key)
            else:
                _check_code(record)
                records.append(record)
        return _Over(records, lost, broken)

    def _news(self) -> set[Future[str]]:
        """Tasks that are over; none when it is time to ask something."""
        pause = self._pool.patience if self._stop is None else ASKED
        done = wait(self._running, pause, return_when=FIRST_COMPLETED).done
        if done:
            self._heard = monotonic()
        return done

    def _is_open(self) -> bool:
        """Whether the pool may still do what it was given."""
        if self._pool.patience is None or monotonic() - self._heard < self._pool.patience:
            return True
        self._heard = monotonic()
        return self._pool.is_open()


def _failure(future: Future[str]) -> BaseException | None:
    """Why a task that is over has no record; None where it should have one."""
    return BrokenExecutor("cancelled") if future.cancelled() else future.exception()


def _check_code(record: Record) -> None:
    if record.state == "failed" and record.body["code"] == "sweep.other-code":
        told = error_of(record.body)
        raise BackendError(told.title, code="sweep.other-code", wanted=told.wanted)


def _given_up(key: str) -> Record:
    return refusal(
        key,
        BackendError(
            "the worker of a task was lost again and again",
            code="sweep.lost-worker",
            found=f"{MOST_LOSSES} workers lost",
            help="there may not be enough memory for it; the same sweep tries it again",
        ),
    )
