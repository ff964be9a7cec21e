"""A sweep whose driver and workers are killed, in processes or on Dask: it ends with what an undisturbed one has."""

import functools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import qsac
from tests.cli.conftest import SMALL

JOBS = 2
COMMANDS = {
    "processes": ("-m", "qsac", "sweep", "plan.json", "--jobs", str(JOBS), "-q", "-o"),
    "Dask": ("-m", "tests.soak.on_dask", "plan.json", str(JOBS)),
}
"""How a sweep is begun, up to the folder of its results. The cluster is one of the driver's, and ends with it."""
_PATIENCE = 300.0
"""Seconds after which a sweep that does nothing more is given up."""
_TRIES = 5
"""How often a sweep is begun that was done before it could be killed."""


@dataclass
class Swept:
    """``spooled``: how many records lay in the spool after kills of the driver; ``wrong`` is what did not hold."""

    kills: int = 0
    drivers: int = 0
    spooled: int = 0
    tasks: int = 0
    refused: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def plan_of(tasks: int) -> dict[str, Any]:
    """A plan of about so many tasks, a fifth of which is refused."""
    values = [1 + number / 100 for number in range(max(tasks // 10, 1))]
    axes = [
        {"field": "/tokens/values/3/1", "values": values},
        {"field": "/attention/kernel/degree", "values": [1, 2, 3, 4, -1]},
        {"field": "optimisation", "values": [0, 2]},
    ]
    return {"qsac_sweep": 1, "model": SMALL, "action": "compile", "axes": axes, "options": {"target": "h2"}}


def swept(tasks: int, kills: int, seed: int, log: Path, on: str = "processes") -> Swept:
    """Kill a sweep ``kills`` times: its driver and a worker by turns, when random numbers of its tasks are done. ``on``
    is one of :data:`COMMANDS`; the undisturbed one that it is compared with is in this process, once for both."""
    told, began, dice = Swept(), time.perf_counter(), random.Random(f"{seed} sweep")
    with tempfile.TemporaryDirectory() as temporary, log.open("ab") as stream:
        folder = Path(temporary)
        (folder / "plan.json").write_text(json.dumps(plan_of(tasks)), encoding="utf-8")
        number = len(plan_of(tasks)["axes"][0]["values"]) * 10
        if not any(_killed(_Killed(folder, stream, told, on), kills, number >> turn, dice) for turn in range(_TRIES)):
            told.wrong.append("it was always done before it was killed")
        undisturbed = _undisturbed(tasks)
        for name, content in undisturbed.items():
            killed = folder / "killed" / name
            if not killed.exists() or killed.read_bytes() != content:
                told.wrong.append(f"{name} differs from that of an undisturbed sweep")
        rows = json.loads(undisturbed["results.json"])["rows"]
        told.tasks, told.refused = len(rows), sum(row["state"] == "refused" for row in rows)
        if {row["state"] for row in rows} != {"done", "refused"}:
            told.wrong.append("tasks are in other states than done and refused")
        _check(folder / "killed", told, finished={row["key"] for row in rows})
    told.seconds = time.perf_counter() - began
    return told


@functools.cache
def _undisturbed(tasks: int) -> dict[str, bytes]:
    """What the same sweep writes that nobody kills."""
    with tempfile.TemporaryDirectory() as temporary:
        plan, out = Path(temporary, "plan.json"), Path(temporary, "undisturbed")
        plan.write_text(json.dumps(plan_of(tasks)), encoding="utf-8")
        qsac.sweep(str(plan), journal=out)
        return {name: (out / name).read_bytes() for name in ("results.json", "results.csv")}


def _killed(sweep: "_Killed", kills: int, number: int, dice: random.Random) -> bool:
    """Whether a sweep was killed so often, when at most four fifths of a ``number`` of its tasks were done, and then
    came to its end."""
    for turn, done in enumerate(sorted(dice.randrange(max(number * 4 // 5, 1)) for _ in range(kills))):
        if not sweep.kill(done, driver=not turn & 1, after=dice.uniform(0, 0.1)):
            return False
    sweep.finish()
    return True


class _Killed:
    """The sweep that is killed, begun from nothing."""

    def __init__(self, folder: Path, stream: Any, told: Swept, on: str) -> None:
        self._folder, self._stream, self._told, self._on = folder, stream, told, on
        self._out = folder / "killed"
        shutil.rmtree(self._out, ignore_errors=True)
        told.kills = told.drivers = told.spooled = 0
        self._driver = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        return _start(self._folder, "killed", self._stream, self._on)

    def kill(self, done: int, *, driver: bool, after: float) -> bool:
        """Kill the driver or a worker, some seconds after so many tasks are done. False: all were done before that."""
        self._wait(done)
        time.sleep(after)
        workers = children(self._driver.pid)
        while not driver and not (workers and self._is_up()) and self._driver.poll() is None:
            time.sleep(0.01)
            workers = children(self._driver.pid)
        if self._driver.poll() is not None:
            if self._driver.returncode:
                self._told.wrong.append(f"it ended by itself, with {self._driver.returncode}")
            return False
        self._told.kills += 1
        if not driver:
            with suppress(ProcessLookupError):
                os.kill(workers[0], signal.SIGKILL)
            return True
        self._told.drivers += 1
        self._driver.kill()
        self._driver.wait()
        if not _gone(workers):
            self._told.wrong.append("workers outlive their driver")
        _check(self._out, self._told)
        self._told.spooled += len(list(self._out.glob("whole/spool/*.json")))
        self._driver = self._started()
        return True

    def _is_up(self) -> bool:
        """Whether the driver's workers are its sweep's: a cluster that loses one while it begins does not begin."""
        up = self._folder / "killed.up"
        return self._on != "Dask" or (up.exists() and up.read_text(encoding="ascii") == str(self._driver.pid))

    def finish(self) -> None:
        """Let it come to its end."""
        if self._driver.wait():
            self._told.wrong.append(f"the sweep ended with {self._driver.returncode}")

    def _wait(self, done: int) -> None:
        until = time.monotonic() + _PATIENCE
        while self._driver.poll() is None and len(_journal(self._out)) < done:
            if time.monotonic() > until:
                self._told.wrong.append("the sweep does nothing more")
                return
            time.sleep(0.05)


def _start(folder: Path, out: str, stream: Any, on: str = "processes") -> "subprocess.Popen[bytes]":
    command = [sys.executable, *COMMANDS[on], out]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=stream, stderr=stream)


def _check(out: Path, told: Swept, finished: set[str] | None = None) -> None:
    """What holds at any time, and what in the end."""
    records = _journal(out)
    keys = [key for key, _ in records]
    if len(set(keys)) != len(keys):
        told.wrong.append("tasks are in the journal twice")
    if any(json.loads(text)["state"] == "failed" for _, text in records):
        told.wrong.append("a task failed because its worker was killed")
    if finished is None:
        return
    if set(keys) != finished:
        told.wrong.append("the journal has other tasks than the plan")
    left = [path.name for path in (out / "whole" / "spool").iterdir()]
    if left:
        told.wrong.append(f"left in the spool: {', '.join(left)}")


def _journal(out: Path) -> list[tuple[str, str]]:
    """The records that the journal has, none where there is no journal so far."""
    path = out / "whole" / "journal.sqlite"
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=30)
    try:
        return connection.execute("SELECT key, record FROM records").fetchall()
    except sqlite3.OperationalError:  # the table is not there so far
        return []
    finally:
        connection.close()


def children(pid: int) -> list[int]:
    """The workers of a driver: from /proc, as Linux has it."""
    return [worker for worker, parent in _spawned() if parent == pid]


def _spawned() -> Iterator[tuple[int, int]]:
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if b"spawn_main" in (place / "cmdline").read_bytes():
                    yield int(place.name), parent


def _gone(workers: list[int]) -> bool:
    """Whether processes end, some seconds later at most."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if not any(worker in workers for worker, _ in _spawned()):
            return True
        time.sleep(0.02)
    return False
