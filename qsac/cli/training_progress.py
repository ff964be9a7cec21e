"""How training is getting on, on stderr: a bar a seed on terminals, a line at long intervals elsewhere."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from qsac.cli.messages import note, say, warn
from qsac.cli.progress import INTERVAL
from qsac.errors import QsacError

if TYPE_CHECKING:
    from qsac.training.configuration import Config
    from qsac.training.trained import Epoch
    from qsac.training.workers import Event


class Follower:
    """Hears what the seeds tell, and shows it. ``failures`` are the errors of seeds that failed."""

    def __init__(self, config: Config, *, quiet: bool) -> None:
        self.failures: list[QsacError] = []
        self._epochs, self._quiet = config.fields.epochs, quiet
        self._said: set[str] = set()
        self._bars: _Bars | _Lines = _Lines() if quiet or not _terminal() else _Bars(self._epochs)

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bars away."""
        self._bars.close()

    def __call__(self, seed: int, event: Event) -> None:
        """What a seed tells."""
        from qsac.training.trained import Epoch
        from qsac.training.watching import Beginning

        if isinstance(event, QsacError):
            self.failures.append(event)
        elif isinstance(event, Beginning):
            self._begin(seed, event)
        elif isinstance(event, Epoch) and not self._quiet:
            self._bars.show(seed, event, self._epochs)

    def _begin(self, seed: int, beginning: Any) -> None:
        for message in beginning.warnings:
            if message not in self._said:
                self._said.add(message)
                warn(message)
        if self._quiet:
            return
        if "facts" not in self._said:
            from qsac.cli.tables import show_facts

            self._said.add("facts")
            show_facts(beginning.facts, stderr=True)
        done = len(beginning.history)
        if 0 < done < beginning.epochs:
            note(f"seed {seed} goes on from epoch {done:,}")
        self._bars.begin(seed, done)


def _terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class _Lines:
    """A line every :data:`~qsac.cli.progress.INTERVAL` seconds, for the first time after one interval."""

    def __init__(self) -> None:
        self._said = monotonic()
        self._begun: dict[int, tuple[int, float]] = {}

    def begin(self, seed: int, done: int) -> None:
        """A seed goes on from so many epochs."""
        self._begun[seed] = done, monotonic()

    def show(self, seed: int, record: Epoch, epochs: int) -> None:
        """An epoch is done."""
        now = monotonic()
        if now - self._said < INTERVAL:
            return
        self._said = now
        first, begun = self._begun.get(seed, (0, now))
        left = (now - begun) * (epochs - record.epoch) / max(record.epoch - first, 1)
        say(f"seed {seed}: epoch {record.epoch:,} of {epochs:,}, {_said(record)}, about {left:,.0f} s left", err=True)

    def close(self) -> None:
        """Nothing is to be taken away."""


class _Bars:
    """A bar a seed, with the objective, the gradient and the time left."""

    def __init__(self, epochs: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("seed {task.fields[seed]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[int, Any] = {}
        self._epochs = epochs
        self._progress.start()

    def begin(self, seed: int, done: int) -> None:
        """A seed goes on from so many epochs."""
        self._tasks[seed] = self._progress.add_task("", total=self._epochs, completed=done, seed=seed)

    def show(self, seed: int, record: Epoch, epochs: int) -> None:
        """An epoch is done."""
        self._progress.update(self._tasks[seed], completed=record.epoch, total=epochs, description=_said(record))

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()


def _said(record: Epoch) -> str:
    """An epoch in a few words."""
    parts = [f"loss {record.train:.4f}"]
    if record.validation is not None:
        parts.append(f"validation {record.validation:.4f}")
    if record.gradient_norm is not None:
        error = (record.facts or {}).get("gradient_error")
        parts.append(f"gradient {record.gradient_norm:.2g}" + ("" if error is None else f" ± {error:.2g}"))
    return ", ".join(parts)
