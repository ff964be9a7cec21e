"""The run journal: which jobs were submitted, what for, and what came of them; an SQLite file of the user's.

A job is entered before the vendor hears of it, with a tag that only it has, and its handle when the vendor gave one. So
a crash in between leaves an entry without a handle, which can be looked for by its tag: no paid job is lost in silence.
The artifact is kept with it, so that results mean something in another process, whatever became of the user's files.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from qsac.artifact import Compiled
from qsac.errors import BackendError, InvalidInputError, present

FOLDER_VARIABLE = "QSAC_DATA_DIR"
VERSION = 1
WAIT_SECONDS = 30.0
"""How long a process waits for another one that is writing."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS artifacts (sha256 TEXT PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tag TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    vendor TEXT NOT NULL,
    machine TEXT NOT NULL,
    target TEXT NOT NULL,
    model TEXT NOT NULL,
    artifact TEXT NOT NULL REFERENCES artifacts (sha256),
    shots INTEGER NOT NULL,
    cost REAL,
    unit TEXT,
    state TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    handle TEXT,
    counts TEXT
);
"""

SUBMITTING = "submitting"
"""The state of a job that was entered and whose handle is not known (yet)."""


@dataclass(frozen=True)
class Job:
    """An entry. ``state`` is ``submitting``, ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``, as far as
    is known here; ``cost`` is what was expected, in ``unit``."""

    id: int
    tag: str
    created: str
    vendor: str
    machine: str
    target: str
    model: str
    artifact: str
    shots: int
    cost: float | None
    unit: str | None
    state: str
    message: str
    handle: str | None
    counts: dict[str, int] | None

    def to_dict(self) -> dict[str, Any]:
        """The entry as the command line prints it with ``--json``, without its counts."""
        return {name: value for name, value in vars(self).items() if name != "counts"}


def default_path() -> Path:
    """Where the journal is: in the folder QSAC_DATA_DIR, or in the user's data folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named) / "jobs.sqlite"
    from platformdirs import user_data_path

    return user_data_path("qsac", appauthor=False) / "jobs.sqlite"


class Journal:
    """The journal in the file ``path``, made when something is entered; several processes may use it at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else path

    def enter(
        self, compiled: Compiled, vendor: str, machine: str, shots: int, cost: float | None, unit: str | None
    ) -> Job:
        """Enter a job that is about to be submitted. When this returns, the entry is on disk."""
        text = compiled.to_json().encode()
        digest = hashlib.sha256(text).hexdigest()
        tag = f"qsac-{uuid4().hex}"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO artifacts VALUES (?, ?)", (digest, zlib.compress(text)))
            row = connection.execute(
                "INSERT INTO jobs (tag, created, vendor, machine, target, model, artifact, shots, cost, unit, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(tag, created, vendor, machine, str(compiled.target["name"]), compiled.model.name, digest),
                    *(shots, cost, unit, SUBMITTING),
                ),
            )
            number = row.lastrowid
        return self.job(present(number, "the number of the row that was written"))

    def submitted(self, job: Job, handle: str) -> None:
        """Note the vendor's handle."""
        self._set(job, state="queued", handle=handle, message="")

    def noted(self, job: Job, state: str, message: str) -> None:
        """Note what the vendor says of a job."""
        self._set(job, state=state, message=message)

    def counted(self, job: Job, counts: dict[str, int]) -> None:
        """Keep the counts of a job: they are asked for once."""
        self._set(job, state="done", message="", counts=json.dumps(counts, sort_keys=True))

    def jobs(self) -> list[Job]:
        """Every entry, the newest first."""
        if not self.path.exists():
            return []
        with self._reading() as connection:
            return [_job(row) for row in connection.execute("SELECT * FROM jobs ORDER BY id DESC")]

    def job(self, number: int) -> Job:
        """The entry with this id. Raises :class:`~qsac.errors.InvalidInputError` if there is none."""
        if self.path.exists():
            with self._reading() as connection:
                row = connection.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone()
            if row is not None:
                return _job(row)
        raise InvalidInputError(
            f"there is no job {number} in the journal", source=str(self.path), help="qsac jobs lists them"
        )

    def artifact(self, job: Job) -> Compiled:
        """The compiled program that a job was submitted of."""
        with self._reading() as connection:
            (data,) = connection.execute("SELECT text FROM artifacts WHERE sha256 = ?", (job.artifact,)).fetchone()
        return Compiled.parse(zlib.decompress(data), f"job {job.id}")

    def _set(self, job: Job, **values: str) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as connection:
            connection.execute(f"UPDATE jobs SET {columns} WHERE id = ?", (*values.values(), job.id))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when it ends, or nothing of it."""
        with self._errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            connection.close()
            raise InvalidInputError(
                "the journal was written by a newer qsac",
                source=str(self.path),
                found=f"version {found}",
                wanted=f"at most version {VERSION}",
                help=f"update qsac, or name another folder in {FOLDER_VARIABLE}",
            )
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise BackendError(
                "the run journal cannot be used",
                source=str(self.path),
                found=str(error),
                help=f"name another folder in the environment variable {FOLDER_VARIABLE}",
            ) from None


def _job(row: sqlite3.Row) -> Job:
    fields = dict(row)
    fields["counts"] = None if fields["counts"] is None else json.loads(fields["counts"])
    return Job(**fields)
