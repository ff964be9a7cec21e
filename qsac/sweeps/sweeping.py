"""A sweep as a whole: its tasks on an executor, each done once, however often the driver or its workers are killed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from qsac.arguments import callback, file_path, shown, whole_number
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files.limits import size
from qsac.progress import Progress
from qsac.sweeps.driving import Driver
from qsac.sweeps.folder import WHOLE, Part, check_own, parts
from qsac.sweeps.journal import is_final
from qsac.sweeps.plan import Tasks
from qsac.sweeps.processes import Foreign, Here, Pool, Processes, check_executor
from qsac.sweeps.reading import Given, read
from qsac.sweeps.records import Record
from qsac.sweeps.results import SweepResult
from qsac.sweeps.tasks import shard_of, text_of

RESULT_BYTES = 2 * 2**30
"""Most bytes of all records together, which are held in memory."""
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


def sweep(
    tasks: Given,
    executor: Executor | None = None,
    journal: str | os.PathLike[str] | None = None,
    *,
    jobs: int = 1,
    shard: str | tuple[int, int] | None = None,
    collect: bool = False,
    progress: Progress | None = None,
) -> SweepResult:
    """Do the tasks of a plan: the path of its file, the dictionary that the file would hold, or a list of tasks, each
    an object with ``action`` (compile, estimate, run), ``model``, and perhaps ``target`` and ``options``.

    ``executor`` is any :class:`concurrent.futures.Executor`: its workers are given texts and return texts, and need the
    same qsac. Without one ``jobs`` processes work, for 1 this process itself. ``journal`` is the folder of the sweep:
    what is in it is not done again, each result is in it as soon as it is known, and ``results.json`` and
    ``results.csv`` are written in the end. ``shard``, ``"I/N"`` or (I, N), does the tasks that fall to the shard I of N
    only, and writes no results; without it the results of all shards in the folder are gathered, and with ``collect``
    nothing is done that is missing.

    A task that is refused (:class:`~qsac.errors.QsacError` with the exit code 1, 2 or 3) has its error in its row, and
    is never tried again; one that failed is tried again by the next sweep. Rows are in the order of the plan, and the
    same whatever the executor. Raises :class:`~qsac.errors.QsacError` for a plan or folder that is not valid, or
    workers that cannot be used.
    """
    jobs = whole_number(jobs, "number of jobs", 1, 1024)
    callback(progress, "progress")
    chosen = None if shard is None else _shard(shard)
    _check_together(executor, journal, jobs, shard, collect)
    found = read(tasks)
    if journal is None:
        return _swept(found, None, executor, jobs, progress)
    folder = Path(file_path(journal, "folder of the sweep"))
    check_own(folder)
    part = Part(folder, WHOLE if chosen is None else f"shard-{chosen[0]}-of-{chosen[1]}")
    part.make()
    with ExitStack() as stack:
        stack.enter_context(part.locked())
        others = [] if chosen else [one for one in parts(folder) if one.place != part.place]
        for one in others:
            one.make()
            stack.enter_context(one.locked())
        known = _Known()
        for one in (part, *others):
            one.collect()
            for record in one.journal.records():
                known.add(record)
        result = _swept(found, part, executor, jobs, progress, known, chosen, collect)
        part.collect()  # what workers of an earlier driver have left since, on an executor that outlived it
        if chosen is None:
            result.save(folder)
    return result


def _check_together(executor: object, journal: object, jobs: int, shard: object, collect: bool) -> None:
    check_executor(executor, jobs)
    wrong = None
    if journal is None and (shard is not None or collect):
        wrong = "shards and their collection need the folder of a journal"
    elif shard is not None and collect:
        wrong = "a shard is done, and all of them are collected"
    if wrong:
        raise InvalidInputError(wrong, code="usage.invalid")


def _shard(given: str | tuple[int, int]) -> tuple[int, int]:
    """The number of a shard and how many there are."""
    pair: object = given
    if isinstance(given, str) and (match := _SHARD.fullmatch(given)):
        pair = (int(match[1]), int(match[2]))
    if isinstance(pair, tuple) and len(pair) == 2:
        shards = whole_number(pair[1], "number of shards", 1, 100_000)
        return whole_number(pair[0], "number of the shard", 1, shards), shards
    raise InvalidInputError(
        "the shard is invalid",
        code="option.wrong-type",
        found=shown(given),
        wanted="I/N, such as 2/8 for the second of eight",
    )


class _Known:
    """The records that there are, as texts: they take a tenth of the memory of what they say."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._final: set[str] = set()
        self._bytes = 0

    def add(self, record: Record) -> None:
        """Note a record: of several of a task one that is final."""
        if record.key in self._final:
            return
        self._bytes += len(record.text) - len(self.texts.get(record.key, ""))
        if self._bytes > RESULT_BYTES:
            raise DoesNotFitError(
                "the results of the sweep are too large to be gathered",
                code="sweep.result-too-large",
                wanted=f"at most {size(RESULT_BYTES)} in all",
                help="make several plans of it, in folders of their own",
            )
        self.texts[record.key] = record.text
        if is_final(record):
            self._final.add(record.key)

    def wanting(self, keys: Iterable[str]) -> list[str]:
        """The keys of tasks that are to be done."""
        return [key for key in keys if key not in self._final]


def _swept(
    tasks: Tasks,
    part: Part | None,
    executor: Executor | None,
    jobs: int,
    progress: Progress | None,
    known: _Known | None = None,
    shard: tuple[int, int] | None = None,
    collect: bool = False,
) -> SweepResult:
    """Do what is wanting, and return what there is."""
    known = known or _Known()
    places = {key: place for place, key in reversed(list(enumerate(tasks.keys)))}
    own = [key for key in places if shard is None or shard_of(key, shard[1]) == shard[0]]
    wanting = known.wanting(sorted(own, key=places.__getitem__))
    if wanting and collect:
        raise InvalidInputError(
            "the sweep is not finished",
            code="sweep.unfinished",
            found=f"{len(wanting):,} of {len(tasks):,} tasks are not done",
            help="do the shards that are missing, or leave out --collect",
        )
    turns = count()
    done, spool = len(own) - len(wanting), None if part is None else str(part.spool.absolute())

    def keep(records: Sequence[Record]) -> None:
        nonlocal done
        if part is not None:
            part.keep(records)
        for record in records:
            known.add(record)
        done += len(records)
        if progress is not None and records:
            progress(done, len(own), "sweeping")

    def text(key: str) -> str:
        return text_of({"task": tasks.task(places[key]), "key": key, "spool": spool, "turn": next(turns)})

    if wanting:
        pool = _pool(executor, min(jobs, len(wanting)))
        try:
            Driver(pool, text, keep, lambda key: None if part is None else part.spooled(key)).drive(wanting)
        finally:
            pool.close()
    return SweepResult(tasks.name, tasks.fields, tasks, known.texts)


def _pool(executor: Executor | None, jobs: int) -> Pool:
    if executor is not None:
        return Foreign(executor)
    return Processes(jobs) if jobs > 1 else Here()
