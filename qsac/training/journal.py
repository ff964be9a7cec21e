"""The journal of training: which runs there were, with what, and their metrics by epoch; an SQLite file of the user's.

A seed's checkpoint is the truth: when a seed begins or goes on, the journal takes its epochs from there, and forgets
those after it. So a run that was killed neither loses nor repeats an epoch. Epochs are written with each checkpoint,
and about once a second in between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeAlias

from qsac.errors import QsacWarning
from qsac.files.database import Database, data_path
from qsac.training.configuration import Config
from qsac.training.run_folder import is_locked
from qsac.training.trained import Epoch, Metrics

FILE = "training.sqlite"
VERSION = 2
INTERVAL = 1.0
"""Seconds between two transactions for one seed."""

State: TypeAlias = Literal["running", "interrupted", "failed", "finished", "early"]

_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        name TEXT NOT NULL,
        folder TEXT NOT NULL,
        digest TEXT NOT NULL,
        config TEXT NOT NULL,
        versions TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS seeds (
        run INTEGER NOT NULL REFERENCES runs (id),
        seed INTEGER NOT NULL,
        data TEXT NOT NULL,
        epochs INTEGER NOT NULL,
        state TEXT NOT NULL,
        message TEXT NOT NULL DEFAULT '',
        metrics TEXT,
        PRIMARY KEY (run, seed)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS epochs (
        run INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        train REAL NOT NULL,
        validation REAL,
        gradient_norm REAL,
        rate REAL NOT NULL,
        PRIMARY KEY (run, seed, epoch)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS facts (
        run INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        name TEXT NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (run, seed, epoch, name)
    )
    """,
)
_FIRST = ("runs", "seeds", "epochs")
"""The tables of version 1."""
_NAMES = (*_FIRST, "facts")


class JournalWarning(QsacWarning):
    """The journal cannot be written any more; training goes on."""


@dataclass(frozen=True)
class Seed:
    """A seed in the journal. ``last`` is its last epoch, of ``epochs``; ``metrics`` are there once it is finished."""

    seed: int
    data: str
    state: str
    message: str
    epochs: int
    last: Epoch | None
    metrics: Mapping[str, Metrics] | None


@dataclass(frozen=True)
class Entry:
    """A run in the journal, with times in UTC. ``config`` is the canonical configuration; ``versions``, by name, are
    those of qsac and of what it computed with."""

    id: int
    created: str
    updated: str
    name: str
    folder: Path
    config: Mapping[str, Any]
    versions: Mapping[str, str]
    seeds: tuple[Seed, ...]

    def state_of(self, seed: Seed) -> str:
        """A seed's state; one that is said to run is ``stopped`` where no process trains in the folder any more."""
        return "stopped" if seed.state == "running" and not is_locked(self.folder) else seed.state

    def to_dict(self) -> dict[str, Any]:
        """The run as ``qsac train --list --json`` prints it."""
        return {
            "id": self.id,
            "created": self.created,
            "updated": self.updated,
            "name": self.name,
            "folder": str(self.folder),
            "config": dict(self.config),
            "versions": dict(self.versions),
            "seeds": [
                {
                    "seed": one.seed,
                    "data": one.data,
                    "state": self.state_of(one),
                    "message": one.message,
                    "epochs": one.epochs,
                    "last": None if one.last is None else one.last._asdict(),
                    "metrics": one.metrics,
                }
                for one in self.seeds
            ],
        }


class Journal:
    """The journal in the file ``path``, by default ``training.sqlite`` in the user's data folder. Several processes may
    use it at once. Raises :class:`~qsac.errors.BackendError` where it cannot be used."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = data_path(FILE) if path is None else path
        self._file = Database(self.path, VERSION, _has_tables, _make_tables)

    def enter(self, config: Config, folder: Path, versions: Mapping[str, str], *, restart: bool = False) -> int:
        """Enter a run, or find the one that goes on: the last of this configuration in this folder, unless
        ``restart``. Returns its number."""
        place, now = str(folder.resolve()), _now()
        text = json.dumps(config.document, sort_keys=True)
        with self._file.writing() as connection:
            found = connection.execute(
                "SELECT id FROM runs WHERE folder = ? AND digest = ? ORDER BY id DESC LIMIT 1", (place, config.digest)
            ).fetchone()
            if found is not None and not restart:
                connection.execute(
                    "UPDATE runs SET updated = ?, config = ?, versions = ? WHERE id = ?",
                    (now, text, json.dumps(versions), found[0]),
                )
                return int(found[0])
            connection.execute(
                "INSERT INTO runs (created, updated, name, folder, digest, config, versions)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (now, now, config.name, place, config.digest, text, json.dumps(versions)),
            )
            (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            return int(number)

    def begin(self, run: int, seed: int, data: str, epochs: int, history: Sequence[Epoch]) -> None:
        """Note that a seed trains, with the epochs that its checkpoint has, and no others."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO seeds (run, seed, data, epochs, state) VALUES (?, ?, ?, ?, 'running')"
                " ON CONFLICT (run, seed) DO UPDATE SET data = excluded.data, epochs = excluded.epochs,"
                " state = 'running', message = '', metrics = NULL",
                (run, seed, data, epochs),
            )
            for table in ("epochs", "facts"):
                connection.execute(f"DELETE FROM {table} WHERE run = ? AND seed = ?", (run, seed))
            _add(connection, run, seed, history)

    def add(self, run: int, seed: int, epochs: Sequence[Epoch]) -> None:
        """Note epochs that are done."""
        with self._file.writing() as connection:
            _add(connection, run, seed, epochs)
            connection.execute("UPDATE runs SET updated = ? WHERE id = ?", (_now(), run))

    def end(
        self, run: int, seed: int, state: State, message: str = "", metrics: Mapping[str, Metrics] | None = None
    ) -> None:
        """Note how a seed ended. One that ended before it had begun is entered."""
        text = None if metrics is None else json.dumps({part: dict(values) for part, values in metrics.items()})
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO seeds (run, seed, data, epochs, state, message, metrics) VALUES (?, ?, '', 0, ?, ?, ?)"
                " ON CONFLICT (run, seed) DO UPDATE SET state = excluded.state, message = excluded.message,"
                " metrics = excluded.metrics",
                (run, seed, state, message, text),
            )
            connection.execute("UPDATE runs SET updated = ? WHERE id = ?", (_now(), run))

    def entries(self) -> list[Entry]:
        """Every run, the newest first. A row that is damaged is left out."""
        if not self._file.is_there():
            return []
        with self._file.reading() as connection:
            if not _has_tables(connection):
                return []
            rows = connection.execute(
                "SELECT id, created, updated, name, folder, config, versions FROM runs ORDER BY id DESC"
            ).fetchall()
            return [entry for row in rows if (entry := _entry(connection, row)) is not None]

    def history(self, run: int, seed: int) -> list[Epoch]:
        """The epochs of a seed, in order."""
        with self._file.reading() as connection:
            return list(_epochs(connection, run, seed))


