"""The journal of a run: what each circuit gave, so that a run that was killed goes on where it was.

A folder with an SQLite file, whose records are those of sweeps. The first says what is run: the model, the target, the
options and qsac's own code; a journal of anything else is refused. Each other one has the outcomes of a circuit, under
the digest of that and of the circuit's path: the sample, the circuit's name, and the outcomes that its numbers follow
from. Classical steps are pure, and done again. So a run that goes on gives the same numbers, bit for bit.

The files may come from anywhere. A record that is damaged, or has another shape than the circuit's outcomes have,
counts as absent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from qsac.artifact.cache import key_of
from qsac.artifact.fingerprint import fingerprint
from qsac.errors import DoesNotFitError, InvalidInputError, printable
from qsac.families.outcome_texts import outcomes_from_json, outcomes_to_json
from qsac.families.outcomes import Outcomes
from qsac.files.database import data_path
from qsac.files.folders import make_folder, unmade
from qsac.files.limits import size
from qsac.files.locks import locked
from qsac.files.pointer import describe
from qsac.files.writing import LEFTOVER
from qsac.runtime.keeping import Wanted
from qsac.sweeps.journal import FILE, Journal
from qsac.sweeps.records import RECORD_BYTES, Record

RUNS = "runs"
"""The folder of the journals that are named after their runs, in the user's data folder."""

LOCK = "lock"

_OWN = {LOCK, *(FILE + ending for ending in ("", "-wal", "-shm", "-journal"))}
_HEAD = key_of(qsac_run=1)
"""The key of the record that says what is run."""

_DIGESTS = {
    "model": "another model",
    "program": "another compiled program",
    "inputs": "other inputs",
    "machine": "another description of the machine",
    "code": "another version of qsac, or of the libraries below it",
}
"""Facts of a run that are digests, and what is said where they differ."""

_VALUE_BYTES = 22
"""The most that the text of a journal takes for each value of an index: two numbers of 8 bytes in base 64."""

T = TypeVar("T")


def run_facts(**facts: Any) -> dict[str, Any]:
    """What a journal is of: ``facts``, JSON-ready, and this qsac."""
    return {**facts, "code": fingerprint()}


class RunJournal:
    """The journal of one run, held by this process; a :class:`~qsac.runtime.keeping.Keeper`. ``found`` counts what was
    in it already, ``taken`` what was not."""

    def __init__(self, journal: Journal, facts: Mapping[str, Any]) -> None:
        self._journal, self._run = journal, key_of(**facts)
        self.found = self.taken = 0

    def outcomes(self, path: Mapping[str, Any], wanted: Wanted, take: Callable[[], Outcomes]) -> Outcomes:
        """What a circuit gave. Raises :class:`~qsac.errors.DoesNotFitError` for an index that no record holds."""
        if wanted.values * _VALUE_BYTES > RECORD_BYTES:
            raise _too_large(f"an index of {wanted.values:,} values")
        return self._kept(path, lambda body: _outcomes(body, wanted), take, outcomes_to_json)

    def counts(
        self, path: Mapping[str, Any], wanted: Wanted, take: Callable[[], list[tuple[str, int]]]
    ) -> list[tuple[str, int]]:
        """The bit strings of a circuit, in their order, with their counts."""
        return self._kept({**path, "strings": True}, lambda body: _counts(body, wanted), take, _counts_body)

    def _kept(
        self,
        path: Mapping[str, Any],
        read: Callable[[dict[str, Any]], T | None],
        take: Callable[[], T],
        body: Callable[[T], dict[str, Any]],
    ) -> T:
        key = key_of(run=self._run, path=dict(path))
        record = self._journal.record(key)
        known = None if record is None or record.state != "done" else read(record.body)
        if known is not None:
            self.found += 1
            return known
        if record is not None:
            self._journal.drop(key)
        found = take()
        kept = Record(key, "done", body(found))
        if len(kept.text) > RECORD_BYTES:
            raise _too_large(f"{len(kept.text):,} bytes")
        self._journal.keep([kept])
        self.taken += 1
        return found


