"""Runs of several seeds: their folder, processes, and that no epoch is lost or repeated where a process is killed."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import BackendError, CheckFailedError, InvalidInputError, QsacError
from qsac.training import checkpoints
from qsac.training.journal import Journal
from qsac.training.reading import load
from qsac.training.run_folder import CONFIG, HISTORY, MODEL, RESULTS, Run, is_locked, locked, seed_folder
from qsac.training.running import train
from qsac.training.trained import Epoch, Trained
from qsac.training.workers import Event, Interrupted, Kept
from tests.cases import ALL
from tests.training.simple import simple
from tests.training.tiny import WORDS, changed


def files(folder: Path) -> dict[str, bytes]:
    """The content of a run's files, but for the plots, which the command alone draws."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".png", ".svg")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_what_is_in_the_folder(done: Path) -> None:
    own = {f"seed-{seed}/{name}" for seed in (0, 1) for name in (checkpoints.FILE, MODEL, HISTORY)}
    assert set(files(done)) == {CONFIG, RESULTS, *own}
    run = Run.load(done)
    assert [one.seed for one in run.seeds] == [0, 1]
    results = json.loads((done / RESULTS).read_text())
    assert results == run.results()
    values = [one["metrics"]["test"]["cross_entropy"] for one in results["seeds"]]
    assert results["mean"]["test"]["cross_entropy"] == pytest.approx(np.mean(values))
    assert results["spread"]["test"]["cross_entropy"] == pytest.approx(np.std(values, ddof=1))
    lines = (done / "seed-1" / HISTORY).read_text().splitlines()
    assert lines[0] == "epoch,train,validation,gradient_norm,rate"
    assert len(lines) == 7
    assert float(lines[3].split(",")[1]) == run.trained(1).history[2].train


def test_the_model_file_is_of_what_was_learned(done: Path) -> None:
    """And of the first test sequence: its closed form is the trained metric."""
    run = Run.load(done)
    data, learner = run.data(1), run.learner(1)
    model = qsac.load(seed_folder(done, 1) / MODEL)
    assert model.name == "tiny-1"
    expected = learner.model(run.trained(1).parameters, data.test[0], "tiny-1")
    assert model.sha256 == expected.sha256 == run.model(1).sha256
    assert run.model(0).sha256 != run.model(1).sha256


