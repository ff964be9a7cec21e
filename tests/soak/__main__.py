"""`make soak`: what is killed at random leaves nothing behind that one more run does not tidy up, and loses nothing."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # children are forks: no threads of libraries may run

from tests.soak.crowd import crowd  # noqa: E402
from tests.soak.kills import kill  # noqa: E402
from tests.soak.kinds import KINDS  # noqa: E402
from tests.soak.sweeps import swept  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kills in all (200)")
    parser.add_argument(
        "--only", choices=[*KINDS, "sweep", "dask"], help="kill this only, and leave the cache in peace"
    )
    parser.add_argument("--processes", type=int, default=8, help="processes on one cache (8)")
    parser.add_argument("--operations", type=int, default=10_000, help="operations on it in all (10,000)")
    parser.add_argument("--tasks", type=int, default=500, help="tasks of a sweep that is killed (500)")
    parser.add_argument("--sweep-kills", type=int, default=10, help="how often it is killed (10)")
    parser.add_argument("--seed", type=int, default=None, help="seed of times, lines and operations (random)")
    asked = parser.parse_args()
    seed = int.from_bytes(os.urandom(4)) if asked.seed is None else asked.seed
    log = Path(tempfile.gettempdir(), f"qsac-soak-{seed}-{os.getpid()}.log")
    print(f"seed {seed}", flush=True)
    print(f"{'killed':<10}{'kills':>6}{'at a line':>11}{'left something':>16}{'wrong':>7}{'seconds':>9}")
    wrong = []
    kinds = list(KINDS) if asked.only is None else [one for one in KINDS if one == asked.only]
    for place, name in enumerate(kinds):
        share = asked.kills // len(kinds) + (place < asked.kills % len(kinds))
        told = kill(name, share, seed, log)
        wrong += told.wrong
        line = f"{name:<10}{told.kills:>6}{told.at_a_line:>11}{told.left:>16}{len(told.wrong):>7}{told.seconds:>9.1f}"
        print(line, flush=True)
    if asked.only is None:
        found = crowd(asked.processes, asked.operations, seed)
        wrong += found.wrong
        print(
            f"{asked.processes} processes, {asked.operations:,} operations on one cache: {found.reads:,} reads "
            f"({found.hits:,} hits), {found.writes:,} writes, {found.cleared:,} times cleared, "
            f"{len(found.wrong)} wrong, {found.seconds:.1f} s"
        )
    for name, on in (("sweep", "processes"), ("dask", "Dask")):
        if asked.only in (None, name):
            wrong += _sweep(asked, seed, log, on)
    for message in wrong:
        print(f"wrong: {message}")
    if not wrong:
        log.unlink(missing_ok=True)
    return 1 if wrong else 0


def _sweep(asked: argparse.Namespace, seed: int, log: Path, on: str) -> list[str]:
    """Kill a sweep, and say in a line what became of it. What is wrong with it."""
    sweep = swept(asked.tasks, asked.sweep_kills, seed, log, on)
    print(
        f"a sweep of {sweep.tasks:,} tasks ({sweep.refused:,} refused) on {on}, killed {sweep.kills:,} times "
        f"({sweep.drivers:,} times its driver, {sweep.spooled:,} records then in the spool): "
        f"{len(sweep.wrong)} wrong, {sweep.seconds:.1f} s",
        flush=True,
    )
    return [f"sweep on {on}: {message}" for message in sweep.wrong]


if __name__ == "__main__":
    sys.exit(main())
