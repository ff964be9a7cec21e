"""The content of files that data are read from: inside the configuration's folder, their sizes checked first."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files.inside import inside
from qsac.files.limits import size
from qsac.files.pointer import quoted
from qsac.files.source import read_stream

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def content(path: str, folder: Path, pointer: str, limit: int, what: str) -> bytes:
    """The bytes of the file that the field at ``pointer`` names, at most ``limit``. ``what`` it is, for messages.

    Raises :class:`~qsac.errors.InvalidInputError` where it cannot be read or lies elsewhere, and
    :class:`~qsac.errors.DoesNotFitError` where it is too large.
    """
    file = inside(path, folder, pointer, what)
    try:
        # Never waits: what was a file a moment ago may have become a pipe.
        with os.fdopen(os.open(file, os.O_RDONLY | _AT_ONCE), "rb") as stream:
            state = os.fstat(stream.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise OSError("it is no regular file")
            if state.st_size > limit:
                raise DoesNotFitError(
                    f"the {what} is too large",
                    code="file.too-large",
                    pointer=pointer,
                    found=f"{quoted(path)} takes {size(state.st_size)}",
                    wanted=f"at most {size(limit)}",
                )
            return read_stream(stream, limit, path, what)
    except OSError as error:
        raise InvalidInputError(
            f"the {what} cannot be read",
            code="file.unreadable",
            pointer=pointer,
            found=f"{quoted(path)}: {(error.strerror or str(error)).lower()}",
            wanted="a readable file",
        ) from None


def text(path: str, folder: Path, pointer: str, limit: int) -> str:
    """The same as text. Raises :class:`~qsac.errors.InvalidInputError` besides where it is not UTF-8."""
    data = content(path, folder, pointer, limit, "text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "the text file is not UTF-8 text",
            code="file.not-utf8",
            pointer=pointer,
            found=f"the byte 0x{data[error.start]:02x} at position {error.start:,} of {quoted(path)}",
            wanted="text in UTF-8",
            help="save the file as UTF-8",
        ) from None
