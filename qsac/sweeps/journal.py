"""The journal of a sweep: an SQLite file with the record of each task, written by the driver alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from qsac.files.database import Database
from qsac.sweeps.records import Record

VERSION = 1
FILE = "journal.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID"


class Journal:
    """The records in the file ``path``, for nobody but the user. What is kept is on disk, or nothing of it.

    The file may come from anywhere: a row that is damaged counts as absent. Raises
    :class:`~qsac.errors.BackendError` where the file as a whole cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        help = "remove the file: the tasks that it had are done again"
        self._file = Database(path, VERSION, _has_table, _make_table, mode="DELETE", help=help)

    def keep(self, records: Iterable[Record]) -> None:
        """Keep records. A task that was done or refused stays as it is; one that failed takes the new record."""
        rows = [(record.key, record.text) for record in records]
        if not rows:
            return
        with self._file.writing() as connection:
            for key, text in rows:
                found = connection.execute("SELECT record FROM records WHERE key = ?", (key,)).fetchone()
                if found is None or not is_final(Record.read(found[0], key)):
                    connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?)", (key, text))

    def record(self, key: str) -> Record | None:
        """The record of a task, None where there is none that is whole."""
        if not self._file.is_there():
            return None
        with self._file.reading() as connection:
            if not _has_table(connection):
                return None
            found = connection.execute("SELECT record FROM records WHERE key = ?", (key,)).fetchone()
        return None if found is None else Record.read(found[0], key)

    def drop(self, key: str) -> None:
        """Remove what is under a key, whatever it is."""
        if self._file.is_there():
            with self._file.writing() as connection:
                connection.execute("DELETE FROM records WHERE key = ?", (key,))

    def records(self) -> Iterator[Record]:
        """Every record that is whole."""
        if not self._file.is_there():
            return
        with self._file.reading() as connection:
            if not _has_table(connection):
                return
            for key, text in connection.execute("SELECT key, record FROM records"):
                record = Record.read(text, key) if isinstance(key, str) else None
                if record is not None:
                    yield record


def is_final(record: Record | None) -> bool:
    """Whether a task with this record is never done again."""
    return record is not None and record.state != "failed"


def _has_table(connection: sqlite3.Connection) -> bool:
    """Whether the table is there. What has other tables is another program's."""
    tables = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    if tables and tables != {"records": "table"}:
        raise sqlite3.DatabaseError("the file is a database of another program")
    if tables:
        connection.execute("SELECT key, record FROM records LIMIT 1")
    return bool(tables)


def _make_table(connection: sqlite3.Connection) -> None:
    connection.execute(_TABLE)
    connection.execute(f"PRAGMA user_version = {VERSION}")
