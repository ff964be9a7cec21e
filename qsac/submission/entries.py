"""What the rows of the run journal hold, read as what they are: data that any program may have changed.

A row that does not make sense is a :class:`DamagedJob`: it costs itself, and no other row.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from qsac.artifact.compiled import SIZE_LIMIT
from qsac.errors import InvalidInputError
from qsac.files.pointer import describe
from qsac.files.strict_json import parse
from qsac.runtime.counts import SHOTS_LIMIT

SUBMITTING = "submitting"
"""The state of a job that was entered and whose handle is not known (yet)."""

NOT_FOUND = "not found"
"""The state of a job without a handle that the vendor did not know of when it was last asked."""

STATES = (SUBMITTING, NOT_FOUND, "queued", "running", "done", "failed", "cancelled")

HANDLE_CHARACTERS = 4096
"""The longest handle that is believed; those of today's vendors have fewer than a hundred characters."""

EXPANSION = 100
"""How many times its stored size an artifact may have, beyond :data:`EXPANSION_FREE` bytes."""

EXPANSION_FREE = 1 << 24


@dataclass(frozen=True)
class Job:
    """An entry. ``state`` is one of :data:`STATES`, as far as is known here; ``cost`` is the most that was expected, in
    ``unit``."""

    id: int
    tag: str
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
    counts: dict[str, int] | None

    def to_dict(self) -> dict[str, Any]:
        """The entry as the command line prints it with ``--json``, without its counts."""
        return {name: value for name, value in vars(self).items() if name != "counts"}


@dataclass(frozen=True)
class DamagedJob:
    """An entry that cannot be read: ``problem`` says why, ``tag`` what the vendor calls the job, where that is left."""

    id: int
    problem: str
    tag: str | None

    def to_dict(self) -> dict[str, Any]:
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


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "tag": _is_name,
    "created": _is_name,
    "vendor": _is_name,
    "machine": _is_name,
    "target": _is_name,
    "model": _is_text,
    "artifact": _is_name,
    "shots": lambda value: isinstance(value, int) and 1 <= value <= SHOTS_LIMIT,
    "cost": _is_cost,
    "unit": lambda value: value is None or isinstance(value, str),
    "state": lambda value: isinstance(value, str) and value in STATES,
    "message": _is_text,
    "handle": lambda value: value is None or is_handle(value),
}
"""Column -> whether a value of it makes sense; ``id`` is SQLite's own, ``counts`` are looked at by themselves."""

COLUMNS = ("id", *_CHECKS, "counts")


def read_entry(row: Mapping[str, Any]) -> Job | DamagedJob:
    """The job that a row of :data:`COLUMNS` stands for."""
    fields = dict(row)
    tag = fields["tag"] if _is_name(fields["tag"]) else None
    wrong = [column for column, holds in _CHECKS.items() if not holds(fields[column])]
    if wrong:
        return DamagedJob(fields["id"], f"invalid {', '.join(wrong)}", tag)
    if fields["counts"] is not None:
        try:
            fields["counts"] = _counts(fields["counts"])
        except (InvalidInputError, RecursionError):
            return DamagedJob(fields["id"], "invalid counts", tag)
        if fields["state"] != "done":
            return DamagedJob(fields["id"], f"it has counts, and its state is {fields['state']}", tag)
    return Job(**fields)


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
