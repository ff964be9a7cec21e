"""What commands print: results on stdout, messages on stderr, and no terminal control characters.

Commands print through :func:`say`, :func:`write`, :func:`warn` and :func:`note`, never through click itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qsac.cli.screen import fitted
from qsac.errors import printable

if TYPE_CHECKING:
    from qsac.errors import DoesNotFitError


def say(*lines: str, err: bool = False, whole: bool = False) -> None:
    """Print lines of text. Whatever they quote from files is made printable, line breaks in it too.

    On a terminal long lines are broken between words, unless they are to stay ``whole``: those of a program.
    """
    with _unheard(err):
        shown = (printable(line) if whole else fitted(printable(line), stderr=err) for line in lines)
        click.echo("\n".join(shown), err=err)


def write(document: str, *, end: str = "\n") -> None:
    """Print a document for programs on stdout, unchanged: JSON, a circuit, a schema."""
    click.echo(document + end, nl=False)


def label(word: str, colour: str) -> str:
    """``word:``, bold and coloured where stderr is a terminal and NO_COLOR is not set."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return click.style(f"{word}:", fg=colour, bold=True) if coloured else f"{word}:"


def report(word: str, colour: str, message: str) -> None:
    """Print a message of one kind on stderr; only the line breaks that ``message`` itself has are kept."""
    with _unheard(True):
        first, *fields = map(printable, message.split("\n"))
        lines = [fitted(first, stderr=True, before=len(word) + 2), *(fitted(line, stderr=True) for line in fields)]
        click.echo(f"{label(word, colour)} " + "\n".join(lines), err=True)


@contextmanager
def _unheard(err: bool) -> Iterator[None]:
    """A message that standard error cannot take (a full disk) is lost; it does not change the exit code."""
    try:
        yield
    except OSError as error:
        if not err or isinstance(error, BrokenPipeError):
            raise


def warn(message: str) -> None:
    """Print a warning."""
    report("warning", "yellow", printable(message))


def warn_of_circuits(error: DoesNotFitError | None) -> None:
    """Print that a model is not compiled as it is, and what of it to change, where it has too many circuits."""
    if error is not None:
        place = f" ({error.pointer})" if error.pointer else ""
        warn(f"the model has {error.found}{place}, and qsac compile takes {error.wanted}: {error.help}")


def note(message: str) -> None:
    """Print a note: information, nothing is wrong."""
    report("note", "cyan", printable(message))
