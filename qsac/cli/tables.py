"""Tables on stdout: fitted to a terminal, never cut or wrapped where a program reads them."""

from __future__ import annotations

import sys

import click
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from qsac.errors import printable

_UNWRAPPED = 10_000


def console(*, stderr: bool = False) -> Console:
    """What prints on stdout or stderr: plain text, colours only on a terminal and without NO_COLOR."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _UNWRAPPED
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


class Table:
    """Rows of text under a header. Columns named in ``numbers`` are flush right."""

    def __init__(self, *columns: str, numbers: tuple[str, ...] = ()) -> None:
        self._table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            self._table.add_column(printable(column), justify="right" if column in numbers else "left", overflow="fold")

    def add(self, *cells: str) -> None:
        """One row; whatever its cells quote from files is made printable."""
        self._table.add_row(*map(printable, cells))

    def show(self, *, stderr: bool = False) -> None:
        """Prints the table."""
        printer = console(stderr=stderr)
        with printer.capture() as captured:
            printer.print(self._table)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), err=stderr)
