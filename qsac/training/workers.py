"""Seeds in processes of their own, several at once."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TypeAlias

from qsac.errors import BackendError, DoesNotFitError, QsacError
from qsac.sweeps.threads import one_thread
from qsac.training.configuration import Config
from qsac.training.functions import Shared
from qsac.training.loop import Beginning, train_seed
from qsac.training.reading import of_document
from qsac.training.trained import Epoch, Trained


@dataclass(frozen=True)
class Kept:
    """A checkpoint of so many epochs is on disk."""

    epoch: int


@dataclass(frozen=True)
class Interrupted:
    """A seed stopped, because that was asked for."""


Event: TypeAlias = Beginning | Epoch | Kept | Trained | QsacError | Interrupted
"""What a seed tells. Each of the last three is its last word."""

_STOP = "stop"


@dataclass(frozen=True)
class Work:
    """What a process is asked to do with a seed."""

    document: Mapping[str, Any]
    folder: Path
    kept: Path | None
    seed: int
    restart: bool


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
) -> None:
    """Train a seed, and tell everything, to its last word: also failures, where they are the seed's own."""
    try:
        done: Event = train_seed(config, seed, kept, watch=_Teller(tell), stop=stop, restart=restart, shared=shared)
    except KeyboardInterrupt:
        done = Interrupted()
    except QsacError as error:
        done = error
    tell(done)


def in_processes(
    config: Config,
    seeds: Mapping[int, Path | None],
    jobs: int,
    tell: Callable[[int, Event], None],
    stop: Callable[[], bool],
    *,
    restart: bool,
) -> None:
    """Train seeds in up to ``jobs`` processes at once, and tell what they tell. ``seeds`` are the folders of their
    checkpoints.

    Where ``stop`` says so, every seed that trains is asked to stop, and no other one begins. Raises
    :class:`~qsac.errors.BackendError` where a process ends without a word. Whatever happens, no process is left.
    """
    waiting = [Work(config.document, config.folder, kept, seed, restart) for seed, kept in seeds.items()]
    context = multiprocessing.get_context("spawn")
    workers: dict[Any, _Worker] = {}
    stopping = False
    try:
        for _ in range(min(jobs, len(waiting))):
            worker = _Worker(context)
            workers[worker.ours] = worker
            worker.give(waiting.pop(0))
        while workers:
            if not stopping and stop():
                stopping = True
                waiting.clear()
                for worker in workers.values():
                    worker.stop()
            for ready in wait(list(workers), timeout=0.2):
                worker = workers[ready]
                event = worker.heard()
                tell(worker.seed, event)
                if not isinstance(event, Trained | QsacError | Interrupted):
                    continue
                if waiting:
                    worker.give(waiting.pop(0))
                else:
                    worker.close()
                    del workers[ready]
    finally:
        for worker in workers.values():
            worker.kill()


class _Worker:
    """A process that trains one seed after another."""

    def __init__(self, context: Any) -> None:
        self.ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.seed = -1

    def give(self, work: Work) -> None:
        self.seed = work.seed
        with suppress(OSError):  # a process that is gone is noticed when it should answer
            self.ours.send(work)

    def stop(self) -> None:
        with suppress(OSError):
            self.ours.send(_STOP)

    def heard(self) -> Event:
        try:
            event: Event = self.ours.recv()
        except (EOFError, OSError):
            self._process.join(timeout=5)
            raise BackendError(
                f"the process that trained seed {self.seed} ended without a word",
                code="train.lost-process",
                found=f"exit code {self._process.exitcode}",
                help="the last checkpoint is kept; there may not be enough memory for so many processes (--jobs)",
            ) from None
        if isinstance(event, _Bug):
            raise RuntimeError(f"in the process of seed {self.seed}: {event.said}")
        if isinstance(event, _System):
            raise OSError(event.number, event.said, event.file)
        return _restored(event) if isinstance(event, _Failure) else event

    def close(self) -> None:
        self.ours.close()
        self._process.join(timeout=10)
        self.kill()

    def kill(self) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self.ours.close()


@dataclass(frozen=True)
class _Failure:
    """An error on its way between processes: errors take arguments by name, which they are not pickled with."""

    kind: type[QsacError]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class _System:
    """A failed system call, such as a write on a full disk."""

    number: int
    said: str
    file: str | None


@dataclass(frozen=True)
class _Bug:
    """What nobody foresaw."""

    said: str


def _restored(failure: _Failure) -> QsacError:
    error = failure.kind.__new__(failure.kind, failure.fields["title"])
    error.__dict__.update(failure.fields)
    return error


def _serve(theirs: Connection) -> None:
    """What a process does: it trains the seeds that it is given, until it is given no more. Its parent says when to
    stop, also by ending; the keys that interrupt are the parent's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one_thread()
    shared: Shared = {}
    configs: dict[str, Config] = {}

    def tell(event: Event) -> None:
        sent = _Failure(type(event), dict(vars(event))) if isinstance(event, QsacError) else event
        with suppress(OSError):  # the parent is gone
            theirs.send(sent)

    while True:
        try:
            work = theirs.recv()
        except (EOFError, OSError):
            return
        if not isinstance(work, Work):
            continue  # asked to stop, when the last word was said already
        config = configs.setdefault("config", of_document(dict(work.document), work.folder))
        try:
            one_seed(config, work.seed, work.kept, tell, theirs.poll, restart=work.restart, shared=shared)
        except MemoryError:
            tell(DoesNotFitError("there is not enough memory for a seed", code="capacity.out-of-memory"))
        except OSError as error:
            with suppress(OSError):
                theirs.send(_System(error.errno or 0, error.strerror or str(error), error.filename))
        except Exception as error:
            with suppress(OSError):
                theirs.send(_Bug(f"{type(error).__name__}: {error}"))
