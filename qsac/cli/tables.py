"""Tables and facts on stdout: fitted to a terminal without breaking words, never cut or wrapped if a program reads
them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import click

from qsac.cli.screen import screen, wrap
from qsac.errors import printable

_GAPS = ("   ", "  ", " ")
"""Gaps between two columns; the widest that fits is used."""


class Table:
    """Rows of text under a header. Columns named in ``numbers`` are flush right."""

    def __init__(self, *columns: str, numbers: tuple[str, ...] = ()) -> None:
        self._columns, self._numbers = tuple(map(printable, columns)), numbers
        self._rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        """One row; text that its cells quote from files is made printable."""
        self._rows.append(tuple(map(printable, cells)))

    def show(self, *, stderr: bool = False) -> None:
        """Prints the table; if not even its longest words fit side by side, each row as a list of its cells."""
        available = screen(stderr=stderr)
        spacing = len(self._columns) - 1
        fitting = ((gap, self._widths(available - len(gap) * spacing)) for gap in _GAPS)
        gap, widths = next(((gap, widths) for gap, widths in fitting if widths is not None), ("", None))
        if widths is None:
            self._show_lists(available, stderr=stderr)
            return
        for line in self._wrapped(self._columns, widths, gap):
            click.echo(_bold(line, stderr=stderr), err=stderr)
        click.echo("─" * (sum(widths) + len(gap) * spacing), err=stderr)
        for cells in self._rows:
            click.echo("\n".join(self._wrapped(cells, widths, gap)), err=stderr)

    def _wrapped(self, cells: Sequence[str], widths: Sequence[int], gap: str) -> Iterator[str]:
        """The lines of a row."""
        columns = (
            [part for line in cell.split("\n") for part in wrap(line, width)]
            for cell, width in zip(cells, widths, strict=True)
        )
        for parts in zip_longest(*columns, fillvalue=""):
            aligned = (
                f"{part:>{width}}" if column in self._numbers else f"{part:<{width}}"
                for column, part, width in zip(self._columns, parts, widths, strict=True)
            )
            yield gap.join(aligned).rstrip()

    def _widths(self, available: int) -> list[int] | None:
        """The columns' widths: as wide as their text; the widest are narrowed down to their longest words."""
        columns = list(zip(self._columns, *self._rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        least = [max((len(word) for cell in column for word in cell.split()), default=0) for column in columns]
        if sum(least) > available:
            return None
        while sum(widths) > available:
            widest = max(
                (place for place in range(len(widths)) if widths[place] > least[place]), key=widths.__getitem__
            )
            widths[widest] -= 1
        return widths

    def _show_lists(self, available: int, *, stderr: bool) -> None:
        for first, *cells in self._rows:
            click.echo("\n".join(wrap(first, available)), err=stderr)
            show_facts(list(zip(self._columns[1:], cells, strict=True)), stderr=stderr)


def show_facts(rows: Sequence[tuple[str, str]], *, stderr: bool = False) -> None:
    """Prints labels and texts, one per line; on a terminal long texts are wrapped with a hanging indent."""
    available = screen(stderr=stderr)
    rows = [(printable(label), printable(text)) for label, text in rows]
    column = max((len(label) for label, _ in rows), default=0) + 4
    for label, text in rows:
        for place, line in enumerate(wrap(text, max(available - column, 20))):
            click.echo(f"{'' if place else '  ' + label:<{column}}{line}".rstrip(), err=stderr)


def _bold(line: str, *, stderr: bool) -> str:
    stream = sys.stderr if stderr else sys.stdout
    return click.style(line, bold=True) if stream.isatty() and not os.environ.get("NO_COLOR") else line