def test_other_processes_give_the_same_bytes(done: Path, tmp_path: Path) -> None:
    """That of the command trains both seeds, one after the other."""
    (tmp_path / "long.json").write_text(json.dumps(changed(WORDS, seeds=2)))
    process = command(tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert files(tmp_path / "run") == files(done)


def test_a_finished_run_is_not_trained_again(done: Path) -> None:
    before = files(done)
    seen: list[Event] = []
    train(WORDS, done, follow=lambda _seed, event: seen.append(event))
    assert not any(isinstance(event, Epoch) for event in seen)
    assert files(done) == before


def test_seeds_are_added(done: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(done, folder)
    seen: list[tuple[int, Event]] = []
    run = train(WORDS, folder, seeds=[2], follow=lambda seed, event: seen.append((seed, event)))
    assert [one.seed for one in run.seeds] == [0, 1, 2]
    assert {seed for seed, event in seen if isinstance(event, Epoch)} == {2}
    assert {seed for seed, event in seen if isinstance(event, Trained)} == {0, 1, 2}
    assert json.loads((folder / CONFIG).read_text())["seeds"] == [0, 1, 2]
    before = files(done)
    assert {name: content for name, content in files(folder).items() if name[:6] in ("seed-0", "seed-1")} == {
        name: content for name, content in before.items() if name[:6] in ("seed-0", "seed-1")
    }


def test_a_run_of_another_configuration_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(simple(), folder)
    before = files(folder)
    with pytest.raises(InvalidInputError) as caught:
        train(simple(epochs=3), folder)
    assert caught.value.code == "train.other-run"
    assert files(folder) == before
    assert len(train(simple(epochs=3), folder, force=True).seeds[0].history) == 3
    assert set(files(folder)) == set(before)


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    for force in (False, True):
        with pytest.raises(InvalidInputError) as caught:
            train(simple(), tmp_path, force=force)
        assert caught.value.code == "train.folder-not-empty"
    assert set(files(tmp_path)) == {"thesis.tex"}


def test_nothing_is_written_for_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for config in (changed(WORDS, objective="los"), changed(WORDS, data=WORDS["data"] | {"train": 10**6})):
        with pytest.raises(QsacError):
            train(config, folder)
    assert not folder.exists()
    assert Journal().entries() == []


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = train(simple())
    assert run.folder is None
    assert len(run.seeds) == 1
    assert files(tmp_path) == {}
    assert Journal().entries() == []


def test_a_folder_is_for_one_process_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(InvalidInputError) as caught:
            train(simple(), tmp_path)
    assert caught.value.code == "train.folder-in-use"
    assert not is_locked(tmp_path)
    assert files(tmp_path) == {}


def test_the_folder_stands_alone(tmp_path: Path) -> None:
    """Files that the configuration names lie in it, a model file in its canonical form; it may be moved."""
    home = tmp_path / "home"
    (home / "texts").mkdir(parents=True)
    (home / "texts" / "one.txt").write_text("the cat sat on the mat and the dog sat on the cat\n" * 30)
    config = changed(
        WORDS,
        data={"type": "text", "path": "texts/one.txt", "context": 8, "block": 2, "tokens": {"type": "characters"}},
        model=WORDS["model"] | {"tokens": {"dimension": 16}},
        epochs=1,
    )
    (home / "one.json").write_text(json.dumps(config))
    run = train(home / "one.json", tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")
    (home / "texts" / "one.txt").unlink()
    moved = Run.load(tmp_path / "moved")
    assert moved.config.digest == run.config.digest
    assert moved.data(0).digest == run.seeds[0].data_digest
    again = train(tmp_path / "moved" / CONFIG, tmp_path / "again")
    assert again.results() == run.results()


def test_data_that_changed_are_noticed(tmp_path: Path) -> None:
    text = tmp_path / "one.txt"
    text.write_text("the cat sat on the mat and the dog sat on the cat\n" * 30)
    config = changed(
        WORDS,
        data={"type": "text", "path": "one.txt", "context": 8, "block": 2, "tokens": {"type": "characters"}},
        model=WORDS["model"] | {"tokens": {"dimension": 16}},
        epochs=1,
    )
    (tmp_path / "one.json").write_text(json.dumps(config))
    train(tmp_path / "one.json", tmp_path / "run")
    (tmp_path / "run" / "one.txt").write_text("the dog sat on the mat and the cat sat on the dog\n" * 30)
    with pytest.raises(InvalidInputError) as caught:
        Run.load(tmp_path / "run").data(0)
    assert caught.value.code == "train.other-data"


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no run"):
        Run.load(tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps(load(WORDS).document))
    with pytest.raises(InvalidInputError, match="no seed of the run is finished"):
        Run.load(tmp_path)


def test_a_seed_that_fails_leaves_the_others(tmp_path: Path) -> None:
    """Those some number of which is positive at first."""

    def metric(value: Any, parameters: Any) -> Any:
        import jax.numpy as jnp

        return jnp.where(parameters["real"][0, 1] > 0, jnp.nan, 1.0) * value

    starts = [np.random.default_rng(seed).normal(0, 0.1, (4, 4))[0, 1] for seed in range(4)]
    assert 0 < sum(start > 0 for start in starts) < 4
    config = simple(metric, optimiser={"type": "sgd", "rate": 1e-6}, seeds=4)
    run = train(config, tmp_path / "run")
    assert set(run.failed) == {seed for seed in range(4) if starts[seed] > 0}
    assert {one.seed for one in run.seeds} == {seed for seed in range(4) if starts[seed] <= 0}
    results = json.loads((tmp_path / "run" / RESULTS).read_text())
    assert set(results["failed"]) == {str(seed) for seed in run.failed}
    (entry,) = Journal().entries()
    assert {seed.seed for seed in entry.seeds if seed.state == "failed"} == set(run.failed)
    with pytest.raises(CheckFailedError):
        train(simple(metric, seeds=[min(run.failed)]))


def test_ctrl_c_writes_a_checkpoint(tmp_path: Path) -> None:
    seen: list[Event] = []

    def follow(_seed: int, event: Event) -> None:
        seen.append(event)
        if len(seen) == 5:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    config = simple(epochs=50, seeds=3)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "run", follow=follow)
    assert signal.getsignal(signal.SIGINT) is before
    assert isinstance(seen[-1], Interrupted)
    kept = checkpoints.read(tmp_path / "run" / "seed-0" / checkpoints.FILE)
    assert 3 <= kept.epoch <= 4
    (entry,) = Journal().entries()
    assert [(seed.seed, seed.state) for seed in entry.seeds] == [(0, "interrupted")]
    run = train(config, tmp_path / "run")
    assert [one.history for one in run.seeds] == [one.history for one in train(config).seeds]
    (entry,) = Journal().entries()
    assert {seed.state for seed in entry.seeds} == {"finished"}


def test_a_process_that_ends_without_a_word(tmp_path: Path) -> None:
    """All others are ended, and what was kept stays."""

    def follow(_seed: int, event: Event) -> None:
        if isinstance(event, Kept):
            for process in multiprocessing.active_children():
                process.kill()

    with pytest.raises(BackendError) as caught:
        train(changed(WORDS, epochs=100_000), tmp_path / "run", seeds=2, jobs=2, follow=follow)
    assert caught.value.code == "train.lost-process"
    assert multiprocessing.active_children() == []
    assert any((tmp_path / "run" / f"seed-{seed}" / checkpoints.FILE).exists() for seed in (0, 1))
    (entry,) = Journal().entries()
    assert {entry.state_of(seed) for seed in entry.seeds} == {"stopped"}


LONG = changed(WORDS, epochs=300, checkpoint={"every": 20}, optimiser={"type": "adam", "rate": 0.001})


def command(folder: Path, *outputs: str) -> subprocess.Popen[bytes]:
    """Trains into a folder, or into several, one after the other."""
    code = "import sys; from qsac.cli.main import run\n"
    code += "sys.exit(max(run(['train', 'long.json', '-q', '-o', output]) for output in sys.argv[1:]))"
    arguments = [sys.executable, "-c", code, *(outputs or ("run",))]
    return subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def epochs_kept(folder: Path) -> int:
    path = folder / "run" / "seed-0" / checkpoints.FILE
    return checkpoints.read(path).epoch if path.exists() else 0


def test_a_killed_run_neither_loses_nor_repeats_an_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at random, also while it writes; then the very files of a run that is not."""
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "long.json").write_text(json.dumps(LONG))
    rng = np.random.default_rng(11)
    reached = 0
    for _ in range(2 if ALL else 1):
        process = command(tmp_path)
        while process.poll() is None and epochs_kept(tmp_path) <= reached:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.2))
        process.kill()
        process.communicate()
        assert epochs_kept(tmp_path) > reached
        reached = epochs_kept(tmp_path)
        if process.returncode == 0:
            break
    assert reached < 300, "no run was killed"
    (entry,) = Journal().entries()
    assert entry.state_of(entry.seeds[0]) == "stopped"
    process = command(tmp_path, "run", "whole")
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert files(tmp_path / "run") == files(tmp_path / "whole")
    entries = Journal().entries()
    assert len(entries) == 2
    for entry in entries:
        assert Journal().history(entry.id, 0) == list(Run.load(tmp_path / "whole").seeds[0].history)
        assert [seed.state for seed in entry.seeds] == ["finished"]
