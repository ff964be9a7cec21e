"""What the rows of the run journal hold, read as what they are: data that any program may have changed.

A row that does not make sense is a :class:`DamagedJob`: it costs itself, and no other row.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NotRequired, TypedDict, cast

from qsac.artifact.compiled import SIZE_LIMIT
from qsac.errors import InvalidInputError
from qsac.files.pointer import describe
from qsac.files.strict_json import parse
from qsac.runtime.counts import SHOTS_LIMIT

SUBMITTING = "submitting"
"""The state of a circuit that the vendor is handed, and whose handle is not known (yet)."""

NOT_SUBMITTED = "not submitted"
"""The state of a circuit that the vendor was never handed."""

WAITING = "waiting"
"""The state of a circuit of a program whose numbers follow from counts that are not there yet."""

NOT_NEEDED = "not needed"
"""The state of a circuit of a program that is never submitted: counts of others have made it needless."""

NOT_FOUND = "not found"
"""The state of a circuit without a handle that the vendor did not know of when it was last asked."""

RESUMABLE = ("failed", "cancelled", NOT_FOUND, NOT_SUBMITTED)
"""States of a circuit that the vendor does not run, as far as is known: it may be submitted, or submitted again."""

STATES = ("failed", "cancelled", SUBMITTING, NOT_FOUND, NOT_SUBMITTED, "running", "queued", WAITING, "done")
"""The states of circuits that are needed. A job is in the first of them that one of its circuits is in."""

PART_STATES = (*STATES, NOT_NEEDED)
"""The states of all circuits."""

HANDLE_CHARACTERS = 4096
"""The longest handle that is believed; those of today's vendors have fewer than a hundred characters."""

EXPANSION = 100
"""How many times its stored size an artifact may have, beyond :data:`EXPANSION_FREE` bytes."""

EXPANSION_FREE = 1 << 24


class PartFields(TypedDict):
    """A :class:`Part`, JSON-ready, without its counts."""

    circuit: str | None
    tag: str
    ceiling: float | None
    begun: str | None
    state: str
    message: str
    handle: str | None
    earlier: str


class JobFields(TypedDict):
    """A :class:`Job`, JSON-ready. ``circuits`` are those of a job of several."""

    id: int
    tag: str | None
    created: str
    vendor: str
    machine: str
    target: str
    model: str
    artifact: str
    shots: int
    cost: float | None
    unit: str | None
    state: str
    message: str
    handle: str | None
    circuits: NotRequired[list[PartFields]]


class DamagedJobFields(TypedDict):
    """A :class:`DamagedJob`, JSON-ready."""

    id: int
    tag: str | None
    state: str
    message: str


@dataclass(frozen=True)
class Part:
    """One circuit of a job, which is a job of its own at the vendor.

    ``job`` and ``place`` say which: the entry's id, and the circuit's place in the program. ``circuit`` is its name,
    None for the only one of a job. ``ceiling`` is the limit that was agreed to, ``begun`` when the vendor was handed
    the circuit. ``state`` is one of :data:`PART_STATES`, as far as is known here. ``earlier`` says what became of it
    before, where it was submitted again.
    """

    job: int
    place: int
    circuit: str | None
    tag: str
    ceiling: float | None
    begun: str | None
    state: str
    message: str
    handle: str | None
    counts: dict[str, int] | None
    earlier: str

    @property
    def called(self) -> str:
        """What messages call it."""
        return f"job {self.job}" if self.circuit is None else f"circuit {self.circuit} of job {self.job}"

    def to_dict(self) -> PartFields:
        """The circuit as the command line prints it with ``--json``, without its counts."""
        shown = {name: value for name, value in vars(self).items() if name not in ("job", "place", "counts")}
        return cast(PartFields, shown)


