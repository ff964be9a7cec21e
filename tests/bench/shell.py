"""What a user waits for at the shell."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.measure import ROOT, timed
from tests.bench.plan import Plan
from tests.bench.table import seconds, table


def _command() -> list[str]:
    """The installed command, or the module where there is none."""
    installed = Path(sys.executable).with_name("qsac")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "qsac.cli.main"]


def _median(arguments: list[str], repeats: int) -> str:
    walls = []
    for _ in range(repeats + 1):
        process, seconds_taken = timed(
            lambda: subprocess.run([*_command(), *arguments], cwd=ROOT, capture_output=True, text=True)
        )
        if process.returncode:
            return f"exit {process.returncode}: {process.stderr.strip().splitlines()[0][:80]}"
        walls.append(seconds_taken.wall)
    # The first run fills the disk's cache and writes compiled modules.
    return f"{seconds(median(walls[1:]))} | {seconds(min(walls[1:]))}"


def section(plan: Plan) -> str:
    repeats = 2 if plan.quick else 2 * plan.repeats
    plan.say("shell")
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "tfim.qsac.json")
        compile_ = ["compile", "docs/examples/tfim.json", "--target", "h1", "-o", output]
        lines = [
            ["`qsac --help`", _median(["--help"], repeats), "0.3"],
            [f"`qsac {' '.join([*compile_[:-1], 'FILE'])}`", _median(compile_, repeats), "1.5"],
        ]
    return INTRODUCTION.format(repeats=repeats) + "\n" + table(["", "median s", "least s", "reach, s"], lines)


INTRODUCTION = """\
## At the shell

A process from its start to its end, imports and (for `compile`) verification included; {repeats} runs after a first one
that is not counted.
"""
