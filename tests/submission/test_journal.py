"""The run journal: whole entries or none, whoever else writes, and whatever happens to the process."""

import multiprocessing
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import qsac
from qsac.errors import BackendError, InvalidInputError
from qsac.submission import journal as journal_module
from qsac.submission.journal import Journal, default_path
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
    assert (job.id, job.state, job.handle, job.counts) == (1, "submitting", None, None)
    assert (job.model, job.target, job.machine, job.shots, job.cost) == ("small one", "h2", "H2-1", 100, 31.5)
    assert journal.artifact(job) == compiled
    journal.submitted(job, "a handle")
    assert (journal.job(1).state, journal.job(1).handle) == ("queued", "a handle")
    journal.counted(job, {"01": 3, "00": 97})
    again = Journal(journal.path).job(1)
    assert (again.state, again.counts) == ("done", {"00": 97, "01": 3})
    second = journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    assert [entry.id for entry in journal.jobs()] == [2, 1]
    assert second.tag != job.tag
    (count,) = sqlite3.connect(journal.path).execute("SELECT COUNT(*) FROM artifacts").fetchone()
    assert count == 1  # the same artifact is kept once


def _enter(path: Path, artifact: str, times: int) -> None:
    compiled = qsac.Compiled.parse(artifact.encode(), "test")
    for _ in range(times):
        entry = Journal(path).enter(compiled, "Quantinuum", "H2-1", 10, None, None)
        Journal(path).submitted(entry, f"handle of {entry.id}")


def test_several_processes_at_once(journal: Journal, compiled: qsac.Compiled) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_enter, args=(journal.path, compiled.to_json(), 5)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    jobs = journal.jobs()
    assert sorted(job.id for job in jobs) == list(range(1, 16))
    assert all(job.handle == f"handle of {job.id}" for job in jobs)


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
    assert (job.state, job.handle) == ("submitting", None)
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


def test_a_journal_of_a_newer_version(
    journal: Journal, compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "VERSION", 2)
    journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)
    monkeypatch.setattr(journal_module, "VERSION", 1)
    for use in (journal.jobs, lambda: journal.enter(compiled, "IBM", "ibm_fez", 5, None, None)):
        with pytest.raises(InvalidInputError, match="the journal was written by a newer qsac"):
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