@dataclass(frozen=True)
class Job:
    """An entry: ``shots`` of each circuit of an artifact. ``cost`` is the most that was expected for all of them, in
    ``unit``. ``bound`` is the artifact with the circuits that were made for counts of earlier ones, once there are
    some; None where there are none."""

    id: int
    created: str
    vendor: str
    machine: str
    target: str
    model: str
    artifact: str
    shots: int
    cost: float | None
    unit: str | None
    bound: str | None
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        """The state of the circuit that is furthest from having counts."""
        return self._last.state

    @property
    def message(self) -> str:
        """What there is to say of that circuit."""
        return self._last.message

    @property
    def is_done(self) -> bool:
        """Whether every circuit that is needed has counts."""
        return all(part.counts is not None or part.state == NOT_NEEDED for part in self.parts)

    @property
    def resumable(self) -> tuple[Part, ...]:
        """The circuits that may be submitted, or submitted again."""
        return tuple(part for part in self.parts if part.state in RESUMABLE)

    @property
    def is_under_way(self) -> bool:
        """Whether it is a program that takes several steps, and is not done."""
        return not self.is_done and (self.bound is not None or any(part.state == WAITING for part in self.parts))

    @property
    def progress(self) -> str:
        """How far it is, in a line: its state, or each state with the circuits that are in it."""
        if len(self.parts) == 1:
            return self.state
        circuits: dict[str, list[str]] = {}
        for part in self.parts:
            circuits.setdefault(part.state, []).append(str(part.circuit))
        return "; ".join(f"{state}: {', '.join(circuits[state])}" for state in PART_STATES if state in circuits)

    @property
    def _last(self) -> Part:
        return min(self.parts, key=lambda part: PART_STATES.index(part.state))

    def to_dict(self) -> JobFields:
        """The entry as the command line prints it with ``--json``, without its counts. Of several circuits,
        ``circuits`` has the tag and the handle of each."""
        only = self.parts[0] if len(self.parts) == 1 else None
        fields = {name: value for name, value in vars(self).items() if name not in ("id", "bound", "parts")}
        found = {"id": self.id, "tag": only and only.tag, **fields, "state": self.state, "message": self.message}
        found["handle"] = only and only.handle
        circuits = {} if only else {"circuits": [part.to_dict() for part in self.parts]}
        return cast(JobFields, found | circuits)


@dataclass(frozen=True)
class DamagedJob:
    """An entry that cannot be read: ``problem`` says why, ``tag`` what the vendor calls the job, where that is left; of
    several circuits all that are left."""

    id: int
    problem: str
    tag: str | None

    def to_dict(self) -> DamagedJobFields:
        """The entry as the command line prints it with ``--json``."""
        return {"id": self.id, "tag": self.tag, "state": "damaged", "message": self.problem}


def is_handle(value: object) -> bool:
    """Whether a vendor's handle can be one: a printable text that is neither empty nor huge."""
    return isinstance(value, str) and 0 < len(value) <= HANDLE_CHARACTERS and value.isprintable()


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_cost(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and isfinite(value) and value >= 0)


