"""`qsac sweep`: what it prints, and where it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qsac.cli.main import run
from qsac.sweeps.threads import _VARIABLES
from tests.sweeps.plans import PLAN, changed

ROOT = Path(__file__).parents[2]
LEVELS = {"field": "optimisation", "values": [0, 2]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a plan."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    for name in ("XLA_FLAGS", "JAX_PLATFORMS", *_VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # the command sets them for its process
    (tmp_path / "plan.json").write_text(json.dumps(changed(axes=[LEVELS], repeat=1)), encoding="utf-8")
    return tmp_path


def test_a_table_in_the_order_of_the_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "plan.json"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "twelve: 2 tasks, written to twelve.sweep"
    assert lines[1].split() == ["optimisation", "qubits", "two-qubit", "gates", "depth", "ESP"]
    assert [line.split()[0] for line in lines[3:]] == ["0", "2"]
    assert printed.err == ""
    rows = json.loads(Path("twelve.sweep/results.json").read_text())["rows"]
    assert [line.split()[2] for line in lines[3:]] == [str(row["result"]["two_qubit_gates"]) for row in rows]
    assert run(["sweep", "plan.json", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": "twelve.sweep",
        **json.loads(Path("twelve.sweep/results.json").read_text()),
    }
    assert len(Path("twelve.sweep/results.csv").read_text().splitlines()) == 3


def test_runs_estimates_and_repetitions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = {"shots": 100, "target": "aer"}
    Path("run.json").write_text(json.dumps(changed(action="run", axes=[], options=options, repeat=2)))
    assert run(["sweep", "run.json", "-o", "run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["seed", "loss"]
    assert len({line.split()[0] for line in lines[3:]}) == len({line.split()[1] for line in lines[3:]}) == 2
    axes = [{"field": "target", "values": ["h2", "h1"]}, {"field": "context", "values": ["1e6"]}]
    Path("estimate.json").write_text(json.dumps(changed(action="estimate", axes=axes, options={}, repeat=1)))
    assert run(["sweep", "estimate.json", "-o", "estimate"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[3:]] == [["h2", "1e6"], ["h1", "1e6"]]


def test_shards_and_their_collection(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    assert run(["sweep", "plan.json", "--shard", "1/2"]) == 0
    assert "of 12 tasks, shard 1/2, written to twelve.sweep" in capsys.readouterr().out
    assert run(["sweep", "plan.json", "--collect"]) == 2
    assert "[sweep.unfinished]" in capsys.readouterr().err
    assert run(["sweep", "plan.json", "--shard", "2/2"]) == 0
    assert run(["sweep", "plan.json", "--collect"]) == 0
    assert "twelve: 12 tasks" in capsys.readouterr().out
    assert run(["sweep", "plan.json", "--collect", "--shard", "1/2"]) == 2
    assert run(["sweep", "plan.json", "--shard", "3/2"]) == 2


def test_refused_tasks_are_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    degrees = {"field": "/attention/kernel/degree", "values": [1, -1, -2]}
    Path("plan.json").write_text(json.dumps(changed(axes=[degrees, LEVELS], repeat=1)), encoding="utf-8")
    assert run(["sweep", "plan.json"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("refused: field.out-of-range") == 4
    assert (
        printed.err
        == 'warning: 4 tasks refused: "degree" is too small [field.out-of-range]: /attention/kernel/degree\n'
    )
    degrees["values"] = [-1]
    Path("plan.json").write_text(json.dumps(changed(axes=[degrees, LEVELS], repeat=1)), encoding="utf-8")
    assert run(["sweep", "plan.json"]) == 2, "no task has a result"


def test_a_plan_that_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.json").write_text(json.dumps(changed(axes=[{"field": "/token", "values": 1}])), encoding="utf-8")
    assert run(["sweep", "plan.json"]) == 2
    printed = capsys.readouterr()
    assert "where:  plan.json /axes/0/values" in printed.err
    assert not Path("twelve.sweep").exists()


def test_ctrl_c_ends_it_and_the_same_command_goes_on(folder: Path) -> None:
    values = [[[1, 0], [1, number]] for number in range(1, 400)]
    plan = changed(axes=[{"field": "/tokens/values", "values": values}], repeat=1)
    Path("plan.json").write_text(json.dumps(plan), encoding="utf-8")
    command = [sys.executable, "-m", "qsac", "sweep", "plan.json", "-o", "out", "-q", "--jobs", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not Path("out/whole/journal.sqlite").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, said = process.communicate()
    assert process.returncode == 130
    told = [line for line in said.splitlines() if line]
    assert told == ["note: what is done is in out: the same command goes on with it", "interrupted"]
    assert not Path("out/results.json").exists()
    plan["axes"][0]["values"] = values[:3]
    Path("plan.json").write_text(json.dumps(plan), encoding="utf-8")
    assert run(["sweep", "plan.json", "-o", "out"]) == 0
