"""Folders for the files that are fed: in memory where the system has such a place, gone when the process ends."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_KEPT: dict[tuple[str, int], tempfile.TemporaryDirectory[str]] = {}


def scratch(name: str) -> Path:
    """The folder of this name, the same one whenever this process asks for it. A forked process has its own."""
    return _folder(name, os.getpid())


@functools.cache
def _folder(name: str, process: int) -> Path:
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    kept = tempfile.TemporaryDirectory(prefix=f"qsac-fuzz-{name}-", dir=place)
    _KEPT[name, process] = kept
    return Path(kept.name)


def remove_scratch() -> None:
    """Remove the folders of this process, which a forked one has to do itself."""
    for (_, process), kept in _KEPT.items():
        if process == os.getpid():
            kept.cleanup()
