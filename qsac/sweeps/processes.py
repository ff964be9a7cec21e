"""Worker processes of one's own: they end with their driver, however it ends, and new ones take the place of lost ones.

Each worker holds one end of a pipe whose other end only the driver has. When that is closed, by the driver or because
the driver is gone, the worker ends at once: what it was about to leave in the spool is there whole, or not at all.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from threading import Thread
from typing import Protocol, TypeAlias

from qsac.arguments import shown
from qsac.errors import BackendError, InvalidInputError, QsacWarning, printable
from qsac.sweeps.threads import one_thread
from qsac.sweeps.working import work

AT_ONCE = 256
"""How many tasks somebody else's executor is given at once."""

PATIENCE = 5.0
"""Seconds without news after which somebody else's executor is asked whether it still takes tasks."""

Work: TypeAlias = Callable[[str], str]
"""What workers do: a function of a module that they can import, from the text of a task to that of its record."""


def check_executor(executor: object, jobs: int) -> None:
    """Whether an executor, None for none, can be used, and with so many jobs. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    if executor is not None and not isinstance(executor, Executor):
        raise InvalidInputError(
            "the executor is none",
            code="option.wrong-type",
            found=shown(executor),
            wanted="a concurrent.futures.Executor",
        )
    if executor is not None and jobs > 1:
        wrong = "jobs are for processes of qsac's own, an executor has its workers"
        raise InvalidInputError(wrong, code="usage.invalid")


class Pool(Protocol):
    """What tasks are handed to. ``most``: how many tasks it is given at once; ``patience``: seconds for which no news
    is good news, None where what becomes of a task is always told."""

    most: int
    patience: float | None

    def submit(self, text: str) -> Future[str]: ...

    def is_open(self) -> bool:
        """Whether what it was given may still be done; asked when nothing was for a while."""

    def renew(self) -> None:
        """Go on after workers were lost. Raises :class:`~qsac.errors.BackendError` where that cannot be."""

    def close(self) -> None: ...


class Processes:
    """``jobs`` processes with one thread each, which are handed ``most`` tasks at once: twice as many as they are
    unless it is given."""

    patience: float | None = None

    def __init__(self, jobs: int, work: Work = work, most: int | None = None) -> None:
        self._jobs, self._work = jobs, work
        self.most = 2 * jobs if most is None else most
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, self._leash = context.Pipe(duplex=False)
        self._theirs = ours
        self._executor = ProcessPoolExecutor(self._jobs, context, initializer=_begin_work, initargs=(ours,))

    def submit(self, text: str) -> Future[str]:
        # A worker may begin here. Ctrl-C on a terminal reaches all processes, and would have it end with a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._executor.submit(self._work, text)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def is_open(self) -> bool:
        return True

    def renew(self) -> None:
        self.close()
        self._begin()

    def close(self) -> None:
        self._leash.close()
        self._theirs.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


def _begin_work(leash: Connection) -> None:
    """A worker begins: it computes with one thread, and ends when the driver lets go."""
    one_thread()
    _without_warnings()
    Thread(target=_end_with, args=(leash,), daemon=True).start()


def _without_warnings() -> None:
    """What is to be said of a model would be said again at every point."""
    warnings.simplefilter("ignore", QsacWarning)


def _end_with(leash: Connection) -> None:
    leash.poll(None)
    os._exit(0)


class Here:
    """No other process: a task is done when it is handed over."""

    most = 1
    patience: float | None = None

    def submit(self, text: str) -> Future[str]:
        future: Future[str] = Future()
        with warnings.catch_warnings():
            _without_warnings()
            future.set_result(work(text))
        return future

    def is_open(self) -> bool:
        return True

    def renew(self) -> None:
        """There is nothing that could be lost."""

    def close(self) -> None:
        """Nothing is left."""


def _nothing() -> str:
    """A task that there is to see whether tasks are taken."""
    return ""


class Foreign:
    """An executor that somebody else made, and closes, perhaps while tasks are under way: Dask's then leaves some that
    are never over."""

    def __init__(self, executor: Executor, work: Work = work, most: int = AT_ONCE) -> None:
        self._executor, self._work, self.most = executor, work, most
        self._said = ""
        self.patience: float | None = PATIENCE

    def submit(self, text: str) -> Future[str]:
        return self._submitted(self._work, text)

    def is_open(self) -> bool:
        try:
            self._submitted(_nothing).cancel()
        except BrokenExecutor:
            return False
        return True

    def _submitted(self, function: Callable[..., str], *given: str) -> Future[str]:
        try:
            return self._executor.submit(function, *given)
        except Exception as error:  # each executor has errors of its own for having been closed
            self._said = printable(f"{type(error).__name__}: {error}")[:300]
            raise BrokenExecutor(self._said) from error

    def renew(self) -> None:
        raise BackendError(
            "the executor lost its workers",
            code="sweep.executor-failed",
            found=self._said or None,
            help="what is done is kept: the same call with a new executor goes on with it",
        )

    def close(self) -> None:
        """It is the caller's."""
