"""Fuzz every kind of input: `python -m tests.fuzz` makes 100,000 of each (10,000 where something is compiled or
simulated), counts what they come to, and keeps the smallest input of every fault."""

from __future__ import annotations

import argparse
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz import starts
from tests.fuzz.contract import Example, Outcome, Tally, judged
from tests.fuzz.kinds import Kind, every_kind
from tests.fuzz.rounds import many
from tests.fuzz.scratch import remove_scratch

OUTPUT = Path(__file__).resolve().parents[2] / "build" / "fuzz"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, metavar="N", help="inputs of each kind, in place of its own number")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs (default 0)")
    parser.add_argument("--only", action="append", metavar="KIND", choices=every_kind(), help="this kind only")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes at once (default 2)")
    parser.add_argument("--again", type=Path, metavar="FILE", help="feed the input that was kept in FILE once more")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="folder for inputs that are outside")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Whether everything was within the contract: 0, or 1."""
    options = arguments(given)
    with tempfile.TemporaryDirectory(prefix="qsac-fuzz-home-") as home:
        # Nothing may end in the user's own cache or journal.
        os.environ["QSAC_CACHE_DIR"], os.environ["QSAC_DATA_DIR"] = f"{home}/cache", f"{home}/data"
        # Qiskit routes in threads, which a forked process does not have.
        os.environ["QISKIT_IN_PARALLEL"] = "TRUE"
        try:
            return again(options.again) if options.again is not None else fuzz(options)
        finally:
            remove_scratch()


def fuzz(options: argparse.Namespace) -> int:
    starts.compiled(), starts.templates(), starts.words()  # once, not in every round's process
    shutil.rmtree(options.output, ignore_errors=True)
    print(f"seed {options.seed}, {options.jobs} processes at once")
    print(_row("kind", "inputs", "accepted", "exit 1", "exit 2", "exit 3", "exit 4", "outside", "minutes"))
    everything = {}
    for kind in every_kind().values():
        if options.only is None or kind.name in options.only:
            everything[kind.name] = tally = _fuzzed(kind, options)
            _keep(kind, tally, options.output)
    outside = sum(tally.outside for tally in everything.values())
    inputs = sum(tally.inputs for tally in everything.values())
    kept = f"; kept in {options.output}" if outside else ""
    print(f"\n{outside:,} of {inputs:,} inputs are outside the contract{kept}")
    return 1 if outside else 0


def _fuzzed(kind: Kind, options: argparse.Namespace) -> Tally:
    count = kind.many if options.examples is None else options.examples
    tally, start = Tally(), time.monotonic()
    for found in many(kind, count, options.seed, options.jobs):
        tally.merge(found)
        if sys.stderr.isatty():
            print(f"\r{kind.name}: {tally.inputs:,} of {count:,}, {tally.outside:,} outside", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    codes = (f"{tally.labels[f'exit {code}']:,}" for code in (1, 2, 3, 4))
    minutes = f"{(time.monotonic() - start) / 60:.1f}"
    print(_row(kind.name, f"{tally.inputs:,}", f"{tally.accepted:,}", *codes, f"{tally.outside:,}", minutes))
    special = {label: count for label, count in tally.labels.items() if label.partition(" ")[0] not in _ORDINARY}
    if special:
        print("  " + ", ".join(f"{label}: {count:,}" for label, count in sorted(special.items())))
    for fault, count in tally.faults.most_common():
        example, _, round_seed = tally.samples[fault]
        print(f"  {count:,} x {fault}\n    round's seed {round_seed}: {example!r}")
    sys.stdout.flush()
    return tally


_ORDINARY = {"exit", "outside", "accepted"}


def _row(name: str, *cells: str) -> str:
    return f"{name:<18}" + "".join(f"{cell:>10}" for cell in cells)


def _keep(kind: Kind, tally: Tally, folder: Path) -> None:
    """Of every fault the smallest input: its bytes, what went wrong, and a file for ``--again``."""
    for number, (fault, count) in enumerate(tally.faults.most_common(), start=1):
        example, outcome, seed = tally.samples[fault]
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{kind.name}-{number}"
        place.with_suffix(".input").write_bytes(example.data)
        place.with_suffix(".again").write_bytes(pickle.dumps((kind.name, example)))
        text = f"{count} inputs: {fault}\nround's seed {seed}\n{example!r}\n\n{outcome.detail}\n"
        place.with_suffix(".txt").write_text(text, encoding="utf-8", errors="backslashreplace")


def again(file: Path) -> int:
    """Feed one input again. The file is one that this program wrote: unpickling runs what it says."""
    name, example = pickle.loads(file.read_bytes())
    assert isinstance(example, Example)
    outcome: Outcome = judged(every_kind()[name].feed, example, measured=True)
    print(f"{example!r}\n{outcome.label} {outcome.fault}\n{outcome.detail}")
    return 1 if outcome.outside else 0


if __name__ == "__main__":
    sys.exit(main())
