"""Kills with SIGKILL, at random times and at random lines of the code that writes."""

import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from qsac.files import writing
from tests.soak.kinds import KINDS, TRACED, Kind, enter, turns

FAILED = 3
"""Exit code of a child that found something wrong."""


@dataclass
class Tally:
    """``left``: after how many kills something had to be tidied up; ``wrong``: what did not hold."""

    kills: int = 0
    at_a_line: int = 0
    left: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill(name: str, kills: int, seed: int, log: Path) -> Tally:
    """Kill a kind of process ``kills`` times, and look at what it left.

    Half of the kills fall at a time, half at a line; half of either with files without names, half as on a system that
    has none.
    """
    tally, began = Tally(), time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        enter(Path(temporary, "work"))
        with _Quiet(log):
            kind = KINDS[name](Path.cwd())
            spans = {plain: _spans(kind, plain, log) for plain in {_is_plain(number) for number in range(kills)}}
        for number in range(kills):
            _one(kind, number, random.Random(f"{seed} {name} {number}"), spans, log, tally)
        os.chdir("/")
    tally.seconds = time.perf_counter() - began
    return tally


def _is_plain(number: int) -> bool:
    """Whether a kill falls while files are written as on a system that has none without names."""
    return not number & 2


def _one(
    kind: Kind, number: int, dice: random.Random, spans: dict[bool, tuple[float, int]], log: Path, tally: Tally
) -> None:
    """One kill, one more run, and what holds after either."""
    at_line, plain = not number & 1, _is_plain(number)
    seconds, lines = spans[plain]
    line = dice.randrange(1, lines) if at_line else 0
    after = None if at_line else dice.uniform(0, seconds)
    name = type(kind).__name__
    code = _child(partial(_repeat, kind, number, plain, line), log, after)
    if code != -signal.SIGKILL:
        tally.wrong.append(f"{name} {number}: it ended by itself, with {code}")
    tally.kills += 1
    tally.at_a_line += at_line
    tally.left += kind.left() > 0
    steps = {"when killed": kind.check, "one more run": partial(kind.again, number), "after it": kind.check_all}
    for what, step in steps.items():
        if _child(step, log):
            tally.wrong.append(f"{name} {number}, {what}: see {log}")


def _repeat(kind: Kind, start: int, plain: bool, line: int) -> None:
    """Do what is killed until it is; at the given line of the code that writes, if there is one."""
    _choose(plain)
    if line:
        _count_lines(line)
    for turn in turns(start):
        kind.once(turn)


def _choose(plain: bool) -> None:
    """Write with files without names, or as on a system that has none."""
    if plain:
        writing._without_name = lambda _folder, _mode: None  # type: ignore[assignment]


def _spans(kind: Kind, plain: bool, log: Path) -> tuple[float, int]:
    """Seconds and lines of the code that writes that six turns take, measured in a child."""
    reader, writer = os.pipe()

    def measure() -> None:
        _choose(plain)
        counted = _count_lines(0)
        start = time.perf_counter()
        for turn in range(6):
            kind.once(turn)
        os.write(writer, f"{time.perf_counter() - start} {counted[0]}".encode())

    if _child(measure, log):
        raise RuntimeError(f"an undisturbed run failed: see {log}")
    seconds, lines = os.read(reader, 1000).split()
    os.close(reader)
    os.close(writer)
    return float(seconds), int(lines)


def _count_lines(last: int) -> list[int]:
    """Count the lines that are run in the modules that write; at the ``last`` of them this process kills itself."""
    counted = [0]

    def local(_frame: FrameType, event: str, _value: Any) -> Callable[..., Any]:
        if event == "line":
            counted[0] += 1
            if counted[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    sys.settrace(lambda frame, _event, _value: local if frame.f_code.co_filename in TRACED else None)
    return counted


def _child(work: Callable[[], None], log: Path, after: float | None = None) -> int:
    """Do something in a child, which is killed ``after`` some seconds if they are given, and return its exit code."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = FAILED
        try:
            with _Quiet(log):
                work()
            code = 0
        except BaseException:
            with log.open("a") as stream:
                traceback.print_exc(file=stream)
        os._exit(code)
    if after is not None:
        time.sleep(after)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class _Quiet:
    """What is printed goes to a file."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def __enter__(self) -> None:
        self.kept = [os.dup(1), os.dup(2)]
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for place, handle in enumerate(self.kept, start=1):
            os.dup2(handle, place)
            os.close(handle)