@contextmanager
def run_journal(folder: Path | None, facts: Mapping[str, Any]) -> Iterator[RunJournal]:
    """Hold the journal of the run of these :func:`run_facts` in ``folder``; without one it has a folder of its own
    among the user's data, which is removed once the run is over.

    Raises :class:`~qsac.errors.InvalidInputError` for a folder of something else or of another run, or one that another
    process runs in, and :class:`~qsac.errors.BackendError` for a file that cannot be used.
    """
    place = data_path(RUNS) / key_of(**facts) if folder is None else folder
    _made(place)
    with locked(place / LOCK, os.O_RDWR | os.O_CREAT) as ours:
        if not ours:
            raise InvalidInputError(
                "another process runs with this journal",
                code="run.journal-in-use",
                source=str(place),
                help="wait for it, or name another folder by --journal FOLDER",
            )
        journal = Journal(place / FILE)
        _check_run(journal, facts, place)
        yield RunJournal(journal, facts)
        if folder is None:
            with suppress(OSError):  # what stays is another run's, or found again by this one
                for name in _OWN:
                    (place / name).unlink(missing_ok=True)
                place.rmdir()


def _made(place: Path) -> None:
    """Make the folder of a journal, unless there is one, and refuse one that holds something else."""
    try:
        make_folder(place)
        names = {entry.name for entry in place.iterdir() if not LEFTOVER.fullmatch(entry.name)}
    except OSError as error:
        raise unmade(place, "journal", error) from None
    if names - _OWN:
        raise InvalidInputError(
            "the folder holds something else than the journal of a run",
            code="run.other-folder",
            source=str(place),
            wanted="an empty folder, or that of an earlier run",
            help="name another one by --journal FOLDER",
        )


def _check_run(journal: Journal, facts: Mapping[str, Any], place: Path) -> None:
    """Enter what is run, unless it is there; refuse what is not this run."""
    head = journal.record(_HEAD)
    if head is None:  # what is there beside it is found under this run's digest, or not at all
        journal.drop(_HEAD)
        journal.keep([Record(_HEAD, "done", dict(facts))])
        return
    other = next((name for name in facts if head.body.get(name) != facts[name]), None)
    if other is None and head.state == "done":
        return
    said = [f"{other} {describe(one)}" for one in (head.body.get(str(other)), facts.get(str(other)))]
    told = _DIGESTS.get(str(other))
    raise InvalidInputError(
        "the journal is of another run",
        code="run.other-journal",
        source=str(place),
        found=told or printable(said[0]),
        wanted=None if told else printable(said[1]),
        help="run it as it was begun, or name another folder by --journal FOLDER",
    )


def _outcomes(body: dict[str, Any], wanted: Wanted) -> Outcomes | None:
    """The outcomes in a record, if they can be those of the circuit."""
    try:
        found = outcomes_from_json(body)
        index = [] if found.index is None else [found.index.marginal, found.index.joint]
        total = 1.0 if wanted.shots is None else wanted.shots
        fits = (
            tuple(found.success) == wanted.reads
            and found.exact is (wanted.shots is None)
            and found.total == total
            and all(_is_weight(weight, total) for weight in (found.given, *found.success.values()))
            and all(part.shape == (wanted.values,) and _are_weights(part, total) for part in index)
            and type(found.subnormalisation) is float
            and 0 < found.subnormalisation < float("inf")
        )
    except (KeyError, TypeError, ValueError, AttributeError, MemoryError, OverflowError):
        return None
    return found if fits else None


_ROUNDING = 1e-9


def _is_weight(value: object, total: float) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and isfinite(value) and -_ROUNDING <= value <= total * (1 + _ROUNDING)  # type: ignore[arg-type, operator]


def _are_weights(values: np.ndarray[Any, Any], total: float) -> bool:
    inside = np.isfinite(values) & (values >= -_ROUNDING) & (values <= total * (1 + _ROUNDING))
    return values.dtype == np.float64 and bool(inside.all())


def _counts_body(counts: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {"counts": [list(pair) for pair in counts]}


def _counts(body: dict[str, Any], wanted: Wanted) -> list[tuple[str, int]] | None:
    """The counts in a record, if they can be those of the circuit."""
    try:
        found = [(outcome, count) for outcome, count in body["counts"]]
        fits = all(
            isinstance(outcome, str)
            and len(outcome) == wanted.bits
            and not set(outcome) - {"0", "1"}
            and type(count) is int
            and count >= 0
            for outcome, count in found
        )
        return found if fits and sum(count for _, count in found) == wanted.shots else None
    except (KeyError, TypeError, ValueError):
        return None


def _too_large(found: str) -> DoesNotFitError:
    return DoesNotFitError(
        "what a circuit gives is too large to be kept in a journal",
        code="run.outcomes-too-large",
        found=found,
        wanted=f"at most {size(RECORD_BYTES)} for each circuit",
        help="run it without a journal",
    )
