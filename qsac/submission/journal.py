"""The run journal: which jobs were submitted, what for, and what came of them; an SQLite file of the user's.

A job is entered before the vendor hears of it, with a tag that only it has, and its handle when the vendor gave one. So
a crash in between leaves an entry without a handle, which can be looked for by its tag: no paid job is lost in silence.
The artifact is kept with it, so that results mean something in another process, whatever became of the user's files.

The journal is private: the file and those that SQLite keeps next to it have mode 0600, a folder made for it 0700. What
it says of a finished job, its counts, is never changed again: every change of state is guarded in SQL, so that it does
not matter which of several processes comes first.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from qsac.artifact.compiled import SIZE_LIMIT, Compiled
from qsac.errors import BackendError, DoesNotFitError, InvalidInputError, printable
from qsac.files.folders import named_folder
from qsac.submission.entries import (
    COLUMNS,
    SUBMITTING,
    DamagedJob,
    Job,
    pack,
    read_entry,
    unpack,
)

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

_COLUMNS = ", ".join(COLUMNS)

_UNANSWERED = "handle IS NULL AND counts IS NULL"
"""A job whose handle is not known. A vendor that did not find it may still list it later."""

_UNFINISHED = "(state != 'done' OR counts IS NULL)"
"""A job that may change: the counts of any other are kept, and stay as they are."""


def default_path() -> Path:
    """Where the journal is: in the folder QSAC_DATA_DIR, or in the user's data folder."""
    named = named_folder(FOLDER_VARIABLE)
    if named is not None:
        return named / "jobs.sqlite"
    from platformdirs import user_data_path

    return user_data_path("qsac", appauthor=False) / "jobs.sqlite"


