"""The folder of a sweep: a part for the whole, and one for each shard, so that shards on shared storage do not meet.

A part holds ``journal.sqlite`` and the folder ``spool``, where workers leave records, each renamed to its place once it
is whole. The driver moves them into the journal. So a driver that is killed at any moment loses no record that a worker
has left: it is in the spool or in the journal, and one that is in both is the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from qsac.errors import InvalidInputError, QsacError
from qsac.files.folders import unmade
from qsac.files.locks import locked
from qsac.files.source import read_file
from qsac.files.writing import LEFTOVER, remove_leftovers
from qsac.sweeps.journal import FILE, Journal
from qsac.sweeps.records import RECORD_BYTES, Record

WHOLE, SPOOL, LOCK = "whole", "spool", "lock"
RESULTS, TABLE = "results.json", "results.csv"
_PART = re.compile(r"whole|shard-[0-9]{1,6}-of-[0-9]{1,6}")
_SPOOLED = re.compile(r"([0-9a-f]{64})\.json")


class Part:
    """What one driver has of a sweep: the whole, or a shard."""

    def __init__(self, folder: Path, name: str = WHOLE) -> None:
        self.place = folder / name
        self.spool = self.place / SPOOL
        self.journal = Journal(self.place / FILE)

    def make(self) -> None:
        """Make the folders. Raises :class:`~qsac.errors.InvalidInputError`."""
        try:
            self.spool.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unmade(self.spool, "sweep", error) from None

    def spooled(self, key: str) -> Record | None:
        """The record that a worker left of a task."""
        try:
            return Record.read(read_file(self.spool / f"{key}.json", RECORD_BYTES, "record"), key)
        except QsacError:
            return None

    def collect(self) -> None:
        """Move what is in the spool into the journal. What is damaged is removed, and done again."""
        remove_leftovers(self.spool)
        keys = [found[1] for name in _names(self.spool) if (found := _SPOOLED.fullmatch(name))]
        for start in range(0, len(keys), 100):
            records = map(self.spooled, keys[start : start + 100])
            self.keep([record for record in records if record is not None])
        for key in keys:
            self._forget(key)

    def keep(self, records: Sequence[Record]) -> None:
        """Keep records for good: they are in the journal before they leave the spool."""
        self.journal.keep(records)
        for record in records:
            self._forget(record.key)

    def _forget(self, key: str) -> None:
        with suppress(OSError):
            (self.spool / f"{key}.json").unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the part: one driver has it at a time. The system releases it with the process, and gives it to no
        child. Raises :class:`~qsac.errors.InvalidInputError` where another one has it."""
        with locked(self.place / LOCK, os.O_RDWR | os.O_CREAT) as ours:
            if not ours:
                raise _in_use(self.place)
            yield


def _in_use(place: Path) -> InvalidInputError:
    return InvalidInputError(
        "another process sweeps in this folder",
        code="sweep.folder-in-use",
        source=str(place),
        help="wait for it, or choose another one by -o FOLDER",
    )


def check_own(folder: Path) -> None:
    """Refuse a folder with files that are no sweep's: results would be written beside them, or over them. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    if not folder.exists():
        return
    names = [name for name in _names(folder) if not LEFTOVER.fullmatch(name)]
    if names and not any(_PART.fullmatch(name) for name in names):
        raise InvalidInputError(
            "the folder holds something else than a sweep",
            code="sweep.other-folder",
            source=str(folder),
            wanted="an empty folder, or that of an earlier sweep",
            help="choose another one by -o FOLDER",
        )


def parts(folder: Path) -> list[Part]:
    """The parts that there are in a folder."""
    found = [Part(folder, name) for name in _names(folder) if _PART.fullmatch(name)]
    return [part for part in found if part.place.is_dir()]


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []
