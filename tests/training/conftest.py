"""Runs that several modules look at."""

from pathlib import Path

import pytest

from qsac.training.evaluation import evaluate
from qsac.training.running import train
from tests.training.tiny import WORDS
from tests.training.trajectories import COMPARED, ISING


@pytest.fixture(scope="session")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two seeds on trajectories, with its comparisons."""
    folder = tmp_path_factory.mktemp("runs") / "chains.train"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("QSAC_DATA_DIR", str(folder.parent / "journal"))
        evaluate(train({**ISING, "compare": COMPARED}, folder, seeds=2))
    return folder


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two seeds, in a process each: single threads give the same bytes everywhere."""
    folder = tmp_path_factory.mktemp("runs") / "done"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("QSAC_DATA_DIR", str(folder.parent / "journal"))
        train(WORDS, folder, seeds=2, jobs=2)
    return folder