class Journal:
    """The journal in the file ``path``, made when something is entered; several processes may use it at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else path

    def enter(
        self,
        compiled: Compiled,
        vendor: str,
        machine: str,
        shots: int,
        cost: float | None,
        unit: str | None,
        despite: Collection[int] | None = None,
    ) -> Job:
        """Enter a job that is about to be submitted. When this returns, the entry is on disk.

        With ``despite``, jobs that were named to the user: raises :class:`~qsac.errors.BackendError`, and enters
        nothing, where the answer to another one is pending that is the very same (:meth:`pending`).
        """
        text = _text(compiled)
        digest = hashlib.sha256(text).hexdigest()
        tag = f"qsac-{uuid4().hex}"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._writing() as connection:
            for number in _pending(connection, digest, machine, shots):
                if despite is not None and number not in despite:
                    raise pending_error(number)
            # What lies under the digest and is not the same is damaged.
            connection.execute(
                "INSERT INTO artifacts VALUES (?, ?) ON CONFLICT (sha256) DO UPDATE SET text = excluded.text"
                " WHERE text IS NOT excluded.text",
                (digest, pack(text)),
            )
            target, model = printable(str(compiled.target["name"])), printable(compiled.model.name)
            connection.execute(
                "INSERT INTO jobs (tag, created, vendor, machine, target, model, artifact, shots, cost, unit, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (tag, created, vendor, machine, target, model, digest, shots, cost, unit, SUBMITTING),
            )
            (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
        return self.job(number)

    def pending(self, compiled: Compiled, machine: str, shots: int) -> list[int]:
        """The jobs of the same artifact, machine and number of shots of which it is not known whether they were
        submitted: their answer was lost, or another process waits for it."""
        if not self._is_there():
            return []
        digest = hashlib.sha256(_text(compiled)).hexdigest()
        with self._reading() as connection:
            return _pending(connection, digest, machine, shots) if _has_jobs(connection) else []

    def submitted(self, job: Job, handle: str) -> None:
        """Note the vendor's handle, unless one is known."""
        self._set(job, _UNANSWERED, state="queued", handle=handle, message="")

    def unanswered(self, job: Job, state: str, message: str) -> None:
        """Note why there is no handle: ``submitting`` or ``not found``, or ``failed`` if nothing was submitted."""
        self._set(job, _UNANSWERED, state=state, message=message)

    def noted(self, job: Job, state: str, message: str) -> None:
        """Note what the vendor says of a job that is not finished."""
        self._set(job, _UNFINISHED, state=state, message=message)

    def counted(self, job: Job, counts: dict[str, int]) -> None:
        """Keep the counts of a job, unless it has some: they are asked for once."""
        self._set(job, _UNFINISHED, state="done", message="", counts=json.dumps(counts, sort_keys=True))

    def entries(self) -> list[Job | DamagedJob]:
        """Every entry, the newest first."""
        if not self._is_there():
            return []
        with self._reading() as connection:
            if not _has_jobs(connection):
                return []
            rows = connection.execute(f"SELECT {_COLUMNS} FROM jobs ORDER BY id DESC")
            return [read_entry(dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def jobs(self) -> list[Job]:
        """Every entry that is not damaged, the newest first."""
        return [entry for entry in self.entries() if isinstance(entry, Job)]

    def job(self, number: int) -> Job:
        """The entry with this id. Raises :class:`~qsac.errors.InvalidInputError` if there is none, and
        :class:`~qsac.errors.BackendError` if it is damaged."""
        row = None
        if 0 < number < 1 << 63 and self._is_there():
            with self._reading() as connection:
                if _has_jobs(connection):
                    row = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise InvalidInputError(
                f"there is no job {number} in the journal",
                code="journal.unknown-job",
                source=str(self.path),
                help="qsac jobs lists them",
            )
        entry = read_entry(dict(zip(COLUMNS, row, strict=True)))
        if isinstance(entry, DamagedJob):
            raise self._damaged(entry.id, entry.problem, entry.tag)
        return entry

    def artifact(self, job: Job) -> Compiled:
        """The compiled program that a job was submitted of. Raises :class:`~qsac.errors.BackendError` if it is
        damaged."""
        with self._reading() as connection:
            row = connection.execute("SELECT text FROM artifacts WHERE sha256 = ?", (job.artifact,)).fetchone()
        try:
            text = unpack(None if row is None else row[0], job.artifact)
        except ValueError as error:
            raise self._damaged(job.id, f"the artifact: {error}", job.tag) from None
        return Compiled.parse(text, f"job {job.id}")

    def _damaged(self, number: int, problem: str, tag: str | None) -> BackendError:
        called = "" if tag is None else f"; at the vendor the job is called {tag}"
        return BackendError(
            f"job {number} is damaged in the journal",
            code="journal.damaged-job",
            source=str(self.path),
            found=problem,
            help=f"the other jobs are not affected{called}",
        )

    def _set(self, job: Job, condition: str, **values: str) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as connection:
            connection.execute(f"UPDATE jobs SET {columns} WHERE id = ? AND {condition}", (*values.values(), job.id))

    def _is_there(self) -> bool:
        """Whether there is a file: only what does not exist counts as an empty journal."""
        with self._errors():
            try:
                self.path.stat()
            except FileNotFoundError:
                return False
            return True

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when it ends, or nothing of it."""
        with self._errors():
            self._make()
            with closing(self._connect()) as connection:
                _has_jobs(connection)  # nothing is written into a database of another program
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
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
        if found > VERSION:
            connection.close()
            raise InvalidInputError(
                "the journal was written by a newer qsac",
                code="journal.newer-version",
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
        except (sqlite3.Error, OSError, UnicodeError) as error:  # SQLite's messages may quote a damaged schema
            raise BackendError(
                "the run journal cannot be used",
                code="journal.unusable",
                source=str(self.path),
                found=printable(getattr(error, "strerror", None) or str(error)).lower(),
                help=f"name another folder in the environment variable {FOLDER_VARIABLE}",
            ) from None


def pending_error(number: int) -> BackendError:
    """What is said to whoever would submit a job whose first answer is pending."""
    return BackendError(
        f"the very same job may have been submitted already, as job {number}",
        code="journal.pending",
        found="the vendor's answer is not known here",
        help=f"`qsac results {number}` finds out; do not submit it again before that",
    )


def _text(compiled: Compiled) -> bytes:
    text = compiled.to_json().encode()
    if len(text) > SIZE_LIMIT:
        raise DoesNotFitError(
            "the artifact is too large to be kept with the job",
            code="journal.artifact-too-large",
            found=f"{len(text):,} bytes",
            wanted=f"at most {SIZE_LIMIT:,} bytes",
        )
    return text


def _pending(connection: sqlite3.Connection, digest: str, machine: str, shots: int) -> list[int]:
    found = connection.execute(
        "SELECT id FROM jobs WHERE artifact = ? AND machine = ? AND shots = ? AND state = ? AND handle IS NULL"
        " ORDER BY id",
        (digest, machine, shots, SUBMITTING),
    )
    return [number for (number,) in found]


def _has_jobs(connection: sqlite3.Connection) -> bool:
    """Whether the table is there: a process may have been killed between making the file and making its tables. What
    has other tables is another program's."""
    tables = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    ours = tables.get("jobs") == tables.get("artifacts") == "table" and not {"trigger", "view"} & {*tables.values()}
    if tables and not ours:
        raise sqlite3.DatabaseError("the file is a database of another program")
    return bool(tables)


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
