"""Folders of the user's: those that environment variables name, and those that are for the user alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from qsac.errors import InvalidInputError


def named_folder(variable: str) -> Path | None:
    """The folder that an environment variable names, a leading ``~`` or ``~user`` expanded; None where it is not set.

    Raises :class:`~qsac.errors.InvalidInputError` where that home directory is not known.
    """
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InvalidInputError(
            f"the environment variable {variable} names a home directory that is not known",
            code="environment.unknown-home",
            found=text[:80],
            wanted="the path of a folder",
        ) from None


def unmade(folder: Path, owner: str, error: OSError) -> InvalidInputError:
    """What is said where a folder cannot be made, or looked into; ``owner``: what it is for, a "run" or a "sweep"."""
    return InvalidInputError(
        f"the folder of the {owner} cannot be made or read",
        code="output.unwritable",
        source=str(folder),
        found=(error.strerror or str(error)).lower(),
    )


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for the user alone (0700), unless there is one. Raises ``OSError``."""
    try:
        folder.mkdir(0o700)
    except FileNotFoundError:
        make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(0o700)
    except FileExistsError:
        return
