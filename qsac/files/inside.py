"""Files that a document names: relative to its folder, and inside it."""

from __future__ import annotations

import ntpath
from pathlib import Path

from qsac.errors import InvalidInputError
from qsac.files.pointer import nearest_file, quoted


def inside(path: str, folder: Path, pointer: str, what: str = "file") -> Path:
    """The regular file at ``path`` below ``folder``, symbolic links followed: nothing outside the folder is ever named.

    ``pointer`` is the place of the path in the document, ``what`` the file is, for messages. Raises
    :class:`~qsac.errors.InvalidInputError`.
    """
    parts = path.replace("\\", "/").split("/")
    if "\0" in path or path.startswith(("/", "\\", "~")) or ntpath.splitdrive(path)[0] or ".." in parts:
        raise _outside(path, pointer, what)
    try:
        base = folder.resolve()
        file = (base / path).resolve()
        exists, regular = file.exists(), file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        reason = "a link that leads to itself" if isinstance(error, RuntimeError) else str(error)
        raise InvalidInputError(
            f"the {what} cannot be read",
            code="file.unreadable",
            pointer=pointer,
            found=f"{quoted(path)}: {(getattr(error, 'strerror', None) or reason).lower()}",
            wanted="a readable file",
        ) from None
    if not file.is_relative_to(base):
        raise _outside(path, pointer, what)
    if not exists:
        guess = nearest_file(file)
        raise InvalidInputError(
            f"the {what} does not exist",
            code="file.missing",
            pointer=pointer,
            found=quoted(path),
            wanted="a file, named relative to the folder of the file that names it",
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )
    if not regular:
        raise InvalidInputError(
            f"the {what} is a folder or a device",
            code="file.not-a-file",
            pointer=pointer,
            found=quoted(path),
            wanted="a file",
        )
    return file


def _outside(path: str, pointer: str, what: str) -> InvalidInputError:
    return InvalidInputError(
        f"the {what} is not in the folder of the file that names it",
        code="file.outside-folder",
        pointer=pointer,
        found=quoted(path),
        wanted='a path relative to that folder, without ".." and without links that lead out',
        help="copy the file into that folder",
    )