class Recorder:
    """A seed's epochs on their way into a journal."""

    def __init__(self, journal: Journal, run: int, seed: int) -> None:
        self._journal, self._run, self._seed = journal, run, seed
        self._waiting: list[Epoch] = []
        self._written = monotonic()

    def begin(self, data: str, epochs: int, history: Sequence[Epoch]) -> None:
        """The seed trains."""
        self._journal.begin(self._run, self._seed, data, epochs, history)

    def epoch(self, record: Epoch) -> None:
        """An epoch is done."""
        self._waiting.append(record)
        if monotonic() - self._written >= INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._written = self._waiting, [], monotonic()
        if waiting:
            self._journal.add(self._run, self._seed, waiting)

    def end(self, state: State, message: str = "", metrics: Mapping[str, Metrics] | None = None) -> None:
        """The seed does not train any more."""
        self.flush()
        self._journal.end(self._run, self._seed, state, message, metrics)


def _add(connection: sqlite3.Connection, run: int, seed: int, epochs: Sequence[Epoch]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?)", [(run, seed, *record[:-1]) for record in epochs]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)",
        [(run, seed, record.epoch, *fact) for record in epochs for fact in (record.facts or {}).items()],
    )


def _epochs(connection: sqlite3.Connection, run: int, seed: int, order: str = "epoch") -> Iterator[Epoch]:
    wanted = ", ".join(Epoch._fields[:-1])
    rows = connection.execute(
        f"SELECT {wanted} FROM epochs WHERE run = ? AND seed = ? ORDER BY {order}",
        (run, seed),
    )
    return (Epoch(*row)._replace(facts=_facts(connection, run, seed, row[0])) for row in rows.fetchall())


def _facts(connection: sqlite3.Connection, run: int, seed: int, epoch: int) -> dict[str, float] | None:
    """The facts of an epoch; None where there are none, or the journal is of version 1."""
    if not _has_facts(connection):
        return None
    rows = connection.execute(
        "SELECT name, value FROM facts WHERE run = ? AND seed = ? AND epoch = ? ORDER BY rowid", (run, seed, epoch)
    )
    return dict(rows.fetchall()) or None


def _entry(connection: sqlite3.Connection, row: Sequence[Any]) -> Entry | None:
    number, created, updated, name, folder, config, versions = row
    rows = connection.execute(
        "SELECT seed, data, state, message, epochs, metrics FROM seeds WHERE run = ? ORDER BY seed", (number,)
    ).fetchall()
    try:
        seeds = tuple(
            Seed(
                seed,
                str(data),
                str(state),
                str(message),
                int(epochs),
                next(_epochs(connection, number, seed, "epoch DESC LIMIT 1"), None),
                None if metrics is None else json.loads(metrics),
            )
            for seed, data, state, message, epochs, metrics in rows
        )
        return Entry(
            number,
            str(created),
            str(updated),
            str(name),
            Path(str(folder)),
            json.loads(config),
            json.loads(versions),
            seeds,
        )
    except (TypeError, ValueError):
        return None


def _has_tables(connection: sqlite3.Connection) -> bool:
    """Whether the tables are there. What has other tables is another program's."""
    tables = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    if tables and tables not in (dict.fromkeys(_FIRST, "table"), dict.fromkeys(_NAMES, "table")):
        raise sqlite3.DatabaseError("the file is a database of another program")
    return bool(tables)


def _has_facts(connection: sqlite3.Connection) -> bool:
    """Whether the journal is of version 2."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchall())


def _make_tables(connection: sqlite3.Connection) -> None:
    for table in _TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
