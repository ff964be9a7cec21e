"""Reading files of which nothing is known: to a limit, and nothing but files, pipes and terminals."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.files.limits import size
from qsac.files.pointer import nearest_file, quoted

_CHUNK = 2**20


def read_file(path: str | os.PathLike[str], limit: int, what: str, missing: str | None = None) -> bytes:
    """The content of a file, pipe or terminal. ``what`` it is, for messages; ``missing`` says what to do where there is
    no such file, if not to take a file of a similar name.

    Raises :class:`~qsac.errors.InvalidInputError` where it cannot be read, :class:`~qsac.errors.DoesNotFitError` where
    it has more than ``limit`` bytes: of those no more than one is read.
    """
    source = os.fsdecode(path)
    try:
        with Path(path).open("rb", buffering=0) as stream:
            _refuse_devices(stream.fileno(), source, what)
            return read_stream(stream, limit, source, what)
    except FileNotFoundError:
        raise InvalidInputError(
            f"the {what} does not exist" if what.endswith("file") else "there is no such file",
            code="file.missing",
            source=source,
            help=missing or _suggestion(Path(path)) or f"check the path of the {what}",
        ) from None
    except IsADirectoryError:
        raise InvalidInputError(
            f"the {what} is a folder" if what.endswith("file") else f"this is a folder, not the {what}",
            code="file.not-a-file",
            source=source,
            help="name a file in it",
        ) from None
    except (OSError, ValueError) as error:
        raise _unreadable(error, source, what) from None


def read_standard_input(limit: int, what: str) -> bytes:
    """The content of standard input, which may be closed, a folder, or without an end."""
    try:
        if sys.stdin is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        stream: BinaryIO = sys.stdin.buffer
        return read_stream(stream, limit, "<stdin>", what)
    except (OSError, ValueError) as error:
        raise _unreadable(error, "<stdin>", what) from None


def read_stream(stream: BinaryIO, limit: int, source: str, what: str) -> bytes:
    """All of a stream, piece by piece: the memory taken grows with what is there, not with ``limit``."""
    parts: list[bytes] = []
    left = limit
    while part := stream.read(min(_CHUNK, left + 1)):
        left -= len(part)
        if left < 0:
            raise DoesNotFitError(
                f"the {what} is too large",
                code="file.too-large",
                source=source,
                found=f"more than {size(limit)}",
                wanted=f"at most {size(limit)}",
            )
        parts.append(part)
    return b"".join(parts)


def _refuse_devices(descriptor: int, source: str, what: str) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or os.isatty(descriptor):
        return
    raise InvalidInputError(
        f"the {what} is not a file",
        code="file.not-a-file",
        source=source,
        found="a device",
        wanted="a file, a pipe, or `-` for standard input",
    )


def _suggestion(path: Path) -> str | None:
    guess = nearest_file(path, ".json")
    return f"did you mean {quoted(guess)}?" if guess else None


def _unreadable(error: Exception, source: str, what: str) -> QsacError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    closed = getattr(error, "errno", None) == errno.EBADF
    return InvalidInputError(
        f"the {what} cannot be read",
        code="file.unreadable",
        source=source,
        found="a closed stream" if closed else reason,
        wanted=None if closed else "a readable file",
        help="give standard input something to read, or name a file" if closed else None,
    )
