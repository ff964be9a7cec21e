"""The command line, in this process: whatever file it is given, its exit code is one of the contract's, and what it
prints cannot steer a terminal."""

from __future__ import annotations

import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qsac.cli.main import run
from tests.fuzz import artifacts, counts, journals, machines, models, programs, starts, templates
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.scratch import scratch

CODES = {0: "accepted", 1: "exit 1", 2: "exit 2", 3: "exit 3", 4: "exit 4"}
WIDEST = 64
"""Qubits of a machine that commands compile for here: routing through thousands takes its time, rightly."""


@dataclass(frozen=True)
class Command:
    """Arguments, with FILE for the fuzzed file and other capitals for whole ones; ``make`` makes the fuzzed one, which
    is given the name ``suffix`` ends."""

    arguments: tuple[str, ...]
    make: Callable[[Pick], Example]
    suffix: str


COMMANDS = (
    Command(("check", "FILE", "--metrics"), models.make, ".json"),
    Command(("check", "FILE", "--metrics", "--json"), models.make, ".json"),
    Command(("estimate", "FILE", "--target", "h1"), models.make, ".json"),
    Command(("compile", "FILE", "--target", "h1", "-O", "1", "--no-cache", "-o", "OUT"), models.make, ".json"),
    Command(("run", "FILE", "--shots", "50", "--no-cache", "--json"), models.transformer, ".json"),
    Command(("generate", "FILE", "--prompt", "a", "--steps", "2", "--no-cache"), models.transformer, ".json"),
    Command(("generate", "FILE", "--prompt", "0 1", "--steps", "1", "--greedy", "--json"), models.transformer, ".json"),
    Command(("run", "FILE"), artifacts.make, ".qsac.json"),
    Command(("run", "FILE", "--target", "statevector", "--json"), artifacts.make, ".qsac.json"),
    Command(("run", "FILE", "--target", "statevector", "--shots", "100"), artifacts.make, ".qsac.json"),
    Command(("interpret", "FILE", "COUNTS"), artifacts.make, ".qsac.json"),
    Command(("interpret", "ARTIFACT", "FILE"), counts.make, ".json"),
    Command(("verify", "FILE"), artifacts.make, ".qsac.json"),
    Command(("bind", "FILE", "-o", "OUT"), templates.make, ".qsac-template.json"),
    Command(("opt", "FILE", "-O", "2", "--lower", "--target", "h1", "-v"), programs.make, ".ir"),
    Command(
        ("opt", "FILE", "--passes", "default,-merge-rotations", "--print-after-change", "--elide-tables"),
        programs.make,
        ".ir",
    ),
    # Not `results`, nor `run --submit`: where there is a login, these ask the vendor.
    Command(("jobs",), journals.rows, "/jobs.sqlite"),
    Command(("jobs", "--json"), journals.rows, "/jobs.sqlite"),
    Command(("jobs",), journals.damaged, "/jobs.sqlite"),
    Command(("compile", "MODEL", "--target", "FILE", "-O", "0", "--no-cache", "-o", "OUT"), machines.make, ".json"),
    Command(("estimate", "MODEL", "--target", "FILE"), machines.make, ".json"),
)


@dataclass(frozen=True)
class Facts:
    """Which command, and which compiled program the counts are of."""

    command: int
    program: int


def make(pick: Pick) -> Example:
    index = pick(len(COMMANDS))
    example = COMMANDS[index].make(pick)
    program = example.facts[0] if isinstance(example.facts, tuple) else 0
    start = f"{COMMANDS[index].arguments[0]} {example.start}"
    return Example(start, example.data, example.edits, Facts(index, program))


def folder() -> Path:
    return _filled(scratch("commands"))


@functools.cache
def _filled(place: Path) -> Path:
    for index, compiled in enumerate(starts.compiled()):
        (place / f"artifact-{index}.qsac.json").write_text(compiled.to_json(), encoding="utf-8")
    (place / "model.json").write_text(json.dumps(starts.MODELS["single"]), encoding="utf-8")
    bits = len(starts.compiled()[0].circuits[0].bits)
    (place / "counts.json").write_text(json.dumps({"0" * bits: 5}), encoding="utf-8")
    return place


def feed(example: Example) -> str:
    command, place = COMMANDS[example.facts.command], folder()
    file = Path(f"{place}/fuzzed{command.suffix}")
    file.parent.mkdir(exist_ok=True)
    for leftover in file.parent.glob(f"{file.name}-*"):
        leftover.unlink()  # what SQLite keeps next to a database belongs to the one before
    file.write_bytes(example.data)
    if command.arguments[2:4] == ("--target", "FILE") and _too_wide(example.data):
        return "accepted, not compiled"
    names = {
        "FILE": str(file),
        "OUT": str(place / "out.qsac.json"),
        "MODEL": str(place / "model.json"),
        "COUNTS": str(place / "counts.json"),
        "ARTIFACT": str(place / f"artifact-{example.facts.program}.qsac.json"),
    }
    code, printed = run_here([names.get(argument, argument) for argument in command.arguments], file.parent)
    if code not in CODES:
        raise WrongError(f"exit {code}: {last_line(printed)}")
    if steering := {character for character in printed if not character.isprintable()} - {"\n"}:
        raise WrongError(f"what is printed is not printable: {sorted(map(ascii, steering))}")
    if code and not (printed.strip() if code == 1 else "error:" in printed):
        raise WrongError(f"exit {code} without a word")
    if "Traceback" in printed:
        raise WrongError("a traceback is printed")
    return CODES[code]


def _too_wide(data: bytes) -> bool:
    try:
        return int(json.loads(data)["qubits"]) > WIDEST
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return False


def last_line(printed: str) -> str:
    lines = [line for line in printed.splitlines() if "error" in line]
    return (lines or [""])[-1][:80]


def run_here(arguments: list[str], data: Path) -> tuple[int, str]:
    """The exit code, and everything that was printed. ``data`` is the folder of the journal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    with _streams(stream, {"QSAC_DATA_DIR": str(data), "QSAC_DEBUG": None}):
        code = run(arguments)
        stream.flush()
    shown: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return code, shown.decode("utf-8", "surrogateescape")


@contextmanager
def _streams(stream: io.TextIOWrapper, variables: dict[str, str | None]) -> Iterator[None]:
    """Standard output and standard error go into one stream; environment variables are set, or are not there."""
    before, kept = (sys.stdout, sys.stderr), {name: os.environ.get(name) for name in variables}
    sys.stdout, sys.stderr = stream, stream
    _set(variables)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _set(kept)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


KINDS = (Kind("commands", 75, SOME, make, feed, {"accepted": 0.1}),)
