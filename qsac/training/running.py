"""Training as a whole: all seeds of a configuration, in one process or several, into a folder that can be resumed."""

from __future__ import annotations

import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from warnings import warn

from qsac.arguments import file_path, whole_number
from qsac.artifact.fingerprint import library_version, version
from qsac.errors import BackendError, QsacError
from qsac.machine.read import find_target
from qsac.optional import optional_package
from qsac.sweeps.processes import check_executor
from qsac.training import journal as journals
from qsac.training.configuration import Config
from qsac.training.functions import Shared, functions_of
from qsac.training.precision import precision
from qsac.training.reading import load
from qsac.training.run_folder import Run, locked, made, prepare, seed_folder, write_results
from qsac.training.tasks import LIBRARIES
from qsac.training.trained import Epoch, Trained
from qsac.training.watching import Beginning
from qsac.training.workers import Event, Kept, by_workers, one_seed

Follow: TypeAlias = Callable[[int, Event], None]
"""Who is told what the seeds tell: the seed, and what it says."""


def train(
    config: str | os.PathLike[str] | Mapping[str, Any] | Config,
    folder: str | os.PathLike[str] | None = None,
    *,
    seeds: int | list[int] | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    epochs: int | None = None,
    objective: Any = None,
    gradient: Any = None,
    restart: bool = False,
    force: bool = False,
    follow: Follow | None = None,
) -> Run:
    """Train what a configuration describes: the path of its file, or the dictionary that the file would hold.

    ``folder`` is where checkpoints, models and results go; a run of the same configuration that is there is gone on
    with, unless ``restart``; one of another configuration is refused, or removed with ``force``. Without a folder
    nothing is written. ``seeds``, ``epochs``, ``objective`` and ``gradient`` take the place of the configuration's own.
    ``jobs``: how many processes train at once; each runs a seed at a time. ``executor``, any
    :class:`concurrent.futures.Executor`, trains in their place: its workers are given texts and return texts, need the
    same qsac, and the files that the configuration names at the same place, but no folder of the run. One seed with
    gradients from circuits is trained here, and its circuits are run there. ``follow`` is told what the seeds tell.

    A seed that fails does not keep the others from training; the run says which did. An interruption writes checkpoints
    and raises ``KeyboardInterrupt``. Raises :class:`~qsac.errors.QsacError` for what is wrong with the configuration or
    the folder, and the first seed's error where all seeds fail.
    """
    jobs = whole_number(jobs, "number of jobs", 1, 1024)
    check_executor(executor, jobs)
    _check_packages()
    changes = {"seeds": seeds, "epochs": epochs, "objective": objective, "gradient": gradient}
    chosen = load(config, {name: value for name, value in changes.items() if value is not None})
    shared = _checked(chosen)
    if folder is None:
        return _Run(chosen, None, {}, follow).trained(jobs, executor, shared, restart=restart)
    place = Path(file_path(folder, "folder"))
    with locked(made(place)):
        chosen = prepare(chosen, place, force=force)
        journal = journals.Journal()
        number = journal.enter(chosen, place, _versions(), restart=restart)
        recorders = {seed: journals.Recorder(journal, number, seed) for seed in chosen.seeds}
        run = _Run(chosen, place, recorders, follow).trained(jobs, executor, shared, restart=restart)
        write_results(run, place)
    return run


def _check_packages() -> None:
    """Whether there is what training takes beyond qsac's own packages."""
    for name in ("jax", "optax"):
        optional_package(name, "training", "pip install 'qsac[train]'")


def _checked(config: Config) -> Shared:
    """What is there before anything is written: the functions of the first seed, for data and a model that fit."""
    if config.gradient is not None:
        try:
            find_target(config.gradient.target)
        except QsacError as error:
            error.pointer = "/gradient/target"
            raise
    shared: Shared = {}
    data = config.data(config.seeds[0])
    with precision(config.double):
        functions_of(config, data, shared)
    return shared


class _Run:
    """A run under way: what its seeds tell is noted here."""

    def __init__(
        self,
        config: Config,
        folder: Path | None,
        recorders: dict[int, journals.Recorder],
        follow: Follow | None,
    ) -> None:
        self._config, self._folder, self._recorders, self._follow = config, folder, recorders, follow
        self._done: dict[int, Trained] = {}
        self._failed: dict[int, QsacError] = {}

    def trained(self, jobs: int, executor: Executor | None, shared: Shared, *, restart: bool) -> Run:
        """The run, once all seeds are done."""
        config = self._config
        folders = {seed: self._seed_folder(seed) for seed in config.seeds}
        with _interruptible() as stop:
            alone = len(folders) == 1
            if (executor is None and (jobs == 1 or alone)) or (alone and config.gradient is not None):
                for seed, folder in folders.items():
                    if stop():
                        break
                    tell = partial(self._hear, seed)
                    one_seed(config, seed, folder, tell, stop, restart=restart, shared=shared, executor=executor)
            else:
                workers = min(jobs, len(folders)) if executor is None else executor
                by_workers(config, folders, workers, self._hear, stop, restart=restart)
        if len(self._done) + len(self._failed) < len(config.seeds):
            raise KeyboardInterrupt
        if not self._done:
            raise self._failed[config.seeds[0]]
        seeds = tuple(self._done[seed] for seed in config.seeds if seed in self._done)
        return Run(self._folder, config, seeds, {seed: error.title for seed, error in self._failed.items()})

    def _seed_folder(self, seed: int) -> Path | None:
        if self._folder is None:
            return None
        folder = seed_folder(self._folder, seed)
        folder.mkdir(exist_ok=True)
        return folder

    def _hear(self, seed: int, event: Event) -> None:
        if isinstance(event, Trained):
            self._done[seed] = event
        elif isinstance(event, QsacError):
            self._failed[seed] = event
        self._record(seed, event)
        if self._follow is not None:
            self._follow(seed, event)

    def _record(self, seed: int, event: Event) -> None:
        """Note in the journal what a seed tells. Where the journal fails after all, there is one warning, and no more
        is noted: training does not end for that."""
        recorder = self._recorders.get(seed)
        if recorder is None:
            return
        try:
            if isinstance(event, Beginning):
                recorder.begin(event.data, event.epochs, event.history)
            elif isinstance(event, Epoch):
                recorder.epoch(event)
            elif isinstance(event, Kept):
                recorder.flush()
            elif isinstance(event, Trained):
                recorder.end(event.stopped, metrics=event.metrics)
            elif isinstance(event, QsacError):
                recorder.end("failed", event.title)
            else:
                recorder.end("interrupted")
        except BackendError as error:
            self._recorders.clear()
            warn(f"{error.title}, and is not written any more: {error.found}", journals.JournalWarning, stacklevel=2)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed within the block: it does not interrupt then what is under way; a second time it does.
    Only the main thread can be asked so; in others nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def press(_number: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _versions() -> dict[str, str]:
    """The versions of qsac and of what it computes with."""
    return {"qsac": version(), "python": platform.python_version()} | {
        name: library_version(name) for name in LIBRARIES
    }
