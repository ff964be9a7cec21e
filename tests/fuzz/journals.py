"""Run journals: rows with values of the wrong kind, and damaged files. A damaged row costs that row."""

from __future__ import annotations

import functools
import json
import sqlite3
import sys
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.submission.entries import Job
from qsac.submission.journal import Journal
from qsac.submission.submit import result
from tests.families.conftest import leave_package
from tests.fuzz import starts
from tests.fuzz.changes import Pick, near
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, SOME, Kind
from tests.fuzz.mutations import Edit, bytes_mutated, pointer_of
from tests.fuzz.scratch import scratch
from tests.submission.conftest import PAIR

PROGRAMS = (0, None, 6)
"""The compiled programs of the jobs, None for one of two circuits: the rows of the last job are not damaged."""

VALUES: tuple[Any, ...] = (
    *(None, "", "text", " ", "nan", "NaN", "1", "-1", "{}", "[]", "null", '{"0": 1}', '{"0": NaN}', '{"0": -1}'),
    *(
        '{"0": 1.5}',
        '{"0": 1e999}',
        "[" * 5000,
        "9" * 5000,
        "x" * 100_000,
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\ud83d\ude00",
    ),
    *(0, -1, 1, 2, 2**31, 2**62, -(2**62), 1.5, 1e300, float("inf"), b"", b"\0", b"\xff\xfe", b"\x78\x9c" + b"\0" * 20),
    *(
        "submitting",
        "not submitted",
        "queued",
        "running",
        "done",
        "failed",
        "cancelled",
        "unknown",
        "H1-1",
        "ibm_fez",
        "IBM",
        "Quantinuum",
    ),
)


@dataclass(frozen=True)
class Start:
    """A journal's file, its columns by table, and its jobs as they were."""

    data: bytes
    columns: tuple[tuple[str, str], ...]
    jobs: tuple[Job, ...]


@functools.cache
def start() -> Start:
    path = scratch("journal") / "start.sqlite"
    journal = Journal(path)
    for index in PROGRAMS:
        compiled = _pair() if index is None else starts.compiled()[index]
        job = journal.enter(compiled, "Quantinuum", "H1-1E", 100, 12.5, "HQC")
        for part, circuit in zip(job.parts, compiled.circuits, strict=True):
            journal.submitted(part, f"handle-{index}-{part.place}")
            journal.counted(part, {"0" * len(circuit.bits): 60, "1" * len(circuit.bits): 40})
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = tuple(
            (table, row[1])
            for table in tables
            if not table.startswith("sqlite_")
            for row in connection.execute(f"PRAGMA table_info({table})")
        )
    return Start(path.read_bytes(), columns, tuple(journal.jobs()))


def _pair() -> Compiled:
    """A program of two circuits."""
    leave_package(scratch("journal"))
    sys.path.insert(0, str(scratch("journal")))
    return compile_model(PAIR, "h2", verify=False)


def rows(pick: Pick) -> Example:
    """One or two values of the rows of a job, or of the artifact that it names."""
    path = scratch("journal") / "made.sqlite"
    path.write_bytes(start().data)
    edits = []
    job = start().jobs[1 + pick(len(PROGRAMS) - 1)]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for _ in range(1 + (pick(4) == 3)):
            edits.append(_row_edit(connection, job, pick))
        connection.commit()
    return Example("journal", path.read_bytes(), tuple(edits), "rows")


def _row_edit(connection: sqlite3.Connection, job: Job, pick: Pick) -> Edit:
    columns = start().columns
    table, column = columns[pick(len(columns))]
    wheres = {
        "artifacts": ("sha256 = ?", job.artifact),
        "jobs": ("id = ?", job.id),
        "parts": ("tag = ?", job.parts[pick(len(job.parts))].tag),
    }
    where, key = wheres[table]
    found = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", (key,)).fetchone()
    value, action = _value(found[0] if found else None, pick)
    try:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, key))
    except (sqlite3.Error, UnicodeEncodeError) as error:
        action = f"refused by SQLite: {error}"
    return Edit(action, pointer_of((table, column)))


def _value(value: Any, pick: Pick) -> tuple[Any, str]:
    """Another value for a column, and what was done to it."""
    action = pick(4)
    if action == 0 and isinstance(value, int | float):
        return near(value, pick), "perturb"
    if action == 0 and isinstance(value, str) and value:
        place = pick(len(value))
        return value[:place] + value[place + 1 :], "a character less"
    if action == 0 and isinstance(value, bytes):
        return _packed(value, pick), "another artifact"
    if action == 1 and isinstance(value, str):
        return value.encode(), "bytes for text"
    found = VALUES[pick(len(VALUES))]
    return found, f"set to {str(found)[:20]!r}"


def _packed(value: bytes, pick: Pick) -> bytes:
    """The packed artifact, damaged inside or outside of its packing; or one that unpacks to far more than it is."""
    action = pick(3)
    if action == 0:
        return bytes_mutated(value, pick)[0]
    if action == 1:
        with suppress(zlib.error):  # packed no more, after an edit before
            return zlib.compress(bytes_mutated(zlib.decompress(value), pick)[0])
    return _bomb()


@functools.cache
def _bomb() -> bytes:
    return zlib.compress(b" " * (200 << 20), 9)


def damaged(pick: Pick) -> Example:
    """Bytes of the file, in one place or in two."""
    data, edit = bytes_mutated(start().data, pick)
    edits = [edit]
    if pick(2):
        data, edit = bytes_mutated(data, pick)
        edits.append(edit)
    return Example("journal", data, tuple(edits), "bytes")


def feed(example: Example) -> str:
    """Everything that commands ask of a journal: the list of jobs, each job, its artifact and its result, a note."""
    path = scratch("journal") / "fed.sqlite"
    for leftover in scratch("journal").glob("fed.sqlite*"):
        leftover.unlink()
    path.write_bytes(example.data)
    journal = Journal(path)
    jobs = journal.jobs()
    json.dumps([entry.to_dict() for entry in getattr(journal, "entries", journal.jobs)()], allow_nan=False)
    whole = start().jobs[0]
    if example.facts == "rows" and whole not in jobs:
        raise WrongError("a job whose row is not damaged is gone")
    for job in jobs:
        journal.job(job.id)
        journal.artifact(job)
        found = result(job, journal)
        if found is not None:
            json.dumps(found.to_dict(), allow_nan=False)
    if jobs:
        journal.noted(jobs[0].parts[0], "queued", "as far as is known")
        journal.jobs()
    return "accepted"


KINDS = (
    Kind("journal-rows", 50, SOME, rows, feed, {"accepted": 0.05}),
    Kind("journal-files", 30, MANY, damaged, feed, {"accepted": 0.05}),
)
