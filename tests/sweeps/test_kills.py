"""What is killed loses nothing and doubles nothing: the driver, at any step, and its workers."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import qsac
from tests.soak.sweeps import children
from tests.sweeps.plans import PLAN, outputs, written

ROOT = Path(__file__).parents[2]

DRIVER = """
import os, signal, sys
from qsac.sweeps import folder, sweeping
from qsac.sweeps.folder import Part
from qsac.sweeps.journal import Journal

where, number, jobs, plan, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
counted = 0

def killing(owner, name, after):
    before = getattr(owner, name)
    def method(*arguments):
        global counted
        if not after:
            counted += 1
            if counted == number:
                os.kill(os.getpid(), signal.SIGKILL)
        found = before(*arguments)
        if after:
            counted += 1
            if counted == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(owner, name, method)

if __name__ == "__main__":
    if where == "before the journal":
        killing(Journal, "keep", after=False)
    elif where == "after the journal":
        killing(Part, "_forget", after=False)
    elif where == "before the results":
        killing(sweeping.SweepResult, "save", after=False)
    sweeping.sweep(plan, journal=out, jobs=jobs)
"""


def _driver(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    script = folder / "driver.py"
    script.write_text(DRIVER, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(script), *arguments], env=environment, cwd=folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """What an undisturbed sweep writes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    qsac.sweep(PLAN, journal=folder)
    return outputs(folder)


def _keys(out: Path) -> list[str]:
    with closing(sqlite3.connect(out / "whole" / "journal.sqlite")) as connection, connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM records")]
    connection.close()
    return keys


@pytest.mark.parametrize(
    ("where", "number", "kept"),
    [
        ("before the journal", 2, 1),  # the first call keeps the records of an empty spool
        ("before the journal", 7, 6),
        ("after the journal", 1, 1),
        ("after the journal", 12, 12),
        ("before the results", 1, 12),
    ],
)
def test_a_driver_that_is_killed(
    where: str,
    number: int,
    kept: int,
    tmp_path: Path,
    undisturbed: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, out = written(tmp_path), tmp_path / "out"
    assert _driver(tmp_path, where, str(number), "1", plan, str(out)).wait() == -signal.SIGKILL
    assert len(_keys(out)) == kept
    spooled = len(list((out / "whole" / "spool").glob("*.json")))
    assert spooled == (where != "before the results")
    done = []
    from qsac.sweeps import processes

    monkeypatch.setattr(processes, "work", lambda text, work=processes.work: done.append(text) or work(text))
    found = qsac.sweep(plan, journal=out)
    assert found.states() == {"done": 12}
    assert len(done) == 12 - kept - (where == "before the journal"), "what is in the spool is not done again"
    assert outputs(out) == undisturbed
    assert len(set(_keys(out))) == len(_keys(out)) == 12
    assert list((out / "whole" / "spool").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_that_are_killed_and_those_of_a_killed_driver(tmp_path: Path, undisturbed: tuple[bytes, bytes]) -> None:
    plan, out = written(tmp_path), tmp_path / "out"
    driver = _driver(tmp_path, "nowhere", "0", "2", plan, str(out))
    killed: set[int] = set()
    while driver.poll() is None and len(killed) < 2:
        for worker in children(driver.pid):
            if worker not in killed and len(killed) < 2:
                os.kill(worker, signal.SIGKILL)
                killed.add(worker)
        time.sleep(0.02)
    assert len(killed) == 2
    while driver.poll() is None and not (workers := set(children(driver.pid)) - killed):
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    while any(Path(f"/proc/{worker}").exists() for worker in workers):  # the test ends only if they do
        time.sleep(0.02)
    found = qsac.sweep(plan, journal=out, jobs=2)
    assert found.states() == {"done": 12}
    assert outputs(out) == undisturbed
    assert json.loads(outputs(out)[0])["rows"][0]["state"] == "done"
