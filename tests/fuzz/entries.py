"""Cache entries, rehashed: what the cache gives is a whole compiled program; anything else counts as damaged."""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qsac.artifact.cache import Cache
from qsac.artifact.compiled import Compiled
from qsac.errors import QsacError
from tests.fuzz import starts
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, Kind
from tests.fuzz.mutations import Document, Edit, bytes_mutated, mutated, text_of
from tests.fuzz.scratch import scratch

PROGRAMS = (0, 1, 6, 7, 10)
"""Which of the compiled programs are put into the cache."""

_INTEGERS = (-1, -2, 0, 1, 5, 99, 127, -128, 2**31 - 1, -(2**31))
_FLOATS = (float("nan"), float("inf"), 0.0, -0.0, 1e300, 0.5, 5e-324)


@dataclass(frozen=True)
class Start:
    """An entry as the cache wrote it: what stands before the hash, its header and its columns."""

    key: str
    compiled: Compiled
    before: bytes
    header: Document
    columns: bytes
    salt: bytes

    def sealed(self, body: bytes) -> bytes:
        return self.before + hashlib.sha256(self.salt + body).hexdigest().encode("ascii") + b"\n" + body


class Workplace:
    """A cache, and what it warned of."""

    def __init__(self, folder: Path) -> None:
        self.messages: list[str] = []
        self.cache = Cache(folder / "cache", limit=1 << 30, warn=self.messages.append)

    def written(self, key: str, compiled: Compiled) -> Path:
        """The file of an entry, wherever the cache keeps it."""
        self.cache.put(key, compiled)
        found = [path for path in self.cache.folder.rglob(f"*{key[2:]}*") if path.is_file()]
        assert len(found) == 1, "an entry is one file that its key names"
        return found[0]


def workplace() -> Workplace:
    return _workplace(scratch("cache"))


_workplace = functools.cache(Workplace)


@functools.cache
def entries() -> tuple[Start, ...]:
    made = []
    for index in PROGRAMS:
        compiled = starts.compiled()[index]
        key = hashlib.sha256(f"entry {index}".encode()).hexdigest()
        data = workplace().written(key, compiled).read_bytes()
        first, _, body = data.partition(b"\n")
        header, _, columns = body.partition(b"\n")
        start = Document(f"entry of {starts.COMPILED[index][0]}", json.loads(header))
        made.append(Start(key, compiled, first[:-64], start, columns, _salt(first, body, key)))
    return tuple(made)


def _salt(first: bytes, body: bytes, key: str) -> bytes:
    """What is hashed before the body: nothing, or the key."""
    for salt in (b"", key.encode(), key.encode() + b"\n", bytes.fromhex(key), first[:-64]):
        if hashlib.sha256(salt + body).hexdigest().encode() == first[-64:]:
            return salt
    raise AssertionError("the hash of a cache entry is not of what is known here: teach tests.fuzz.entries")


def make(pick: Pick) -> Example:
    every = entries()
    index = pick(len(every))
    start = every[index]
    header, columns, edits = start.header.document, start.columns, ()
    action = pick(4)
    if action < 2:
        mutant = mutated(start.header, pick, starts.words(), fitting=bool(pick(2)))
        header, edits = mutant.document, mutant.edits
    elif action == 2:
        columns, edit = _column(columns, pick)
        edits = (edit,)
    else:
        columns, edit = bytes_mutated(columns, pick)
        edits = (edit,)
    data = start.sealed(text_of(header) + b"\n" + columns)
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(start.header.name, data, edits, index)


def _column(columns: bytes, pick: Pick) -> tuple[bytes, Edit]:
    """One number of the columns, as a byte, an integer or a float."""
    form, values = (("<b", _INTEGERS), ("<i", _INTEGERS), ("<d", _FLOATS))[pick(3)]
    value: Any = values[pick(len(values))]
    if form == "<b":
        value = max(-128, min(127, value))
    packed = struct.pack(form, value)
    place = pick(max(1, len(columns) - len(packed)))
    return columns[:place] + packed + columns[place + len(packed) :], Edit(f"{value} as {form} at {place}", "")


def feed(example: Example) -> str:
    """``accepted``; ``damaged`` where the cache passes the entry over and says so."""
    start, place = entries()[example.facts], workplace()
    path = place.written(start.key, start.compiled)
    path.write_bytes(example.data)
    place.messages.clear()
    source = start.compiled
    found = place.cache.get(start.key, source.model, source.target, source.options)
    if found is None:
        if not place.messages:
            raise WrongError("a damaged entry was passed over without a word")
        if not all(character.isprintable() for message in place.messages for character in message):
            raise WrongError("a warning is not printable")
        return "damaged"
    text = found.to_json()
    try:
        again = Compiled.parse(text.encode(), "from the cache")
    except QsacError as error:
        raise WrongError(f"the cache gave a program that cannot be read again: {error.title}") from None
    if again.to_json() != text:
        raise WrongError("what the cache gives is not itself after writing and reading it")
    if type(found.verified) not in (bool, dict, type(None)):
        raise WrongError("whether it was verified is not what it says")
    return "accepted"


KINDS = (Kind("cache", 150, MANY, make, feed, {"accepted": 0.1, "damaged": 0.03}),)
