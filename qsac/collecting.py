"""How often Python looks for unreachable objects while much is made of which hardly any is one."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

COLLECTED_AFTER = 10_000
"""New objects after which Python looks for unreachable ones: a compilation makes millions, hardly any of which refer to
each other in circles, and looking every 700 takes a sixth of its time."""


class _Rarely:
    """Who has asked for it, and what held before: of several threads the last one to end restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._before = gc.get_threshold()

    def begin(self) -> None:
        with self._lock:
            if not self._asking:
                self._before = gc.get_threshold()
                # 0 is never, which is somebody else's decision, as are larger numbers.
                if 0 < self._before[0] < COLLECTED_AFTER:
                    gc.set_threshold(COLLECTED_AFTER, *self._before[1:])
            self._asking += 1

    def end(self) -> None:
        with self._lock:
            self._asking -= 1
            if not self._asking and gc.get_threshold()[0] == COLLECTED_AFTER:
                gc.set_threshold(*self._before)


_RARELY = _Rarely()


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Python looks for unreachable objects every :data:`COLLECTED_AFTER` new ones in the body, or less often; it is as
    before after that."""
    _RARELY.begin()
    try:
        yield
    finally:
        _RARELY.end()
