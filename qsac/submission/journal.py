"""The run journal: which jobs were submitted, what for, and what came of them; an SQLite file of the user's.

A job has one or several circuits, each of which is a job of its own at the vendor. All are entered before the vendor
hears of any, each with a tag that only it has; that the vendor is handed a circuit is noted before, its handle after.
So a crash in between leaves a circuit without a handle, which can be looked for by its tag: no paid job is lost in
silence. What is known not to have been handed over is submitted when the user says so, and by one process alone. The
artifact is kept with the job, so that results mean something in another process, whatever became of the user's files.

The journal is private: the file and those that SQLite keeps next to it have mode 0600, a folder made for it 0700. What
it says of a finished circuit, its counts, is never changed again: every change of state is guarded in SQL, so that it
does not matter which of several processes comes first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from qsac.artifact.compiled import SIZE_LIMIT, Compiled
from qsac.errors import BackendError, DoesNotFitError, InvalidInputError, printable
from qsac.files.database import Database, data_path
from qsac.submission.entries import (
    NOT_NEEDED,
    NOT_SUBMITTED,
    RESUMABLE,
    SUBMITTING,
    WAITING,
    DamagedJob,
    Job,
    Part,
    pack,
    read_entry,
    unpack,
)
from qsac.submission.feeding import fed
from qsac.submission.pending import Pending, pending
from qsac.submission.schema import VERSION, has_tables, make_tables, select

_UNANSWERED = "handle IS NULL AND counts IS NULL"
"""A circuit whose handle is not known. A vendor that did not find it may still list it later."""

_KEEP = (
    "INSERT INTO artifacts VALUES (?, ?) ON CONFLICT (sha256) DO UPDATE SET text = excluded.text"
    " WHERE text IS NOT excluded.text"
)
"""Keep an artifact. What lies under its digest and is not the same is damaged."""

_UNFINISHED = "(state != 'done' OR counts IS NULL)"
"""A circuit that may change: the counts of any other are kept, and stay as they are."""


def default_path() -> Path:
    """Where the journal is: in the folder QSAC_DATA_DIR, or in the user's data folder."""
    return data_path("jobs.sqlite")


