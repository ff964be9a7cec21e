"""Progress of long work, on stderr: bars on terminals, a line at long intervals elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from qsac.cli.messages import say

if TYPE_CHECKING:
    from qsac.progress import Progress

INTERVAL = 30.0
"""Seconds between two lines where there is no terminal."""


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
