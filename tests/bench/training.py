"""Train what docs/training.md tells, and measure times: `python -m tests.bench.training` writes its tables.

Each section stands on the page between a marker of its name and the next `<!-- end -->`. Nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import measure
from tests.bench.trained import hardware, ising, layers, roll_out, speed, text, transformers
from tests.bench.trained.runs import Plan

PAGE = measure.ROOT / "docs" / "training.md"

SECTIONS = {
    "ising": ising,
    "roll-out": roll_out,
    "text": text,
    "transformers": transformers,
    "speed": speed,
    "layers": layers,
    "hardware": hardware,
}

PACKAGES = ("qsac", "numpy", "jax", "optax")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.training", description=__doc__)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="this section only; may be repeated")
    parser.add_argument("--seeds", type=int, help="seeds of each row (default: 8 of Ising trajectories, else fewer)")
    parser.add_argument("--quick", action="store_true", help="tiny models and few epochs; prints, writes nothing")
    parser.add_argument("--pennylane", type=Path, help="the Python of an environment with PennyLane (section speed)")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    parser.add_argument("--date", default=os.environ.get("BENCH_DATE"), help="the date to write (or BENCH_DATE)")
    parser.add_argument("--machine", default=os.environ.get("BENCH_MACHINE"), help="the machine (or BENCH_MACHINE)")
    return parser.parse_args()


def stamped(name: str, plan: Plan, stamp: str) -> str:
    """A section's tables, below what they were measured with."""
    load, start = measure.load(), time.process_time()
    content = SECTIONS[name].section(plan)
    spent = (time.process_time() - start) / 60
    said = f"{stamp}; load average {load:.1f} at the start, {max(1.0, spent):.0f} processor minutes."
    return f"{said}\n\n{content.strip()}\n"


def replaced(page: str, name: str, content: str) -> str:
    """The page with other content between the marker of a section and the end."""
    head, marker, rest = page.partition(f"<!-- measured: {name} -->\n")
    _, end, tail = rest.partition("<!-- end -->")
    if not marker or not end:
        raise SystemExit(f"the page has no place for the section {name}")
    return f"{head}{marker}{content}{end}{tail}"


def main() -> None:
    options = arguments()
    from qsac.sweeps.threads import one_thread

    one_thread()
    plan = Plan(options.seeds, options.quick, options.pennylane)
    date = options.date or datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version}" for name, version in measure.versions(PACKAGES).items())
    stamp = f"{date}; {options.machine or measure.machine()}; {versions}"
    for name in options.only or SECTIONS:
        content = stamped(name, plan, stamp)
        if options.quick:
            print(content)
            continue
        page = options.output.read_text(encoding="utf-8")  # anew: another section may have been written meanwhile
        options.output.write_text(replaced(page, name, content), encoding="utf-8")
        print(f"wrote {name} into {options.output}")


if __name__ == "__main__":
    main()
