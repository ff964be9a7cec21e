"""How much is measured: what a run of the benchmarks may take, and what it says while it runs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Plan:
    """``limit``: seconds for one run of a baseline; ``repeats``: runs for a median; ``quick``: smallest cases only.

    ``parallel``: runs at once where counts are measured, not times: two, where this process has two processors.
    """

    limit: float = 30
    repeats: int = 5
    quick: bool = False
    parallel: int = field(default_factory=lambda: min(2, len(os.sched_getaffinity(0))))
    _lock: Lock = field(default_factory=Lock)

    def say(self, text: str) -> None:
        """Progress, for a terminal only."""
        if sys.stderr.isatty():
            with self._lock:
                print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
