"""Progress of long work: on stderr, on terminals only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Callable[[int, int, str], None] | None]:
    """What long work reports (done, total, description) to; None where nobody would see it."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def report(done: int, total: int, description: str) -> None:
            if description not in tasks:
                tasks[description] = int(bars.add_task(description, total=total))
            bars.update(bars.task_ids[tasks[description]], completed=done, total=total)

        yield report
