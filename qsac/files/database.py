"""Journals: SQLite files in the user's data folder, for nobody but the user, that several processes may use at once.

The file and those that SQLite keeps next to it have mode 0600, a folder made for it 0700. What is written is on disk
when a transaction ends, or nothing of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qsac.errors import BackendError, printable
from qsac.files.folders import named_folder

FOLDER_VARIABLE = "QSAC_DATA_DIR"
WAIT_SECONDS = 30.0
"""How long a process waits for another one that is writing."""


def data_path(name: str) -> Path:
    """Where a journal is: in the folder QSAC_DATA_DIR, or in the user's data folder."""
    named = named_folder(FOLDER_VARIABLE)
    if named is not None:
        return named / name
    from platformdirs import user_data_path

    return user_data_path("qsac", appauthor=False) / name


@dataclass(frozen=True)
class Database:
    """The SQLite file at ``path``, made when something is written.

    ``version`` is that of its tables: a file of a later one is refused. ``mode`` is how SQLite keeps transactions: the
    write-ahead log lets others read meanwhile, and needs memory that all of them share, which folders of a network do
    not give; ``help`` is what to do about a file that cannot be used. ``has_tables(connection)`` raises
    ``sqlite3.DatabaseError`` for a database of another program, ``make_tables(connection)`` makes what is missing.
    Every failure of SQLite or of the system is a :class:`~qsac.errors.BackendError`.
    """

    path: Path
    version: int
    has_tables: Callable[[sqlite3.Connection], bool]
    make_tables: Callable[[sqlite3.Connection], None]
    mode: Literal["WAL", "DELETE"] = "WAL"
    help: str = f"name another folder in the environment variable {FOLDER_VARIABLE}"

    def is_there(self) -> bool:
        """Whether there is a file: only what does not exist counts as an empty journal."""
        with self._errors():
            try:
                self.path.stat()
            except FileNotFoundError:
                return False
            return True

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from."""
        with self._errors(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when it ends, or nothing of it."""
        with self._errors():
            self._make()
            with closing(self._connect()) as connection:
                self.has_tables(connection)  # nothing is written into a database of another program
                connection.execute(f"PRAGMA journal_mode = {self.mode}")
                connection.execute("PRAGMA synchronous = FULL")
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    self.make_tables(connection)
                    yield connection

    def _make(self) -> None:
        """Make the file, and its folder, for nobody but the user."""
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            _sync(folder)

    def _files(self) -> list[Path]:
        """The journal's file, and those that SQLite keeps next to it: they take its mode when they are made."""
        return [self.path.with_name(self.path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]

    def _connect(self) -> sqlite3.Connection:
        for file in self._files():
            if not (file.exists() or file.is_symlink()):
                continue
            if not file.is_file():  # a pipe would be waited for, a device read without end
                kind = "a folder" if file.is_dir() else "not a regular file"
                raise OSError(f"{file.name} is {kind}")
            if file.stat().st_mode & 0o077:  # an earlier qsac's; on a medium that cannot be written it stays as it is
                with suppress(OSError):
                    file.chmod(0o600)
        connection = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            connection.text_factory = _decoded
            connection.execute("PRAGMA trusted_schema = OFF")
            found = connection.execute("PRAGMA user_version").fetchone()[0]
        except BaseException:
            connection.close()
            raise
        if found > self.version:
            connection.close()
            raise BackendError(
                "the journal was written by a newer qsac",
                code="journal.newer-version",
                source=str(self.path),
                found=f"version {found}",
                wanted=f"at most version {self.version}",
                help=f"update qsac, or name another folder in {FOLDER_VARIABLE}",
            )
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeError) as error:  # SQLite's messages may quote a damaged schema
            raise BackendError(
                "the run journal cannot be used",
                code="journal.unusable",
                source=str(self.path),
                found=printable(getattr(error, "strerror", None) or str(error)).lower(),
                help=self.help,
            ) from None


def _decoded(text: bytes) -> str | bytes:
    """A text as it was stored, as bytes where it is not UTF-8: that damages its row, not the whole reading."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _sync(folder: Path) -> None:
    """Have the names in a folder written to disk: the journal's name must outlive a power cut as its content does."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
