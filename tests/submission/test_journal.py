"""The run journal: whole entries or none, whoever else writes, and whatever happens to the process."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.errors import BackendError, InvalidInputError
from qsac.submission.entries import JOB_COLUMNS, DamagedJob, Job
from qsac.submission.journal import Journal, default_path
from qsac.submission.pending import Pending
from qsac.submission.schema import VERSION
from tests.cases import ALL
from tests.submission.fake import small


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return small()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "deep" / "jobs.sqlite")


def test_an_entry_comes_back_with_its_artifact(journal: Journal, compiled: qsac.Compiled) -> None:
    assert journal.jobs() == []
    assert not journal.path.exists()
    job = journal.enter(compiled, "Quantinuum", "H2-1", 100, 31.5, "HQC")
    (part,) = job.parts
    assert (job.id, job.state, part.handle, part.counts) == (1, "submitting", None, None)
    assert (job.model, job.target, job.machine, job.shots, job.cost) == ("small one", "h2", "H2-1", 100, 31.5)
    assert journal.artifact(job) == compiled
    journal.submitted(part, "a handle")
    assert (journal.job(1).state, journal.job(1).parts[0].handle) == ("queued", "a handle")
    journal.counted(part, {"01": 3, "00": 97})
    again = Journal(journal.path).job(1)
    assert (again.state, again.parts[0].counts) == ("done", {"00": 97, "01": 3})
    second = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    assert [entry.id for entry in journal.jobs()] == [2, 1]
    assert second.parts[0].tag != part.tag
    with closing(sqlite3.connect(journal.path)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM artifacts").fetchone()
    assert count == 1  # the same artifact is kept once


AT_ONCE = 3 if ALL else 2
"""Processes on one journal."""


def _enter(path: Path, artifact: str, times: int) -> None:
    compiled = qsac.Compiled.parse(artifact.encode(), "test")
    for _ in range(times):
        entry = Journal(path).enter(compiled, "Quantinuum", "H2-1", 10, None, None)
        Journal(path).submitted(entry.parts[0], f"handle of {entry.id}")


def test_several_processes_at_once(journal: Journal, compiled: qsac.Compiled) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_enter, args=(journal.path, compiled.to_json(), 5)) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * AT_ONCE
    jobs = journal.jobs()
    assert sorted(job.id for job in jobs) == list(range(1, 5 * AT_ONCE + 1))
    assert all(job.parts[0].handle == f"handle of {job.id}" for job in jobs)


def test_an_entry_survives_the_end_of_its_process(journal: Journal, compiled: qsac.Compiled) -> None:
    compiled.save(journal.path.parent.parent / "small.qsac.json")
    program = (
        "import os, pathlib, qsac; from qsac.submission.journal import Journal\n"
        f"path = pathlib.Path({str(journal.path)!r})\n"
        "compiled = qsac.Compiled.load(path.parent.parent / 'small.qsac.json')\n"
        "Journal(path).enter(compiled, 'Quantinuum', 'H2-1', 10, None, None)\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    (job,) = journal.jobs()
    assert (job.state, job.parts[0].handle) == ("submitting", None)
    assert journal.artifact(job) == compiled


def test_a_job_that_is_not_there(journal: Journal, compiled: qsac.Compiled) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="there is no job 7 in the journal"):
            journal.job(7)
        journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be taken for one" * 20, b"SQLite format 3\0"]
)
def test_a_damaged_journal_is_told_and_kept(content: bytes, journal: Journal, compiled: qsac.Compiled) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(content)
    for use in (journal.jobs, lambda: journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)):
        with pytest.raises(BackendError, match="the run journal cannot be used"):
            use()
    assert journal.path.read_bytes() == content


def test_a_journal_of_a_newer_version(journal: Journal, compiled: qsac.Compiled) -> None:
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    _change(journal, f"PRAGMA user_version = {VERSION + 1}")
    for use in (journal.jobs, lambda: journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)):
        with pytest.raises(BackendError, match="the journal was written by a newer qsac"):
            use()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path))
    assert default_path() == tmp_path / "jobs.sqlite"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QSAC_DATA_DIR", "~/data")
    assert default_path() == tmp_path / "home" / "data" / "jobs.sqlite"
    monkeypatch.setenv("QSAC_DATA_DIR", "~nobody-of-this-name/data")
    with pytest.raises(InvalidInputError, match="QSAC_DATA_DIR names a home directory that is not known"):
        default_path()
    monkeypatch.delenv("QSAC_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_path().name == "jobs.sqlite"
    assert "qsac" in default_path().parts


def test_a_folder_that_cannot_be_made(tmp_path: Path, compiled: qsac.Compiled) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="the run journal cannot be used"):
        Journal(tmp_path / "file" / "jobs.sqlite").enter(compiled, "IBM", "ibm_fez", 5, None, None)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_journal_is_private(journal: Journal, compiled: qsac.Compiled) -> None:
    mask = os.umask(0)
    try:
        journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
        with closing(sqlite3.connect(journal.path)) as reader:  # keeps the files that SQLite has next to it
            reader.execute("SELECT * FROM jobs").fetchone()
            journal.enter(compiled, "IBM", "ibm_fez", 6, None, None)
            files = sorted(file.name for file in journal.path.parent.iterdir())
            assert files == ["jobs.sqlite", "jobs.sqlite-shm", "jobs.sqlite-wal"]
            assert {_mode(file) for file in journal.path.parent.iterdir()} == {0o600}
    finally:
        os.umask(mask)
    assert _mode(journal.path.parent) == 0o700
    journal.path.chmod(0o644)  # as an earlier qsac left it
    assert len(journal.jobs()) == 2
    assert _mode(journal.path) == 0o600


def test_a_folder_of_the_users_keeps_its_mode(tmp_path: Path, compiled: qsac.Compiled) -> None:
    tmp_path.chmod(0o755)
    Journal(tmp_path / "jobs.sqlite").enter(compiled, "IBM", "ibm_fez", 5, None, None)
    assert _mode(tmp_path) == 0o755
    assert _mode(tmp_path / "jobs.sqlite") == 0o600


def test_tilde_in_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("QSAC_DATA_DIR", "~/qsac data")
    assert default_path() == tmp_path / "qsac data" / "jobs.sqlite"


def test_a_finished_job_stays_as_it_is(journal: Journal, compiled: qsac.Compiled) -> None:
    (part,) = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None).parts
    journal.submitted(part, "first")
    journal.submitted(part, "second")
    assert journal.job(1).parts[0].handle == "first"
    journal.noted(part, "failed", "it seemed so")
    journal.counted(part, {"01": 5})
    done = journal.job(1)
    for late in (
        lambda: journal.noted(part, "failed", "no"),
        lambda: journal.noted(part, "queued", ""),
        lambda: journal.counted(part, {"11": 5}),
        lambda: journal.submitted(part, "third"),
        lambda: journal.unanswered(part, "submitting", "lost"),
    ):
        late()
        assert journal.job(1) == done
    assert (done.state, done.parts[0].counts, done.message) == ("done", {"01": 5}, "")


def test_a_job_whose_handle_is_known_is_not_unanswered(journal: Journal, compiled: qsac.Compiled) -> None:
    (part,) = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None).parts
    journal.submitted(part, "handle")
    journal.unanswered(part, "not found", "gone")
    assert (journal.job(1).state, journal.job(1).message) == ("queued", "")


def _count(path: Path, artifact: str, shots: int) -> None:
    journal = Journal(path)
    for number in range(1, 6):
        (part,) = journal.job(number).parts
        journal.noted(part, "failed", "late")
        journal.counted(part, {"0": shots})
        journal.noted(part, "running", "later")


def test_of_several_answers_the_first_counts(journal: Journal, compiled: qsac.Compiled) -> None:
    for _ in range(5):
        journal.submitted(journal.enter(compiled, "IBM", "ibm_fez", 5, None, None).parts[0], "handle")
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_count, args=(journal.path, "", shots)) for shots in (3, 4, 5)[:AT_ONCE]]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * AT_ONCE
    for job in journal.jobs():
        assert job.state == "done"
        assert job.parts[0].counts in ({"0": 3}, {"0": 4}, {"0": 5})


def test_the_very_same_job_is_pending(journal: Journal, compiled: qsac.Compiled) -> None:
    assert journal.pending(compiled, "ibm_fez", 5) == []
    first = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None, despite=())
    assert journal.pending(compiled, "ibm_fez", 5) == [Pending(1, lost=True)]
    assert journal.pending(compiled, "ibm_fez", 6) == journal.pending(compiled, "ibm_other", 5) == []
    with pytest.raises(BackendError, match="may have been submitted already, as job 1"):
        journal.enter(compiled, "IBM", "ibm_fez", 5, None, None, despite=())
    assert len(journal.jobs()) == 1
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None, despite=[1])
    assert journal.pending(compiled, "ibm_fez", 5) == [Pending(1, lost=True), Pending(2, lost=True)]
    journal.submitted(first.parts[0], "handle")
    journal.unanswered(journal.job(2).parts[0], "not found", "")
    assert journal.pending(compiled, "ibm_fez", 5) == []
    journal.submitted(journal.job(2).parts[0], "late")  # it was being submitted all the time
    assert journal.job(2).state == "queued"


def _change(journal: Journal, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement, values)


@pytest.mark.parametrize(
    ("column", "value"),
    [("counts", "{"), ("shots", "many"), ("state", "gone"), ("handle", b"\xff\xfe"), ("machine", ""), ("cost", "free")],
)
def test_a_damaged_row_costs_itself(column: str, value: Any, journal: Journal, compiled: qsac.Compiled) -> None:
    for _ in range(3):
        journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    tag = journal.job(2).parts[0].tag
    table, key = ("jobs", "id") if column in JOB_COLUMNS else ("parts", "job")
    _change(journal, f"UPDATE {table} SET {column} = ? WHERE {key} = 2", value)
    assert [job.id for job in journal.jobs()] == [3, 1]
    assert [entry.id for entry in journal.entries()] == [3, 2, 1]
    assert journal.entries()[1] == DamagedJob(2, f"invalid {column}", tag)
    with pytest.raises(BackendError, match="job 2 is damaged in the journal") as caught:
        journal.job(2)
    assert tag in str(caught.value)
    journal.counted(journal.job(3).parts[0], {"0": 5})
    assert journal.enter(compiled, "IBM", "ibm_fez", 5, None, None).id == 4


def test_text_that_is_not_utf8_costs_its_row(journal: Journal, compiled: qsac.Compiled) -> None:
    for _ in range(2):
        journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    _change(journal, "UPDATE jobs SET model = CAST(X'ff41' AS TEXT) WHERE id = 1")
    assert [type(entry) for entry in journal.entries()] == [Job, DamagedJob]


@pytest.mark.parametrize("blob", [b"", b"no zlib", zlib.compress(b"{}"), zlib.compress(b"0" * 2**28), "text", 7])
def test_a_damaged_artifact_costs_its_jobs(blob: Any, journal: Journal, compiled: qsac.Compiled) -> None:
    job = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    _change(journal, "UPDATE artifacts SET text = ?", blob)
    with pytest.raises(BackendError, match="job 1 is damaged in the journal") as caught:
        journal.artifact(job)
    assert "the artifact: " in str(caught.value)
    # Who submits it again gets it whole.
    assert journal.artifact(journal.enter(compiled, "IBM", "ibm_fez", 6, None, None)) == compiled
    _change(journal, "DELETE FROM artifacts")
    with pytest.raises(BackendError, match="job 1 is damaged"):
        journal.artifact(job)


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_numbers_that_no_job_has(number: int, journal: Journal, compiled: qsac.Compiled) -> None:
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    with pytest.raises(InvalidInputError, match=f"there is no job {number} in the journal"):
        journal.job(number)


def _uses(journal: Journal, compiled: qsac.Compiled) -> list[Any]:
    return [
        journal.entries,
        lambda: journal.job(1),
        lambda: journal.pending(compiled, "ibm_fez", 5),
        lambda: journal.enter(compiled, "IBM", "ibm_fez", 5, None, None),
    ]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "loop"])
def test_what_is_no_file(kind: str, ending: str, journal: Journal, compiled: qsac.Compiled) -> None:
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    place = journal.path.with_name(journal.path.name + ending)
    place.unlink(missing_ok=True)
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero" if kind == "device" else place)
    for use in _uses(journal, compiled):
        with pytest.raises(BackendError, match="the run journal cannot be used"):
            use()


def test_a_database_of_another_program_is_left_alone(journal: Journal, compiled: qsac.Compiled) -> None:
    journal.path.parent.mkdir()
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
    before = journal.path.read_bytes()
    for use in _uses(journal, compiled):
        with pytest.raises(BackendError, match="the run journal cannot be used"):
            use()
    assert journal.path.read_bytes() == before


def test_tables_of_other_columns(journal: Journal, compiled: qsac.Compiled) -> None:
    journal.path.parent.mkdir()
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.executescript("CREATE TABLE jobs (id INTEGER PRIMARY KEY); CREATE TABLE artifacts (sha256 TEXT);")
    for use in _uses(journal, compiled):
        with pytest.raises(BackendError, match="the run journal cannot be used"):
            use()


def test_a_file_without_tables_is_an_empty_journal(journal: Journal, compiled: qsac.Compiled) -> None:
    journal.path.parent.mkdir()
    journal.path.touch()  # a process was killed here
    assert journal.entries() == journal.pending(compiled, "ibm_fez", 5) == []
    assert journal.enter(compiled, "IBM", "ibm_fez", 5, None, None).id == 1


def test_names_that_cannot_be_stored_are_escaped(journal: Journal, compiled: qsac.Compiled) -> None:
    odd = replace(compiled, model=replace(compiled.model, name="a\ud800\x1b[2J"))
    assert journal.enter(odd, "IBM", "ibm_fez", 5, None, None).model == "a\\ud800\\x1b[2J"


def test_a_schema_that_is_not_utf8(journal: Journal, compiled: qsac.Compiled) -> None:
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    data = journal.path.read_bytes()
    assert b"CREATE TABLE jobs" in data
    journal.path.write_bytes(data.replace(b"CREATE TABLE jobs", b"CREATE TABLE \xf5obs"))
    for use in _uses(journal, compiled):
        with pytest.raises(BackendError, match="the run journal cannot be used"):
            use()
