"""Locks on files and folders, which the system releases with the process that holds them, in whatever way it ends.

``flock`` belongs to an open file, and a forked child has the files of its parent open: a worker that outlives its
driver would hold the driver's lock on. So a process that is forked closes the files of locks; programs that are started
do not get them. The other mechanism, ``lockf``, is not inherited, but it is lost when the process closes any handle of
the file, is granted to the process once more, and cannot be had on a folder.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_held: set[int] = set()
"""The open files of locks that this process holds."""


def _let_go() -> None:
    """A child has begun: what it closes stays locked by its parent."""
    for handle in _held:
        with suppress(OSError):
            os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


def lock(handle: int) -> bool:
    """Lock an open file; False if another one that is open has the lock, of this process or of another.

    True too on a file system without locks: nobody gets one there, so nobody takes the file for abandoned.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def locked(place: Path, flags: int) -> Iterator[bool]:
    """Open a file or a folder, with ``flags`` of ``os.open``, and hold its lock within the block: True, or False where
    it is held already. No child of this process holds it. Raises ``OSError`` where the place cannot be opened."""
    handle = os.open(place, flags | os.O_CLOEXEC, 0o600)
    _held.add(handle)
    try:
        yield lock(handle)
    finally:
        _held.discard(handle)
        os.close(handle)
