"""Journals that an earlier qsac wrote: version 1, whose jobs have one circuit, in one table with everything."""

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.submission import submit
from qsac.submission.entries import DamagedJob, pack
from qsac.submission.journal import Journal
from qsac.submission.schema import VERSION
from tests.submission.fake import FakeVendor, small

SCHEMA = """
CREATE TABLE artifacts (sha256 TEXT PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE jobs (
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
PRAGMA user_version = 1;
"""
WRITTEN = "2026-11-29T06:00:00+00:00"
ROWS: list[tuple[Any, ...]] = [
    # id, tag, shots, cost, unit, state, message, handle, counts
    (1, "qsac-a", 100, 31.5, "HQC", "done", "", "qsac-a", '{"000000": 97, "000001": 3}'),
    (2, "qsac-b", 101, None, None, "submitting", "a time-out", None, None),
    (3, "qsac-c", 102, 31.5, "HQC", "done", "", "qsac-c", "["),
    (4, "qsac-d", 103, 31.5, "HQC", "failed", "not submitted: no", None, None),
    (7, "qsac-g", 104, 31.5, "HQC", "running", "it is running", "qsac-g", None),
]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """One that version 1 wrote, with a damaged row and with gaps."""
    text = small().to_json().encode()
    digest = hashlib.sha256(text).hexdigest()
    path = tmp_path / "jobs.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        connection.execute("INSERT INTO artifacts VALUES (?, ?)", (digest, pack(text)))
        for number, tag, shots, *rest in ROWS:
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, 'Quantinuum', 'H2-1', 'h2', 'small one', ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, tag, WRITTEN, digest, shots, *rest),
            )
        connection.execute("UPDATE jobs SET message = CAST(X'ff41' AS TEXT) WHERE id = 3")
    path.chmod(0o600)
    return Journal(path)


def _version(journal: Journal) -> int:
    with closing(sqlite3.connect(journal.path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return found


def _dump(journal: Journal) -> list[dict[str, Any]]:
    """Everything that the command line tells of the jobs, and their counts."""
    found = []
    for entry in journal.entries():
        counts = None if isinstance(entry, DamagedJob) else [part.counts for part in entry.parts]
        found.append(entry.to_dict() | {"counts": counts})
    return found


def _changed(journal: Journal) -> None:
    """Something is written."""
    journal.noted(journal.job(7).parts[0], "running", "it is running")


def test_an_older_journal_is_read_as_it_is(journal: Journal) -> None:
    before = journal.path.read_bytes()
    assert [entry.id for entry in journal.entries()] == [7, 4, 3, 2, 1]
    job = journal.job(1)
    assert job.to_dict() == {
        "id": 1,
        "tag": "qsac-a",
        "created": WRITTEN,
        "vendor": "Quantinuum",
        "machine": "H2-1",
        "target": "h2",
        "model": "small one",
        "artifact": job.artifact,
        "shots": 100,
        "cost": 31.5,
        "unit": "HQC",
        "state": "done",
        "message": "",
        "handle": "qsac-a",
    }
    assert journal.entries()[2] == DamagedJob(3, "invalid message", "qsac-c")
    found = submit.result(job, journal)
    assert found is not None
    assert found.shots == 100
    assert [one.number for one in journal.pending(small(), "H2-1", 101)] == [2]
    assert journal.path.read_bytes() == before
    assert _version(journal) == 1


def test_nothing_is_lost_when_it_is_migrated(journal: Journal) -> None:
    before = _dump(journal)
    _changed(journal)
    assert _version(journal) == VERSION
    assert _dump(journal) == before
    assert journal.job(1).parts[0].begun == WRITTEN
    with closing(sqlite3.connect(journal.path)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        }
        assert tables == {"artifacts", "jobs", "parts"}
        # What cannot be read is kept as well.
        assert connection.execute("SELECT CAST(message AS BLOB), counts FROM parts WHERE job = 3").fetchone() == (
            b"\xffA",
            "[",
        )
    assert journal.enter(small(), "Quantinuum", "H2-1", 5, None, None).id == 8
    assert journal.artifact(journal.job(1)) == small()


def test_lost_answers_are_found_in_it(journal: Journal, tmp_path: Path) -> None:
    fake = FakeVendor(tmp_path / "vendor")
    fake.folder.mkdir()
    (fake.folder / "qsac-b.json").write_text('{"shots": 101}')
    job = submit.update(journal.job(2), fake, journal)
    assert (job.state, job.parts[0].handle, job.parts[0].counts) == ("done", "qsac-b", {"000000": 101})
    assert _version(journal) == VERSION


def test_an_older_qsac_that_sets_the_version_back_does_no_harm(journal: Journal) -> None:
    """It opened the journal before the migration, and writes after it."""
    _changed(journal)
    before = _dump(journal)
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
        with pytest.raises(sqlite3.OperationalError):  # as it did in version 1
            connection.execute("UPDATE jobs SET state = 'queued', handle = 'x', message = '' WHERE id = 2")
    assert _dump(journal) == before
    _changed(journal)
    assert (_dump(journal), _version(journal)) == (before, VERSION)


STATEMENTS = (
    "ALTER",
    "CREATE TABLE",
    "INSERT INTO jobs",
    "INSERT INTO parts",
    "DROP",
    "PRAGMA user_version =",
    "UPDATE",
)


@pytest.mark.parametrize("last", STATEMENTS)
def test_a_kill_in_the_middle_of_the_migration(last: str, journal: Journal) -> None:
    before = _dump(journal)
    pid = os.fork()
    if not pid:
        connect = sqlite3.connect

        class Killing(sqlite3.Connection):
            def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # type: ignore[override]
                if statement.strip().startswith(last):
                    os.kill(os.getpid(), 9)
                return super().execute(statement, *values)

        sqlite3.connect = lambda *args, **kwargs: connect(*args, factory=Killing, **kwargs)  # type: ignore[assignment]
        _changed(journal)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
    assert (_dump(journal), _version(journal)) == (before, 1)
    _changed(journal)
    assert (_dump(journal), _version(journal)) == (before, VERSION)


def test_a_new_job_of_several_circuits_in_a_migrated_journal(journal: Journal, pair: qsac.Compiled) -> None:
    job = journal.enter(pair, "Quantinuum", "H2-1", 5, 10.0, "HQC", [5.0, 5.5])
    assert [(part.circuit, part.ceiling, part.state) for part in job.parts] == [
        ("first", 5.0, "submitting"),
        ("second", 5.5, "not submitted"),
    ]
    assert journal.artifact(job) == pair


def test_a_journal_of_version_2(tmp_path: Path, pair: qsac.Compiled) -> None:
    """Its jobs take one step: they are read as they are, and migrated when something is written."""
    journal = Journal(tmp_path / "jobs.sqlite")
    job = journal.enter(pair, "Quantinuum", "H2-1", 5, 10.0, "HQC", [5.0, 5.5])
    journal.submitted(job.parts[0], "handle")
    before = _dump(journal)
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN bound")
        connection.execute("PRAGMA user_version = 2")
    assert (_dump(journal), _version(journal)) == (before, 2)
    assert journal.artifact(journal.job(1)) == pair
    assert not journal.job(1).is_under_way
    journal.noted(journal.job(1).parts[0], "running", "it is running")
    assert _version(journal) == VERSION
    assert (journal.job(1).bound, journal.job(1).parts[0].state) == (None, "running")