class Journal:
    """The journal in the file ``path``, made when something is entered; several processes may use it at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = default_path() if path is None else path
        self._file = Database(self.path, VERSION, has_tables, make_tables)
        self._parsed: tuple[str, Compiled] | None = None
        """The artifact that was asked for last, by its SHA-256: whoever waits for a job asks again and again."""

    def enter(
        self,
        compiled: Compiled,
        vendor: str,
        machine: str,
        shots: int,
        cost: float | None,
        unit: str | None,
        ceilings: Sequence[float | None] | None = None,
        despite: Collection[int] | None = None,
        waiting: Collection[int] = (),
    ) -> Job:
        """Enter a job whose first circuit is about to be submitted. When this returns, the entry is on disk.

        ``cost`` is of all circuits, ``ceilings`` are their limits; those at the places ``waiting`` are made later. With
        ``despite``, jobs that were named to the user: raises :class:`~qsac.errors.BackendError`, and enters nothing,
        where another one that is the very same is pending (:meth:`pending`).
        """
        text = _text(compiled)
        digest = hashlib.sha256(text).hexdigest()
        names = compiled.names
        created = _now()
        with self._file.writing() as connection:
            for one in pending(connection, digest, machine, shots):
                if despite is not None and one.number not in despite:
                    raise one.error()
            connection.execute(_KEEP, (digest, pack(text)))
            target, model = printable(str(compiled.target["name"])), printable(compiled.model.name)
            connection.execute(
                "INSERT INTO jobs (created, vendor, machine, target, model, artifact, shots, circuits, cost, unit)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (created, vendor, machine, target, model, digest, shots, len(names), cost, unit),
            )
            (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            limits = ceilings or [None] * len(names)
            for place, (name, ceiling) in enumerate(zip(_circuits(compiled), limits, strict=True)):
                state, begun = (NOT_SUBMITTED, None) if place else (SUBMITTING, created)
                if place in waiting:
                    state = WAITING
                connection.execute(
                    "INSERT INTO parts (job, place, circuit, tag, ceiling, begun, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, place, name, _new_tag(), ceiling, begun, state),
                )
        return self.job(number)

    def pending(self, compiled: Compiled, machine: str, shots: int) -> list[Pending]:
        """The jobs of the same artifact, machine and number of shots of which it is not known whether they were
        submitted, as their answer was lost or another process waits for it; and those that were submitted in part."""
        if not self._file.is_there():
            return []
        digest = hashlib.sha256(_text(compiled)).hexdigest()
        with self._file.reading() as connection:
            return pending(connection, digest, machine, shots)

    def bind(self, job: Job, compiled: Compiled, places: Collection[int]) -> Job:
        """Keep a program whose circuits at ``places`` waited and are made now: they are there to be submitted.

        Raises :class:`~qsac.errors.BackendError` where they wait no more: another process was faster.
        """
        text = _text(compiled)
        digest = hashlib.sha256(text).hexdigest()
        with self._file.writing() as connection:
            connection.execute(_KEEP, (digest, pack(text)))
            connection.execute("UPDATE jobs SET bound = ? WHERE id = ?", (digest, job.id))
            for place in places:
                changed = connection.execute(
                    "UPDATE parts SET state = ? WHERE job = ? AND place = ? AND state = ?",
                    (NOT_SUBMITTED, job.id, place, WAITING),
                ).rowcount
                if changed != 1:
                    raise _changed(job.parts[place])
        return self.job(job.id)

    def spare(self, job: Job, places: Collection[int]) -> Job:
        """Note that circuits at ``places`` that wait are not needed. What another process has noted stays."""
        with self._file.writing() as connection:
            for place in places:
                connection.execute(
                    "UPDATE parts SET state = ? WHERE job = ? AND place = ? AND state = ?",
                    (NOT_NEEDED, job.id, place, WAITING),
                )
        return self.job(job.id)

    def begin(self, part: Part, ceiling: float, cost: float) -> Part:
        """Note that the vendor is about to be handed a circuit, and return it as it is then. What the vendor may know
        under its tag gets another one, and may be charged beside it.

        Raises :class:`~qsac.errors.BackendError` where it is no more as ``part`` says: another process was faster.
        """
        with self._file.writing() as connection:
            found = connection.execute(
                "SELECT tag, state, handle FROM parts WHERE job = ? AND place = ? AND counts IS NULL",
                (part.job, part.place),
            ).fetchone()
            if found != (part.tag, part.state, part.handle) or part.state not in RESUMABLE:
                raise _changed(part)
            tag, earlier = part.tag, part.earlier
            if part.state != NOT_SUBMITTED:
                tag = _new_tag()
                earlier += f"{part.tag}, handle {part.handle}: {part.state}; "
            connection.execute(
                "UPDATE parts SET state = ?, tag = ?, ceiling = ?, begun = ?, earlier = ?, message = '', handle = NULL"
                " WHERE job = ? AND place = ?",
                (SUBMITTING, tag, ceiling, _now(), earlier, part.job, part.place),
            )
            if part.handle is not None:
                connection.execute("UPDATE jobs SET cost = cost + ? WHERE id = ?", (cost, part.job))
        return self.job(part.job).parts[part.place]

    def submitted(self, part: Part, handle: str) -> None:
        """Note the vendor's handle, unless one is known."""
        self._set(part, _UNANSWERED, state="queued", handle=handle, message="")

    def unanswered(self, part: Part, state: str, message: str) -> None:
        """Note why there is no handle: ``submitting`` or ``not found``, or ``failed`` if nothing was submitted."""
        self._set(part, _UNANSWERED, state=state, message=message)

    def noted(self, part: Part, state: str, message: str) -> None:
        """Note what the vendor says of a circuit that is not finished."""
        self._set(part, _UNFINISHED, state=state, message=message)

    def counted(self, part: Part, counts: dict[str, int]) -> None:
        """Keep the counts of a circuit, unless it has some: they are asked for once."""
        self._set(part, _UNFINISHED, state="done", message="", counts=json.dumps(counts, sort_keys=True))

    def entries(self) -> list[Job | DamagedJob]:
        """Every entry, the newest first."""
        if not self._file.is_there():
            return []
        with self._file.reading() as connection:
            return [read_entry(*rows) for rows in select(connection, "", ())]

    def jobs(self) -> list[Job]:
        """Every entry that is not damaged, the newest first."""
        return [entry for entry in self.entries() if isinstance(entry, Job)]

    def job(self, number: int) -> Job:
        """The entry with this id. Raises :class:`~qsac.errors.InvalidInputError` if there is none, and
        :class:`~qsac.errors.BackendError` if it is damaged."""
        found: list[Job | DamagedJob] = []
        if 0 < number < 1 << 63 and self._file.is_there():
            with self._file.reading() as connection:
                found = [read_entry(*rows) for rows in select(connection, "WHERE jobs.id = ?", (number,))]
        if not found:
            raise InvalidInputError(
                f"there is no job {number} in the journal",
                code="journal.unknown-job",
                source=str(self.path),
                help="qsac jobs lists them",
            )
        (entry,) = found
        if isinstance(entry, DamagedJob):
            raise self._damaged(entry.id, entry.problem, entry.tag)
        return entry

    def artifact(self, job: Job) -> Compiled:
        """The compiled program that a job was submitted of, with the circuits that were made since. Raises
        :class:`~qsac.errors.BackendError` if it is damaged, or has other circuits than the job."""
        digest = job.artifact if job.bound is None else job.bound
        with self._file.reading() as connection:
            row = connection.execute("SELECT text FROM artifacts WHERE sha256 = ?", (digest,)).fetchone()
        tag = ", ".join(part.tag for part in job.parts)
        try:
            text = unpack(None if row is None else row[0], digest)
        except ValueError as error:
            raise self._damaged(job.id, f"the artifact: {error}", tag) from None
        if self._parsed is None or self._parsed[0] != digest:
            self._parsed = (digest, Compiled.parse(text, f"job {job.id}"))
        compiled = self._parsed[1]
        if tuple(part.circuit for part in job.parts) != _circuits(compiled):
            raise self._damaged(job.id, "the artifact: it has other circuits than the job", tag)
        return fed(compiled, job)

    def _damaged(self, number: int, problem: str, tag: str | None) -> BackendError:
        called = "" if tag is None else f"; at the vendor the job is called {tag}"
        return BackendError(
            f"job {number} is damaged in the journal",
            code="journal.damaged-job",
            source=str(self.path),
            found=problem,
            help=f"the other jobs are not affected{called}",
        )

    def _set(self, part: Part, condition: str, **values: str) -> None:
        """Note something of a circuit, unless it was submitted again in between: then it has another tag."""
        columns = ", ".join(f"{name} = ?" for name in values)
        where = (part.job, part.place, part.tag)
        with self._file.writing() as connection:
            connection.execute(
                f"UPDATE parts SET {columns} WHERE job = ? AND place = ? AND tag = ? AND {condition}",
                (*values.values(), *where),
            )


def _changed(part: Part) -> BackendError:
    return BackendError(
        f"{part.called} is submitted by another process",
        code="journal.changed-job",
        help=f"`qsac results {part.job}` says how far it is",
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


def _circuits(compiled: Compiled) -> tuple[str | None, ...]:
    """What the journal calls the circuits: the only one of a program has no name there."""
    return (None,) if len(compiled.names) == 1 else tuple(map(printable, compiled.names))


def _new_tag() -> str:
    return f"qsac-{uuid4().hex}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
