"""Tables that passes add to a program, and the passes after which no table changes any more."""

from __future__ import annotations

from qsac.ir.table import Table

SETTLED_BY = (
    "alternate-load-order",
    "compress-tokens",
    "evolve-tokens",
    "fold-scores",
    "fold-unitaries",
    "gate-load-only",
    "merge-degrees",
    "park-keys",
    "prune-loaders",
    "select-indices",
    "truncate-tokens",
    "weigh-indices",
)
"""Passes after which the tables, and what loads look at, stay as they are: those that choose how a table is loaded come
after them."""


def added(tables: dict[str, Table], name: str, table: Table) -> str:
    """The name under which ``table`` stands in ``tables``: ``name``, with dashes where others have it already."""
    while name in tables and tables[name] != table:
        name += "-"
    tables[name] = table
    return name
