"""Measure counts and times: `python -m tests.bench` writes docs/benchmarks.md. Nothing here asserts a time."""

from __future__ import annotations

import argparse
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import binding, counts, measure, pruning, scaling, shell, times
from tests.bench.cases import SEED
from tests.bench.plan import Plan

SECTIONS = {
    "counts": counts.section,
    "pruning": pruning.section,
    "times": times.section,
    "binding": binding.section,
    "shell": shell.section,
    "scaling": scaling.section,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="the smallest cases only, in a minute; prints, writes nothing"
    )
    size.add_argument("--full", action="store_true", help="ten minutes for each run of a peer, and T = 4096")
    parser.add_argument("--limit", type=float, help="seconds for one run of a peer")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="this section only; prints, writes nothing")
    parser.add_argument("-o", "--output", type=Path, default=measure.ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--date", default=os.environ.get("BENCH_DATE"), help="the date to write (or BENCH_DATE)")
    parser.add_argument("--machine", default=os.environ.get("BENCH_MACHINE"), help="the machine (or BENCH_MACHINE)")
    return parser.parse_args()


def heading(date: str, machine: str, load: float, minutes: float) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in measure.versions().items())
    return HEADING.format(date=date, machine=machine, versions=versions, seed=SEED, load=load, minutes=minutes)


def stop(number: int, _frame: object) -> None:
    """Jobs have sessions of their own: a signal does not reach them by itself, nor does it end a waiting thread."""
    measure.stop_all()
    os._exit(128 + number)


def main() -> None:
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    plan = Plan(
        limit=options.limit or (600 if options.full else 10 if options.quick else Plan.limit),
        repeats=1 if options.quick else Plan.repeats,
        quick=options.quick,
    )
    load, start = measure.load(), time.perf_counter()
    chosen = options.only or list(SECTIONS)
    sections = [SECTIONS[name](plan) for name in chosen]
    plan.say("")
    minutes = (time.perf_counter() - start) / 60
    date = options.date or datetime.now(UTC).date().isoformat()
    text = "\n".join([heading(date, options.machine or measure.machine(), load, minutes), *sections])
    if options.quick or options.only:
        print(text, end="")
    else:
        options.output.write_text(text, encoding="utf-8")
        print(f"wrote {options.output}")


HEADING = """\
# Benchmarks

Written by `make bench` (`python -m tests.bench`), all figures in one run. Counts are reproducible from the seed with
the versions below; times depend on the machine and on what else it does.

{date}; {machine}; load average {load:.1f} at the start; {minutes:.0f} minutes. {versions}. Token seed {seed}.
"""


if __name__ == "__main__":
    main()
