"""Measure counts and times: `python -m tests.bench` writes docs/benchmarks.md. Nothing here asserts a time."""

from __future__ import annotations

import argparse
import os
import re
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    attention_loaders,
    binding,
    counts,
    coupling,
    hosts,
    measure,
    page,
    programs,
    pruning,
    scaling,
    shell,
    shots,
    simulators,
    states,
    steps,
    summary,
    times,
    transformer,
)
from tests.bench.cases import SEED
from tests.bench.plan import Plan
from tests.bench.reading import sections_of

SECTIONS = {
    "counts": counts,
    "states": states,
    "hosts": hosts,
    "loaders": attention_loaders,
    "transformer": transformer,
    "steps": steps,
    "programs": programs,
    "coupling": coupling,
    "pruning": pruning,
    "shots": shots,
    "times": times,
    "binding": binding,
    "simulators": simulators,
    "shell": shell,
    "page": page,
    "scaling": scaling,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="the smallest cases only, in a minute; prints, writes nothing"
    )
    size.add_argument("--full", action="store_true", help="ten minutes for each run of a baseline, and T = 4096")
    parser.add_argument("--limit", type=float, help="seconds for one run of a baseline")
    parser.add_argument(
        "--only",
        choices=[*SECTIONS, "summary"],
        action="append",
        help="this section only; the others stay as written, and the summary says what all of them do",
    )
    parser.add_argument("-o", "--output", type=Path, default=measure.ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--date", default=os.environ.get("BENCH_DATE"), help="the date to write (or BENCH_DATE)")
    parser.add_argument("--machine", default=os.environ.get("BENCH_MACHINE"), help="the machine (or BENCH_MACHINE)")
    return parser.parse_args()


def measured(name: str, plan: Plan, stamp: str) -> str:
    """A section's text, with what it was measured with after its title."""
    load, start = measure.load(), time.perf_counter()
    title, _, text = SECTIONS[name].section(plan).partition("\n")
    minutes = (time.perf_counter() - start) / 60
    return f"{title}\n\n{stamp}; load average {load:.1f} at the start, {max(1, minutes):.0f} min.\n{text}"


def folded(section: str) -> str:
    """A section whose text is below a fold, its inner headings as bold lines: an element cannot hold half a section."""
    title, _, text = section.partition("\n")
    if FOLD in text:
        return section
    text = re.sub(r"^####? (.+)$", r"**\1**", text.strip("\n"), flags=re.MULTILINE)
    return f"{title}\n\n{FOLD}\n\n{text}\n\n</details>\n"


def written_page(sections: str) -> str:
    """The page of folded sections, with its summary."""
    return "\n".join([HEADING, summary.section(f"\n{sections}"), sections])


FOLD = "<details>\n<summary>Method, versions and tables</summary>"


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
    date = options.date or datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version}" for name, version in measure.versions().items())
    stamp = f"{date}; {options.machine or measure.machine()}; {versions}; token seed {SEED}"
    written = sections_of(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    found = []
    for name in SECTIONS:
        if name in (SECTIONS if options.only is None else options.only):
            found.append(measured(name, plan, stamp))
        elif (title := SECTIONS[name].INTRODUCTION.partition("\n")[0].removeprefix("## ")) in written:
            found.append(written[title])
    plan.say("")
    if options.quick:
        print("\n".join([HEADING, *(section.rstrip("\n") + "\n" for section in found)]), end="")
    else:
        rest = "\n".join(folded(section).rstrip("\n") + "\n" for section in found)
        options.output.write_text(written_page(rest), encoding="utf-8")
        summary.draw(rest, options.output.parent / "static")
        print(f"wrote {options.output}")


HEADING = """\
# Benchmarks

This page compares gates, depth, shots, time and memory with the published construction and with general compilers.

It is written by `make bench` (`python -m tests.bench`); `--only SECTION` measures one section again. All figures of a
section are from one run. Counts are reproducible from the seed with the versions given; times depend on the machine and
its load. Every figure of another compiler or library is that of a circuit that was simulated and computes the same.
"""


if __name__ == "__main__":
    main()
