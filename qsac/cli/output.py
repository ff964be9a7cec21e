"""Outputs never replace their sources, nor under names that the user did not choose what others wrote."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import click

_BEGINNING = re.compile(rb'\s*\{\s*"qsac_(artifact|template)"\s*:\s*[0-9]+\s*,\s*"')
"""The beginning of the files that `qsac compile` and `qsac bind` write under default names, however formatted."""

_PAGE = re.compile(rb"<!doctype html>\n<!-- a page of qsac view -->\n")
"""The beginning of the pages that `qsac view` writes."""

_BEGINNING_BYTES = 4096


def check_own(place: Path) -> None:
    """Refuse to replace a file under a default name unless it is an artifact or template written by qsac.

    Raises :class:`~qsac.errors.InvalidInputError`; does nothing if there is no file.
    """
    _check(place, _BEGINNING, "an artifact or template of qsac's")


def check_own_page(place: Path) -> None:
    """The same for a page that `qsac view` writes."""
    _check(place, _PAGE, "a page of qsac view")


def check_sources_stay(place: str, sources: Mapping[str, str]) -> None:
    """Refuse an output that would replace one of the files that it is made of, which are named by kind.

    Raises :class:`click.UsageError`.
    """
    for kind, source in sources.items():
        if "-" not in (source, place) and _same_file(place, source):
            raise click.UsageError(f"the output would replace the {kind}: name another one with -o")


def _same_file(place: str, source: str) -> bool:
    try:
        return Path(place).samefile(source)
    except (OSError, ValueError):  # the output does not exist yet, or cannot: that is said where it is written
        return False


def _check(place: Path, beginning: re.Pattern[bytes], kind: str) -> None:
    from qsac.errors import InvalidInputError

    found = _other(place, beginning)
    if found is not None:
        raise InvalidInputError(
            "the output would replace a file that qsac did not write",
            code="output.foreign-file",
            source=str(place),
            found=found,
            wanted=f"no file of that name, or {kind}",
            help=f"-o {place} replaces it all the same; -o with another name leaves it alone",
        )


def _other(place: Path, beginning: re.Pattern[bytes]) -> str | None:
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
        return None if beginning.match(stream.read(_BEGINNING_BYTES)) else "another file"
