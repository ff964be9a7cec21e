"""Jobs in processes of their own: killed at a limit, their time and peak memory measured where they run."""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

MEMORY_LIMIT = 12 << 30
"""Address space of a job, bytes: a baseline that needs more fails, and takes nothing else with it."""

FRAMEWORKS = ROOT / ".venv-frameworks" / "bin" / "python"
"""The environment of `make test-frameworks`, which has mqt.predictor, where it was made."""

PACKAGES = (
    *("numpy", "pytket", "pytket-quantinuum", "pytket-qiskit", "qiskit", "qiskit-aer", "qiskit-ibm-runtime"),
    *("bqskit", "pennylane", "qclib"),
)


_RUNNING: set[int] = set()


def stop_all() -> None:
    """End every job that runs now."""
    for group in tuple(_RUNNING):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


@dataclass(frozen=True)
class Outcome:
    """What a job returned, or why there is nothing."""

    result: dict[str, Any] | None
    failure: str = ""


@dataclass(frozen=True)
class Timing:
    """Wall-clock and processor seconds: on a busy machine the first is above the second for one thread."""

    wall: float
    processor: float


def timed(action: Callable[[], Any]) -> tuple[Any, Timing]:
    wall, processor = time.perf_counter(), _processor()
    result = action()
    return result, Timing(time.perf_counter() - wall, _processor() - processor)


def _processor() -> float:
    """Processor seconds of this process, and of its own that have ended: BQSKit's works in others."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def middle(timings: list[Timing]) -> Timing:
    return Timing(median(one.wall for one in timings), median(one.processor for one in timings))


def peak_memory() -> int:
    """The most memory that this process had at once, bytes, imported libraries included."""
    # A child's ru_maxrss starts at what its parent had; the kernel's own figure is of this program alone.
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def run(job: str, limit: float, *, python: Path | None = None, **arguments: Any) -> Outcome:
    """Run ``job`` of :mod:`tests.bench.jobs` in a process of its own, at most ``limit`` seconds, by the interpreter of
    another environment if ``python`` names one."""
    with subprocess.Popen(
        [str(python or sys.executable), "-m", "tests.bench.jobs", job, json.dumps(arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        _RUNNING.add(process.pid)
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return Outcome(None, f"did not end in {limit:g} s")
        finally:
            _RUNNING.discard(process.pid)
    if process.returncode:
        last = errors.strip().splitlines()[-1] if errors.strip() else f"exit {process.returncode}"
        missing = re.match(r"ModuleNotFoundError: No module named '(.*)'", last)
        return Outcome(None, f"not installed: {missing[1]}" if missing else f"failed: {last[:80]}")
    return Outcome(json.loads(output.splitlines()[-1]))


def versions(packages: Sequence[str] = ("qsac", *PACKAGES)) -> dict[str, str]:
    found = {"Python": platform.python_version()}
    with suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "rev-parse", "--short=10", "HEAD"]
        found["qsac at commit"] = subprocess.check_output(
            command, cwd=ROOT, text=True, stderr=subprocess.DEVNULL
        ).strip()
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def machine() -> str:
    """The processor, how many cores this process may use, and the memory."""
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {memory:.0f} GiB, {platform.system()}"


def load() -> float:
    """Processes waiting for a processor, on average over the last minute."""
    return os.getloadavg()[0]
