"""Messages to the user, all on stderr: results alone go to stdout."""

from __future__ import annotations

import os
import sys

import click


def label(word: str, colour: str) -> str:
    """``word:``, bold and coloured where stderr is a terminal and NO_COLOR is not set."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return click.style(f"{word}:", fg=colour, bold=True) if coloured else f"{word}:"


def warn(message: str) -> None:
    """Print a warning."""
    click.echo(f"{label('warning', 'yellow')} {message}", err=True)


def note(message: str) -> None:
    """Print a remark that nothing is wrong with."""
    click.echo(f"{label('note', 'cyan')} {message}", err=True)
