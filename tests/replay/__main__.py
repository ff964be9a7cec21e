"""`make replay`: compile the same models with the working tree and with a commit, and compare all that is written.

By bytes: artifacts, templates, bindings, estimates and the other forms are the same texts but for the fields `digest`,
`producer` and `compiler`; so is what refused commands say. By meaning: circuits, maps, readouts and counts are the
same, with angles to 1e-9, and names are compared through the table in tests/replay/renames.py. By counts: every number
of two-qubit gates that changed is printed, and none may have grown."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # the two sides are what runs in parallel

from tests.replay.compare import LEVELS  # noqa: E402
from tests.replay.plan import KINDS, job  # noqa: E402
from tests.replay.renames import RENAMES  # noqa: E402
from tests.replay.replay import Found, Tally, answers, judged, restricted  # noqa: E402
from tests.replay.sides import ReplayError, commit_of, passes_of  # noqa: E402

ROOT = Path(__file__).parents[2]
_MOST_SHOWN = 60


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("--base", required=True, metavar="COMMIT", help="the commit to compare with")
    parser.add_argument("--models", type=int, default=300, metavar="N", help="how many models (300)")
    parser.add_argument("--number", type=int, action="append", metavar="K", help="the model of this number only")
    parser.add_argument("--level", choices=LEVELS, default="bytes", help="what has to be the same (bytes)")
    parser.add_argument("--only", choices=KINDS, help="compare this kind of output only")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes at a time (2: one for each side)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write both texts of every difference to a folder")
    asked = parser.parse_args(arguments)
    if asked.models < 1 or asked.jobs < 1:
        parser.error("--models and --jobs must be at least 1")
    return asked


def main(arguments: list[str] | None = None) -> int:
    """Replay, print what differs, and return 0 if nothing does, 1 if something does, 2 if it cannot be done."""
    asked = _arguments(arguments)
    numbers = asked.number if asked.number else range(asked.models)
    began = time.perf_counter()
    tally = Tally()
    try:
        jobs = restricted(map(job, numbers), asked.only)
        renames = RENAMES.of_passes(passes_of(ROOT, commit_of(ROOT, asked.base)), passes_of(ROOT))
        with closing(answers(ROOT, asked.base, jobs, renames, asked.jobs)) as both:
            for one, pairs in both:
                found = judged(one, pairs, asked.level, renames, asked.only)
                tally.add(found)
                _show(found, tally, asked.keep)
    except ReplayError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    _print_table(tally, asked.level, time.perf_counter() - began)
    return 1 if tally.differences or not tally.models else 0


def _show(found: Found, tally: Tally, keep: Path | None) -> None:
    """Print the differences of a model as they are found."""
    for place, (step, difference) in enumerate(found.differences):
        if tally.differences - len(found.differences) + place < _MOST_SHOWN:
            print(f"{found.job.number} ({found.job.label}): {step.kind}: {difference}", flush=True)
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for side, text in zip(("base", "tree"), found.texts[step], strict=True):
                stem = f"{found.job.number}-{step.file or step.kind}"
                (keep / f"{stem}.{side}").write_text(text, encoding="utf-8")
    for step, gain in found.gains:
        print(f"{found.job.number} ({found.job.label}): {step.kind}: {gain}", flush=True)
    for step, said in found.crashes:
        print(f"{found.job.number} ({found.job.label}): {step.kind}: both sides have a bug: {said}", flush=True)
    if sys.stderr.isatty():
        print(f"\r{tally.models} models ", end="", file=sys.stderr, flush=True)


def _print_table(tally: Tally, level: str, seconds: float) -> None:
    if tally.differences > _MOST_SHOWN:
        print(f".. and {tally.differences - _MOST_SHOWN} more")
    print(f"{'kind':<12}{'compared':>10}{'alike':>8}{'refused':>10}")
    for kind in KINDS:
        row = tally.kinds.get(kind)
        if row is not None:
            print(f"{kind:<12}{row.compared:>10}{row.alike:>8}{row.refused:>10}")
    if level == "counts":
        print(f"{tally.gains} counts became smaller, {tally.differences} grew or ended otherwise")
    print(f"{tally.alike} of {tally.models} models alike by {level}, in {seconds:.0f} s")


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    sys.exit(main())
