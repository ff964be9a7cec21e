"""The soak in small: a kill of each kind, and two processes on one cache. `make soak` does more of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.cases import ALL
from tests.soak.kinds import KINDS

ROOT = Path(__file__).parent.parent.parent
SWEEP_KILLS = 2 if ALL else 1
"""The driver, then a worker: workers alone are killed in tests/sweeps, in processes and on Dask."""


def _soak(*arguments: str, program: tuple[str, ...] = ("-m", "tests.soak")) -> subprocess.CompletedProcess[str]:
    small = ["--kills", str(len(KINDS)), "--processes", "2", "--operations", "100"]
    small += ["--tasks", "20", "--sweep-kills", str(SWEEP_KILLS), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *program, *small], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_a_kill_of_each_kind_and_two_processes_on_one_cache() -> None:
    done = _soak()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"seed \d+\n", done.stdout)
    rows = [line.split() for line in done.stdout.splitlines()[2 : 2 + len(KINDS)]]
    assert [(row[0], row[1], row[4]) for row in rows] == [(name, "1", "0") for name in KINDS]
    assert "100 operations on one cache" in done.stdout
    assert ", 0 wrong, " in done.stdout
    for on in ("processes", "Dask"):
        told = (
            rf"a sweep of 20 tasks \(4 refused\) on {on}, killed {SWEEP_KILLS} times \(1 times its driver, .*: 0 wrong"
        )
        assert re.search(told, done.stdout), on


BROKEN = """
import runpy, sys
from qsac.files import writing

def soak():
    try:
        runpy.run_module("tests.soak", run_name="__main__")
    except SystemExit as exit:
        return exit.code

whole = writing.remove_leftovers
writing.remove_leftovers = lambda *_: None
broken = soak()
writing.remove_leftovers = whole
print("broken", broken, "whole", soak())
"""


def test_the_soak_finds_a_writer_that_does_not_tidy_up() -> None:
    done = _soak("--only", "outputs", "--kills", "16", "--seed", "1", program=("-c", BROKEN))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong: Outputs" in done.stdout
    assert done.stdout.splitlines()[-1] == "broken 1 whole 0"
