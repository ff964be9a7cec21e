"""Jobs through both sides: what each makes of every model, and where the two differ."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

from tests.replay.compare import Answer, Difference, changed_count, compare, is_worse
from tests.replay.plan import Job, Step
from tests.replay.renames import Renames
from tests.replay.sides import Side, commit_of, copy_tree, extract

Pairs = list[tuple[Answer, Answer]]
"""What the commit and the working tree answered to each step of a job."""

_CRASHES = (70, -1)
"""Exit codes of bugs, which the command line reports as such or which get past it."""
_SEEDS = {"commit": 1, "working tree": 2}


@dataclass(frozen=True)
class Found:
    """What came of a job: the kinds of its outputs, with whether both sides refused, and what differs.

    ``texts`` holds what both sides wrote, for the steps that differ; ``crashes`` what they say where both have a bug;
    ``gains`` the counts that became smaller, where counts are compared.
    """

    job: Job
    kinds: list[tuple[str, bool]] = field(default_factory=list)
    differences: list[tuple[Step, Difference]] = field(default_factory=list)
    texts: dict[Step, tuple[str, str]] = field(default_factory=dict)
    crashes: list[tuple[Step, str]] = field(default_factory=list)
    gains: list[tuple[Step, Difference]] = field(default_factory=list)


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
    gains: int = 0

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
        self.gains += len(found.gains)


class Lane:
    """A process of either side, which do the same jobs: at the same time, or with ``alternate`` one after the other."""

    def __init__(self, base: Side, tree: Side, alternate: bool) -> None:
        self.base, self.tree, self.alternate = base, tree, alternate

    def do(self, job: Job, renames: Renames) -> Pairs:
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


def answers(
    root: Path, base: str, jobs: Iterable[Job], renames: Renames, processes: int
) -> Generator[tuple[Job, Pairs], None, None]:
    """Do jobs with the commit ``base`` and with the working tree in the folder ``root``, in the order of their ends.

    Raises :class:`~tests.replay.sides.ReplayError` if there is no such commit, or a side does not run.
    """
    commit = commit_of(root, base)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="qsac-replay-", ignore_cleanup_errors=True))
        )
        folders = {"commit": folder / "commit", "working tree": folder / "tree"}
        extract(root, commit, folders["commit"])
        renames.carry_out(folders["commit"])
        copy_tree(root, folders["working tree"])
        lanes = [_lane(folders, folder, number, processes, stack) for number in range(max(1, processes // 2))]
        for lane in lanes:
            lane.base.check()
            lane.tree.check()
        yield from _shared(lanes, jobs, renames)


def _lane(folders: dict[str, Path], folder: Path, number: int, processes: int, stack: ExitStack) -> Lane:
    sides = []
    for name, code in folders.items():
        side = Side(name, code, folder / f"{code.name}-{number}", _SEEDS[name])
        stack.callback(side.stop)
        sides.append(side)
    return Lane(sides[0], sides[1], alternate=processes == 1)


def _shared(lanes: list[Lane], jobs: Iterable[Job], renames: Renames) -> Iterator[tuple[Job, Pairs]]:
    """Share the jobs out over the lanes, a thread for each."""
    waiting, lock = iter(jobs), threading.Lock()
    done: SimpleQueue[tuple[Job, Pairs] | BaseException | None] = SimpleQueue()

    def work(lane: Lane) -> None:
        try:
            while True:
                with lock:
                    job = next(waiting, None)
                if job is None:
                    break
                done.put((job, lane.do(job, renames)))
            done.put(None)
        except BaseException as error:  # the thread that waits raises it
            done.put(error)

    for lane in lanes:
        threading.Thread(target=work, args=(lane,), daemon=True).start()
    running = len(lanes)
    while running:
        answer = done.get()
        if isinstance(answer, BaseException):
            raise answer
        if answer is None:
            running -= 1
        else:
            yield answer


def restricted(jobs: Iterable[Job], only: str | None) -> Iterator[Job]:
    """The jobs with the steps of a kind, and the templates that bindings are made of; those without any left out."""
    for job in jobs:
        kinds = {step.kind for step in job.steps}
        if only is None:
            yield job
        elif only in kinds:
            needed = {only, "template"} if only == "binding" else {only}
            yield replace(job, steps=tuple(step for step in job.steps if step.kind in needed))


def judged(job: Job, pairs: Pairs, level: str, renames: Renames, only: str | None = None) -> Found:
    """The comparison of what both sides answered to a job."""
    found = Found(job)
    for step, (base, tree) in zip(job.steps, pairs, strict=True):
        if only not in (None, step.kind):
            continue
        found.kinds.append((step.kind, base.code != 0 and tree.code != 0))
        if base.code in _CRASHES and tree.code in _CRASHES:
            found.crashes.append((step, tree.error.strip().split("\n")[0]))
        by_count = level == "counts"
        difference = (
            changed_count(step.kind, base, tree) if by_count else compare(step.kind, base, tree, level, renames)
        )
        if by_count and difference is not None and not is_worse(difference):
            found.gains.append((step, difference))
        elif difference is not None:
            found.differences.append((step, difference))
            found.texts[step] = (base.text or base.error, tree.text or tree.error)
    return found
