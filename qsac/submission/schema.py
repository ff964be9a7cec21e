"""The tables of the run journal: how they are made, and how those of earlier versions are read and migrated.

Which version a journal is of, its columns say: ``user_version`` only keeps an older qsac from using it. An older one
that opened it just before it was migrated may have set that back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from qsac.submission.entries import JOB_COLUMNS, PART_COLUMNS

VERSION = 3

_ARTIFACTS = "CREATE TABLE IF NOT EXISTS artifacts (sha256 TEXT PRIMARY KEY, text BLOB NOT NULL)"

_JOBS = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    vendor TEXT NOT NULL,
    machine TEXT NOT NULL,
    target TEXT NOT NULL,
    model TEXT NOT NULL,
    artifact TEXT NOT NULL REFERENCES artifacts (sha256),
    shots INTEGER NOT NULL,
    circuits INTEGER NOT NULL,
    cost REAL,
    unit TEXT,
    bound TEXT REFERENCES artifacts (sha256)
)
"""

_PARTS = """
CREATE TABLE IF NOT EXISTS parts (
    job INTEGER NOT NULL REFERENCES jobs (id),
    place INTEGER NOT NULL,
    circuit TEXT,
    tag TEXT NOT NULL UNIQUE,
    ceiling REAL,
    begun TEXT,
    state TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    handle TEXT,
    counts TEXT,
    earlier TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, place)
)
"""

_JOB_OF_1 = "id, created, vendor, machine, target, model, artifact, shots, 1 AS circuits, cost, unit, NULL AS bound"
_PART_OF_1 = (
    "0 AS place, NULL AS circuit, tag, NULL AS ceiling, created AS begun, state, message, handle, '' AS earlier, counts"
)
"""Version 1 had jobs of one circuit, whose row had everything."""


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether the tables are there: a process may have been killed between making the file and making its tables. What
    has other tables is another program's."""
    tables = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    ours = tables.get("jobs") == tables.get("artifacts") == "table" and not {"trigger", "view"} & {*tables.values()}
    if tables and not ours:
        raise sqlite3.DatabaseError("the file is a database of another program")
    return bool(tables)


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables, or those of this version out of an earlier one's, within a transaction of the caller's."""
    if has_tables(connection) and _is_of_1(connection):
        connection.execute("ALTER TABLE jobs RENAME TO jobs_of_1")
        connection.execute(_JOBS)
        connection.execute(_PARTS)
        connection.execute(f"INSERT INTO jobs ({', '.join(JOB_COLUMNS)}) SELECT {_JOB_OF_1} FROM jobs_of_1")
        connection.execute(f"INSERT INTO parts (job, {', '.join(PART_COLUMNS)}) SELECT id, {_PART_OF_1} FROM jobs_of_1")
        connection.execute("DROP TABLE jobs_of_1")
    elif has_tables(connection) and _is_of_2(connection):
        connection.execute("ALTER TABLE jobs ADD COLUMN bound TEXT REFERENCES artifacts (sha256)")
    for table in (_ARTIFACTS, _JOBS, _PARTS):
        connection.execute(table)
    connection.execute(f"PRAGMA user_version = {VERSION}")


Rows = tuple[dict[str, Any], list[dict[str, Any]]]
"""The row of a job, and those of its circuits."""


def select(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[Rows]:
    """The jobs that ``where`` picks, the newest first. A journal of an earlier version is read as it is."""
    if not has_tables(connection):
        return []
    if _is_of_1(connection):
        wanted, tables = f"{_JOB_OF_1}, {_PART_OF_1}", "jobs"
    else:
        absent = {"bound"} if _is_of_2(connection) else set()
        own = [f"NULL AS {name}" if name in absent else f"jobs.{name}" for name in JOB_COLUMNS]
        wanted = ", ".join(own + [f"parts.{name}" for name in PART_COLUMNS])
        tables = "jobs LEFT JOIN parts ON parts.job = jobs.id"
    rows = connection.execute(f"SELECT {wanted} FROM {tables} {where} ORDER BY jobs.id DESC", values)
    found = []
    size = len(JOB_COLUMNS)
    for job, same in groupby(rows, key=lambda row: row[:size]):
        parts = [dict(zip(PART_COLUMNS, row[size:], strict=True)) for row in same]
        found.append((dict(zip(JOB_COLUMNS, job, strict=True)), parts))
    return found


def _is_of_1(connection: sqlite3.Connection) -> bool:
    return "tag" in _columns(connection)


def _is_of_2(connection: sqlite3.Connection) -> bool:
    return "bound" not in _columns(connection)


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {row[1] for row in connection.execute("PRAGMA table_info(jobs)")}
