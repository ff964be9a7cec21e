"""Files of several arrays that a user names by a path of this computer, opened once they are sure to be files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from qsac.errors import InvalidInputError, QsacError, printable
from qsac.families.tokens.named import NamedFile
from qsac.files import limits
from qsac.files.pointer import nearest_file, quoted

T = TypeVar("T")

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe without a writer is opened, and then refused, instead of waited for."""


def opened(
    path: Path,
    read: Callable[[NamedFile], T],
    *,
    noun: str,
    wanted: str,
    least: tuple[int, int],
    array: str | None = None,
    suffix: str | None = None,
) -> T:
    """What ``read`` makes of a file, which diagnostics call ``noun`` and of which they want ``wanted``.

    ``least`` and ``array`` as in :class:`~qsac.families.tokens.named.NamedFile`; ``suffix`` is that of the names that
    are guessed for a file that is missing. Raises :class:`~qsac.errors.InvalidInputError` for what is no readable file,
    :class:`~qsac.errors.DoesNotFitError` for one that is too large, and what ``read`` raises, with the path.
    """
    source = str(path)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb") as stream:
            state = os.fstat(stream.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise IsADirectoryError
            limits.check_file(state.st_size, limits.TOKEN_FILE_BYTES, "", printable(path.name))
            return read(NamedFile(stream, state.st_size, printable(path.name), "", array, least, noun))
    except FileNotFoundError:
        guess = nearest_file(path) if suffix is None else nearest_file(path, suffix)
        raise InvalidInputError(
            f"the {noun} does not exist",
            code="file.missing",
            source=source,
            wanted=wanted,
            help=f"did you mean {quoted(guess)}?" if guess else None,
        ) from None
    except IsADirectoryError:
        raise InvalidInputError(
            f"the {noun} is not a file",
            code="file.not-a-file",
            source=source,
            found="a folder or a device",
            wanted=wanted,
        ) from None
    except OSError as error:
        raise InvalidInputError(
            f"the {noun} cannot be read",
            code="file.unreadable",
            source=source,
            found=(error.strerror or str(error)).lower(),
            wanted="a readable file",
        ) from None
    except QsacError as error:
        raise error.located(source) from None
