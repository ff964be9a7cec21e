"""Tables that passes add to a program."""

from __future__ import annotations

from qsac.ir.table import Table


def added(tables: dict[str, Table], name: str, table: Table) -> str:
    """The name under which ``table`` stands in ``tables``: ``name``, with dashes where others have it already."""
    while name in tables and tables[name] != table:
        name += "-"
    tables[name] = table
    return name
