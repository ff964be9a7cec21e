"""Folders for the files that are fed: in memory where the system has such a place, gone when the process ends."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_KEPT: dict[tuple[str, int], tempfile.TemporaryDirectory[str]] = {}


def scratch(name: str) -> Path:
    """The folder of this name, the same one whenever this process asks for it, until they are removed. A forked process
    has its own."""
    key = name, os.getpid()
    if key not in _KEPT:
        place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        _KEPT[key] = tempfile.TemporaryDirectory(prefix=f"qsac-fuzz-{name}-", dir=place)
    return Path(_KEPT[key].name)


def remove_scratch() -> None:
    """Remove the folders of this process, which a forked one has to do itself."""
    for key in [key for key in _KEPT if key[1] == os.getpid()]:
        _KEPT.pop(key).cleanup()
