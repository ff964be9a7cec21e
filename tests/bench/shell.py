"""What a user waits for at the shell."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.measure import ROOT
from tests.bench.plan import Plan
from tests.bench.table import seconds, table


def _command() -> list[str]:
    """The installed command, or the module where there is none."""
    installed = Path(sys.executable).with_name("qsac")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "qsac.cli.main"]


def _row(arguments: list[str], shown: str, repeats: int) -> list[str]:
    walls, processor = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for run in range(repeats + 1):
        if run == 1:
            # The first run fills the disk's cache and writes compiled modules.
            walls, processor = [], resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        process = subprocess.run([*_command(), *arguments], cwd=ROOT, capture_output=True, text=True)
        walls.append(time.perf_counter() - start)
        if process.returncode:
            return [shown, f"exit {process.returncode}: {process.stderr.strip().splitlines()[-1][:80]}", "", ""]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - processor.ru_utime - processor.ru_stime
    return [shown, seconds(median(walls)), seconds(min(walls)), seconds(used / repeats)]


def section(plan: Plan) -> str:
    repeats = 2 if plan.quick else 2 * plan.repeats
    plan.say("shell")
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "tfim.qsac.json")
        compile_ = ["compile", "docs/examples/tfim.json", "--target", "h1", "-o", output]
        lines = [
            _row(["--help"], "`qsac --help`", repeats),
            _row(compile_, f"`qsac {' '.join([*compile_[:-1], 'FILE'])}`", repeats),
        ]
    header = ["", "median s", "least s", "processor s"]
    return INTRODUCTION.format(repeats=repeats) + "\n" + table(header, lines)


INTRODUCTION = """\
## At the shell

A process from its start to its end, imports and (for `compile`) verification included; {repeats} runs after a first one
that is not counted.
"""
