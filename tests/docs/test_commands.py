"""Commands that the pages show run, in the order in which they stand, in a folder that has what they name."""

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from qsac.cli.main import run
from qsac.sweeps.processes import Here
from qsac.sweeps.threads import _VARIABLES
from tests.cases import ALL

DOCS = Path(__file__).parents[2] / "docs"

ELSEWHERE = (
    r" (train|evaluate|roll-out) |ising\.train",  # at a small size: test_training_page.py, tests/training
    r"--noise$",  # tests/cli/test_transformer.py: minutes of shots
    r"--scheduler",  # tests/sweeps/test_dask.py
    r"--submit|qsac (jobs|results)",  # with the fake vendor: tests/cli/test_submission.py
    r"my-pass|measure-early|blocks\.ir|qsac passes$",  # with that package: tests/extensions
    r"qsac import|even\.json|^qsac bind|--template",  # test_quoted_output.py
)
PAGES = ("command-line", "error-budget", "evolution", "estimate", "inspecting", "passes", "sweeps", "view")


SHORT = r"\1 --context 8,1e6 --dimension 4"


def lines(page: str) -> list[str]:
    """The commands of a page's blocks, without what a shell does with their output."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL | re.M)
    found = re.findall(r"^(?:\$ )?(qsac [a-z].*)$", "\n".join(blocks), re.MULTILINE)
    found = [re.sub(r"\s+(>|#).*", "", line) for line in found]
    return [line for line in found if not any(re.search(pattern, line) for pattern in ELSEWHERE)]


def one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What some commands set for their process is as before afterwards."""
    for name in ("XLA_FLAGS", "JAX_PLATFORMS", *_VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def shorter(line: str) -> str:
    """A command of a page; in `make test` a drawing of estimates has the fewest, and none of some dozens of tokens: for
    these ladders are solved for."""
    return line if ALL else re.sub(r"(plot scaling \S+) --context \S+ --dimension \S+", SHORT, line)


def smaller_sweep(folder: Path, contexts: list[int]) -> None:
    """The plan of the examples, a copy of which is in a folder, is about fewer tokens in `make test`."""
    path = folder / "docs" / "examples" / "sweep.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    if not ALL:
        plan["axes"][0]["values"] = contexts
    path.write_text(json.dumps(plan), encoding="utf-8")


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """In `make test` sweeps of several processes are done in this one: tests/sweeps has real ones."""
    if not ALL:
        monkeypatch.setattr("qsac.sweeps.sweeping.Processes", lambda _jobs: Here())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the examples, and the files that pages speak of."""
    shutil.copytree(DOCS / "examples", tmp_path / "docs" / "examples")
    for name in ("tfim.json", "model.json"):
        shutil.copy(DOCS / "examples" / "tfim.json", tmp_path / name)
    smaller_sweep(tmp_path, [2])
    shutil.copy(tmp_path / "docs" / "examples" / "sweep.json", tmp_path / "sweep.json")
    np.save(tmp_path / "tokens.npy", np.random.default_rng(1).normal(size=(5, 4)))
    monkeypatch.chdir(tmp_path)
    one_thread_each(monkeypatch)
    for name, level in (("before", "0"), ("after", "2")):
        assert run(["compile", "tfim.json", "-q", "-O", level, "-o", f"{name}.qsac.json"]) == 0
        assert run(["compile", "tfim.json", "-q", "-O", level, "--emit", "ir", "-o", f"{name}.ir"]) == 0
    shutil.copy("after.qsac.json", "tfim.qsac.json")
    return tmp_path


def prepared(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a command makes must not stand there yet; what it draws from was printed by the one before."""
    if line.startswith("qsac init"):
        Path("model.json").unlink()
    if line.startswith("qsac plot result"):
        for name, options in (("shots", ["--shots", "2000"]), ("exact", [])):
            capsys.readouterr()
            assert run(["run", "tfim.qsac.json", *options, "--json"]) == 0
            Path(f"{name}.json").write_text(capsys.readouterr().out, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("folder", "short_search", "one_process")
def test_the_commands_of_a_page_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands = lines(page)
    assert commands
    for line in commands:
        prepared(line, capsys)
        allowed = (0, 1) if "--exit-code" in line else (0,)
        assert run(shlex.split(shorter(line).removeprefix("qsac "))) in allowed, line
