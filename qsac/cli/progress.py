"""Progress of long work, on stderr: bars on terminals, a line at long intervals elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING

from qsac.cli.messages import say

if TYPE_CHECKING:
    from rich.status import Status

    from qsac.progress import Progress

INTERVAL = 30.0
"""Seconds between two lines where there is no terminal."""

PATIENCE = 1.0
"""Seconds after which a terminal is told that something takes its time."""


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress | None]:
    """The callback to which long work reports (done, total, description); None if ``quiet``."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import Progress as ProgressBars
    from rich.progress import TaskID

    with ProgressBars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(done: int, total: int, description: str) -> None:
            if description not in tasks:
                tasks[description] = bars.add_task(description, total=total)
            bars.update(tasks[description], completed=done, total=total)

        yield report


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """Work of which it is not known how far it is: a terminal is told of it after a second."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    shown: list[Status] = []
    lock = Lock()

    def show() -> None:
        from rich.console import Console
        from rich.status import Status

        with lock:
            if not over:
                shown.append(Status(f"{description} ..", console=Console(stderr=True)))
                shown[0].start()

    over: list[bool] = []
    timer = Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over.append(True)
            for status in shown:
                status.stop()


class _Lines:
    """Prints how far long work is, every :data:`INTERVAL` seconds, for the first time after one interval."""

    def __init__(self) -> None:
        self.begun = self.said = monotonic()

    def __call__(self, done: int, total: int, description: str) -> None:
        now = monotonic()
        if now - self.said < INTERVAL:
            return
        self.said = now
        say(f"{description}: {done:,} of {total:,}, after {now - self.begun:,.0f} s", err=True)
