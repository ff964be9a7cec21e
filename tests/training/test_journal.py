"""The journal of training: what is noted, for whom, and what becomes of what is not ours."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from qsac.errors import BackendError
from qsac.training import journal as journals
from qsac.training.journal import Journal, Recorder
from qsac.training.reading import load
from qsac.training.trained import Epoch
from tests.training.tiny import WORDS, changed

FACTS = {"signal": 2.5, "circuits": 8.0}
HISTORY = tuple(
    Epoch(place, 1 / place, None if place < 3 else 0.5, 0.1, 0.02, FACTS if place < 5 else None)
    for place in range(1, 6)
)
VERSIONS = {"qsac": "0", "jax": "1"}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "data" / "training.sqlite")


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path))
    assert Journal().path == tmp_path / "training.sqlite"
    assert Journal().entries() == []
    assert not Journal().path.exists()


def test_a_run_from_beginning_to_end(journal: Journal, tmp_path: Path) -> None:
    config = load(WORDS)
    number = journal.enter(config, tmp_path, VERSIONS)
    journal.begin(number, 3, "digest", 5, ())
    journal.add(number, 3, HISTORY[:2])
    (entry,) = journal.entries()
    (seed,) = entry.seeds
    assert (seed.state, seed.last, seed.metrics) == ("running", HISTORY[1], None)
    assert entry.state_of(seed) == "stopped"  # nobody trains in the folder
    journal.add(number, 3, HISTORY[2:])
    journal.end(number, 3, "finished", metrics={"test": {"loss": 0.25, "other": None}})
    (entry,) = journal.entries()
    (seed,) = entry.seeds
    assert (entry.name, entry.folder, entry.versions) == ("tiny", tmp_path.resolve(), VERSIONS)
    assert entry.config == config.document
    assert (seed.seed, seed.data, seed.epochs, seed.last) == (3, "digest", 5, HISTORY[-1])
    assert seed.metrics == {"test": {"loss": 0.25, "other": None}}
    assert journal.history(number, 3) == list(HISTORY)
    assert json.loads(json.dumps(entry.to_dict()))["seeds"][0]["last"]["epoch"] == 5


def test_a_run_that_goes_on_is_the_same_run(journal: Journal, tmp_path: Path) -> None:
    config = load(WORDS)
    number = journal.enter(config, tmp_path, VERSIONS)
    assert journal.enter(load(changed(WORDS, seeds=4)), tmp_path, VERSIONS) == number
    assert journal.enter(config, tmp_path, VERSIONS, restart=True) == number + 1
    assert journal.enter(config, tmp_path, VERSIONS) == number + 1
    assert journal.enter(load(changed(WORDS, epochs=7)), tmp_path, VERSIONS) == number + 2
    assert journal.enter(config, tmp_path / "other", VERSIONS) == number + 3
    assert [entry.id for entry in journal.entries()] == [4, 3, 2, 1]


@pytest.mark.parametrize(("noted", "kept"), [(5, 2), (1, 3), (3, 3), (2, 0)])
def test_the_checkpoint_is_the_truth(noted: int, kept: int, journal: Journal, tmp_path: Path) -> None:
    """Epochs after it are forgotten, and those that the journal missed are noted."""
    number = journal.enter(load(WORDS), tmp_path, VERSIONS)
    journal.begin(number, 0, "digest", 5, ())
    journal.add(number, 0, HISTORY[:noted])
    journal.begin(number, 0, "digest", 5, HISTORY[:kept])
    assert journal.history(number, 0) == list(HISTORY[:kept])
    journal.add(number, 0, HISTORY[kept:])
    assert journal.history(number, 0) == list(HISTORY)


def test_epochs_are_written_together(journal: Journal, tmp_path: Path) -> None:
    number = journal.enter(load(WORDS), tmp_path, VERSIONS)
    recorder = Recorder(journal, number, 0)
    recorder.begin("digest", 5, ())
    for record in HISTORY[:3]:
        recorder.epoch(record)
    recorder.flush()
    assert journal.history(number, 0) == list(HISTORY[:3])
    for record in HISTORY[3:]:
        recorder.epoch(record)
    recorder.end("failed", "it diverged")
    assert journal.history(number, 0) == list(HISTORY)
    ((seed,),) = (entry.seeds for entry in journal.entries())
    assert (seed.state, seed.message) == ("failed", "it diverged")


def test_epochs_are_written_after_a_while(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = journal.enter(load(WORDS), tmp_path, VERSIONS)
    now = [0.0]
    monkeypatch.setattr(journals, "monotonic", lambda: now[0])
    recorder = Recorder(journal, number, 0)
    recorder.begin("digest", 5, ())
    recorder.epoch(HISTORY[0])
    assert journal.history(number, 0) == []
    now[0] = 1.5
    recorder.epoch(HISTORY[1])
    assert journal.history(number, 0) == list(HISTORY[:2])


def test_it_is_for_the_user_alone(journal: Journal, tmp_path: Path) -> None:
    journal.enter(load(WORDS), tmp_path, VERSIONS)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_database_of_another_program_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    journal.path.parent.mkdir()
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    before = journal.path.read_bytes()
    with pytest.raises(BackendError, match="cannot be used") as caught:
        journal.enter(load(WORDS), tmp_path, VERSIONS)
    assert caught.value.code == "journal.unusable"
    with pytest.raises(BackendError):
        journal.entries()
    assert journal.path.read_bytes() == before


def test_a_journal_of_version_1_is_read_and_gone_on_with(journal: Journal, tmp_path: Path) -> None:
    number = journal.enter(load(WORDS), tmp_path, VERSIONS)
    journal.begin(number, 0, "digest", 5, HISTORY[:2])
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("DROP TABLE facts")
        connection.execute("PRAGMA user_version = 1")
    assert journal.history(number, 0) == [epoch._replace(facts=None) for epoch in HISTORY[:2]]
    journal.begin(number, 0, "digest", 5, HISTORY)
    assert journal.history(number, 0) == list(HISTORY)


def test_a_newer_journal_is_refused(journal: Journal, tmp_path: Path) -> None:
    journal.enter(load(WORDS), tmp_path, VERSIONS)
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(BackendError, match="newer"):
        journal.entries()


def test_a_file_that_is_no_database(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"not a database" * 100)
    with pytest.raises(BackendError, match="cannot be used"):
        journal.entries()


def test_damaged_rows_are_left_out(journal: Journal, tmp_path: Path) -> None:
    first = journal.enter(load(WORDS), tmp_path, VERSIONS)
    second = journal.enter(load(WORDS), tmp_path / "other", VERSIONS)
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("UPDATE runs SET config = '{' WHERE id = ?", (first,))
    assert [entry.id for entry in journal.entries()] == [second]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BackendError, match="cannot be used"):
            Journal(tmp_path / "training.sqlite").enter(load(WORDS), tmp_path, VERSIONS)
    finally:
        tmp_path.chmod(0o700)