def _or_none(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


_JOB: dict[str, Callable[[Any], bool]] = {
    "created": _is_name,
    "vendor": _is_name,
    "machine": _is_name,
    "target": _is_name,
    "model": _is_text,
    "artifact": _is_name,
    "shots": lambda value: isinstance(value, int) and 1 <= value <= SHOTS_LIMIT,
    "circuits": lambda value: isinstance(value, int) and value >= 1,
    "cost": _is_cost,
    "unit": _or_none(_is_text),
    "bound": _or_none(_is_name),
}
"""Column -> whether a value of it makes sense; ``id`` is SQLite's own."""

_PART: dict[str, Callable[[Any], bool]] = {
    "circuit": _or_none(_is_name),
    "tag": _is_name,
    "ceiling": _is_cost,
    "begun": _or_none(_is_name),
    "state": lambda value: isinstance(value, str) and value in PART_STATES,
    "message": _is_text,
    "handle": _or_none(is_handle),
    "earlier": _is_text,
}
"""The same for circuits; ``job`` and ``place`` say whose they are, ``counts`` are looked at by themselves."""

JOB_COLUMNS = ("id", *_JOB)
PART_COLUMNS = ("place", *_PART, "counts")


def read_entry(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Job | DamagedJob:
    """The job that a row of :data:`JOB_COLUMNS` stands for, with the rows of :data:`PART_COLUMNS` that name it.

    What a damaged row of another job brings along, a place that this job does not have, is left out.
    """
    number = row["id"]
    wrong = [column for column, holds in _JOB.items() if not holds(row[column])]
    size = row["circuits"] if "circuits" not in wrong else len(rows)
    found = {fields["place"]: fields for fields in rows if isinstance(fields["place"], int)}
    own = [found[place] for place in sorted(found) if 0 <= place < size]
    tags = [fields["tag"] for fields in own if _is_name(fields["tag"])]
    problems = [f"invalid {', '.join(wrong)}"] if wrong else []
    if len(own) < size:
        problems.append(f"{size - len(own):,} of {size:,} circuits are missing")
    parts = []
    for fields in own:
        part = _read_part(number, fields, size)
        if isinstance(part, Part):
            parts.append(part)
        else:
            problems.append(part if size == 1 else f"{part} of circuit {fields['place'] + 1}")
    if problems:
        return DamagedJob(number, "; ".join(problems), ", ".join(tags) or None)
    return Job(**{name: value for name, value in row.items() if name != "circuits"}, parts=tuple(parts))


def _read_part(job: int, row: Mapping[str, Any], size: int) -> Part | str:
    """A circuit of a job of so many, or what is wrong with its row."""
    fields = dict(row)
    wrong = [column for column, holds in _PART.items() if not holds(fields[column])]
    if not wrong and (fields["circuit"] is None) != (size == 1):
        wrong = ["circuit"]
    if wrong:
        return f"invalid {', '.join(wrong)}"
    if fields["counts"] is not None:
        try:
            fields["counts"] = _counts(fields["counts"])
        except (InvalidInputError, RecursionError):
            return "invalid counts"
        if fields["state"] != "done":
            return f"it has counts, and its state is {fields['state']}"
    return Part(job, **fields)


def _counts(stored: object) -> dict[str, int]:
    if not isinstance(stored, str):
        raise InvalidInputError(
            "the counts must be a text",
            code="journal.invalid-counts",
        )
    counts = parse(stored.encode(), "the journal", "counts")
    problem = counts_problem(counts, None)
    if problem is not None:
        raise InvalidInputError(
            problem,
            code="journal.invalid-counts",
        )
    return dict(counts) if isinstance(counts, dict) else {}


def counts_problem(counts: object, bits: int | None) -> str | None:
    """What is wrong with counts from elsewhere, or None: one character, 0 or 1, for each of the circuit's ``bits``
    (where these are known), and whole numbers of shots, of which there must be at least one."""
    if not isinstance(counts, dict):
        return f"{describe(counts)} in place of outcomes and their counts"
    if not counts:
        return "no outcome"
    width = bits
    for outcome, count in counts.items():
        if not isinstance(outcome, str) or set(outcome) - {"0", "1"}:
            return f"the outcome {describe(outcome)}"
        width = len(outcome) if width is None else width
        if len(outcome) != width:
            return f"the outcome {describe(outcome)} of {len(outcome)} bits, not {width}"
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= SHOTS_LIMIT:
            return f"the count {describe(count)} of the outcome {describe(outcome)}"
    total = sum(counts.values())
    return None if 1 <= total <= SHOTS_LIMIT else f"{total:,} shots in all"


# Artifacts


def pack(text: bytes) -> bytes:
    """An artifact's text as it is stored: compressed, unless that makes it smaller than :func:`unpack` believes."""
    packed = zlib.compress(text)
    return packed if len(text) <= _most_bytes(len(packed)) else zlib.compress(text, 0)


def unpack(stored: object, digest: str) -> bytes:
    """The artifact's text, of the SHA-256 ``digest``. Memory is bounded by the size of what is stored.

    Raises ValueError for anything that :func:`pack` did not make of that text.
    """
    if not isinstance(stored, bytes):
        raise ValueError("it is missing" if stored is None else f"it is stored as {type(stored).__name__}")
    most = _most_bytes(len(stored))
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(stored, most + 1)
    except zlib.error:
        raise ValueError("it cannot be decompressed") from None
    if len(text) > most:
        raise ValueError(f"it is larger than {most:,} bytes, compressed to {len(stored):,}")
    if not stream.eof or stream.unused_data or hashlib.sha256(text).hexdigest() != digest:
        raise ValueError("it is not what was stored under its SHA-256")
    return text


def _most_bytes(stored: int) -> int:
    return min(SIZE_LIMIT, EXPANSION_FREE + EXPANSION * stored)
