"""Jobs through both sides: what each makes of every model, and where the two differ."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

from tests.replay.compare import Answer, Difference, compare
from tests.replay.plan import Job, Step
from tests.replay.renames import Renames
from tests.replay.sides import Side, commit_of, copy_tree, extract

_SEEDS = {"commit": 1, "working tree": 2}


@dataclass(frozen=True)
class Found:
    """What came of a job: the kinds of its outputs, with whether both sides refused, and what differs.

    ``texts`` holds what both sides wrote, for the steps that differ.
    """

    job: Job
    kinds: list[tuple[str, bool]]
    differences: list[tuple[Step, Difference]]
    texts: dict[Step, tuple[str, str]]


@dataclass
class Row:
    """The outputs of one kind."""

    compared: int = 0
    alike: int = 0
    refused: int = 0


@dataclass
class Tally:
    """Figures of a replay, by kind and altogether."""

    kinds: dict[str, Row] = field(default_factory=dict)
    models: int = 0
    alike: int = 0
    differences: int = 0

    def add(self, found: Found) -> None:
        """Count a job."""
        for kind, refused in found.kinds:
            row = self.kinds.setdefault(kind, Row())
            row.compared += 1
            row.alike += 1
            row.refused += refused
        for step, _ in found.differences:
            self.kinds[step.kind].alike -= 1
        self.models += 1
        self.alike += not found.differences
        self.differences += len(found.differences)


class Lane:
    """A process of either side, which do the same jobs: at the same time, or with ``alternate`` one after the other."""

    def __init__(self, base: Side, tree: Side, alternate: bool) -> None:
        self.base, self.tree, self.alternate = base, tree, alternate

    def do(self, job: Job, renames: Renames) -> list[tuple[Answer, Answer]]:
        """What the commit and the working tree answer to each step."""
        steps = [asdict(step) for step in job.steps]
        old = [asdict(replace(step, arguments=tuple(renames.old_arguments(step.arguments)))) for step in job.steps]
        self.base.ask(job.files, old)
        if self.alternate:
            answers = self.base.answers()
            self.tree.ask(job.files, steps)
        else:
            self.tree.ask(job.files, steps)
            answers = self.base.answers()
        return list(zip(answers, self.tree.answers(), strict=True))


def replay(
    base: str, jobs: Iterable[Job], level: str, renames: Renames, processes: int, only: str | None = None
) -> Iterator[Found]:
    """Do the jobs with the commit ``base`` and with the working tree, and compare, in the order of the jobs' ends.

    Raises :class:`~tests.replay.sides.ReplayError` if there is no such commit, or a side does not run.
    """
    commit = commit_of(base)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="qsac-replay-", ignore_cleanup_errors=True))
        )
        folders = {"commit": folder / "commit", "working tree": folder / "tree"}
        extract(commit, folders["commit"])
        copy_tree(folders["working tree"])
        lanes = [_lane(folders, folder, number, processes, stack) for number in range(max(1, processes // 2))]
        for lane in lanes:
            lane.base.check()
            lane.tree.check()
        yield from _compared(lanes, jobs, level, renames, only)


def _lane(folders: dict[str, Path], folder: Path, number: int, processes: int, stack: ExitStack) -> Lane:
    sides = []
    for name, code in folders.items():
        side = Side(name, code, folder / f"{code.name}-{number}", _SEEDS[name])
        stack.callback(side.stop)
        sides.append(side)
    return Lane(sides[0], sides[1], alternate=processes == 1)


def _compared(
    lanes: list[Lane], jobs: Iterable[Job], level: str, renames: Renames, only: str | None
) -> Iterator[Found]:
    """Share the jobs out over the lanes, a thread for each."""
    waiting, lock = iter(jobs), threading.Lock()
    done: SimpleQueue[Found | BaseException | None] = SimpleQueue()

    def work(lane: Lane) -> None:
        try:
            while True:
                with lock:
                    job = next(waiting, None)
                if job is None:
                    break
                job = _restricted(job, only)
                if job.steps:
                    done.put(_found(job, lane.do(job, renames), level, renames, only))
            done.put(None)
        except BaseException as error:  # the thread that waits raises it
            done.put(error)

    for lane in lanes:
        threading.Thread(target=work, args=(lane,), daemon=True).start()
    running = len(lanes)
    while running:
        found = done.get()
        if isinstance(found, BaseException):
            raise found
        if found is None:
            running -= 1
        else:
            yield found


def _restricted(job: Job, only: str | None) -> Job:
    """The job with the steps that are compared, and the templates that bindings are made of."""
    if only is None:
        return job
    kept = tuple(step for step in job.steps if step.kind == only)
    if kept and only == "binding":
        kept = tuple(step for step in job.steps if step.kind in ("template", "binding"))
    return replace(job, steps=kept)


def _found(job: Job, pairs: list[tuple[Answer, Answer]], level: str, renames: Renames, only: str | None) -> Found:
    found = Found(job, [], [], {})
    for step, (base, tree) in zip(job.steps, pairs, strict=True):
        if only not in (None, step.kind):
            continue
        found.kinds.append((step.kind, base.code != 0 and tree.code != 0))
        difference = compare(step.kind, base, tree, level, renames)
        if difference is not None:
            found.differences.append((step, difference))
            found.texts[step] = (base.text or base.error, tree.text or tree.error)
    return found
