"""Outputs under names that the user did not choose."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_BEGINNING = re.compile(rb'\s*\{\s*"qsac_(artifact|template)"\s*:\s*[0-9]+\s*,\s*"')
"""The beginning of the files that `qsac compile` and `qsac bind` write under default names, however formatted."""

_BEGINNING_BYTES = 4096


def check_own(place: Path) -> None:
    """Refuse to replace a file under a default name unless it is an artifact or template written by qsac.

    Raises :class:`~qsac.errors.InvalidInputError`; does nothing if there is no file.
    """
    from qsac.errors import InvalidInputError

    found = _other(place)
    if found is not None:
        raise InvalidInputError(
            "the output would replace a file that qsac did not write",
            code="output.foreign-file",
            source=str(place),
            found=found,
            wanted="no file of that name, or an artifact or template of qsac's",
            help=f"-o {place} replaces it all the same; -o with another name leaves it alone",
        )


def _other(place: Path) -> str | None:
    """What is at a path; None if there is nothing, or a file that qsac wrote."""
    try:
        status = place.stat()
    except FileNotFoundError:
        return "a link to a file that does not exist" if place.is_symlink() else None
    except OSError as error:
        return (error.strerror or str(error)).lower()
    if stat.S_ISDIR(status.st_mode):
        return "a folder"
    if not stat.S_ISREG(status.st_mode):
        return "a pipe, socket or device"
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"a file that cannot be read: {(error.strerror or str(error)).lower()}"
    with os.fdopen(handle, "rb") as stream:
        return None if _BEGINNING.match(stream.read(_BEGINNING_BYTES)) else "another file"
