"""Structure-aware mutations of JSON documents: one place is chosen, and changed as its kind allows.

Places are grouped by shape, which is the path without indices; a group is chosen first and a place in it second, so
that a field that occurs once is hit as often as all gates together. Hypothesis makes the choices.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fuzz.changes import (
    ACTIONS_OF,
    AGAIN_MARK,
    ANYWHERE,
    CHANGES,
    RAW,
    RAW_MARK,
    WITH_OTHER,
    Path,
    Pick,
    fitting_actions,
    put,
)

SHORT = 4
"""Longest list whose entries each have a meaning of their own."""


@dataclass(frozen=True)
class Edit:
    """What was done, and the JSON pointer of the place in the document before it."""

    action: str
    pointer: str


@dataclass(frozen=True, eq=False)
class Mutant:
    """A changed document, the name of the one that it was made from, and the edits."""

    start: str
    document: Any
    edits: tuple[Edit, ...]


def pointer_of(path: Path) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def text_of(document: Any) -> bytes:
    """The JSON text of a mutated document."""
    text = json.dumps(document, separators=(",", ":"))
    if RAW_MARK in text:
        text = re.sub(
            f'"{RAW_MARK}([0-9]+)@"', lambda match: RAW[int(match[1]) % len(RAW)], text
        )  # the mark may be edited
    return text.replace(AGAIN_MARK, "").encode("ascii")


def is_plain(document: Any) -> bool:
    """Whether the document's text holds no raw number and no repeated field, so that the document itself says what a
    reader of the text finds."""
    text = json.dumps(document)
    return RAW_MARK not in text and AGAIN_MARK not in text and "Infinity" not in text


def walk(document: Any) -> Iterator[tuple[Path, Path, Any]]:
    """Every place: its path, its shape and its value, outer places first."""
    stack: list[tuple[Path, Path, Any]] = [((), (), document)]
    while stack:
        path, shape, value = stack.pop()
        yield path, (*shape, type(value).__name__), value
        if isinstance(value, dict):
            stack.extend(((*path, name), (*shape, name), entry) for name, entry in value.items())
        elif isinstance(value, list):
            alike = len(value) > SHORT
            stack.extend(((*path, i), (*shape, "*" if alike else i), entry) for i, entry in enumerate(value))


class Document:
    """A document to start from, with its places by shape."""

    def __init__(self, name: str, document: Any, below: str = "") -> None:
        """``below``: the field, at any depth, that all places that are chosen are in."""
        self.name, self.document, self.below = name, document, below

    @functools.cached_property
    def groups(self) -> tuple[tuple[Path, ...], ...]:
        """The places that may be chosen, by their shape without indices."""
        found: dict[Path, list[Path]] = {}
        for path, shape, _ in walk(self.document):
            if not self.below or self.below in path:
                bare = tuple("*" if isinstance(part, int) else part for part in shape)
                found.setdefault(bare, []).append(path)
        return tuple(tuple(paths) for paths in found.values())

    def place(self, pick: Pick) -> Path:
        group = self.groups[pick(len(self.groups))]
        return group[pick(len(group))] if len(group) > 1 else group[0]

    @functools.cached_property
    def _group_of(self) -> dict[Path, tuple[Path, ...]]:
        """Each place's own group, in which the entries of a short list are kept apart."""
        found: dict[Path, list[Path]] = {}
        for path, shape, _ in walk(self.document):
            found.setdefault(shape, []).append(path)
        return {path: tuple(paths) for paths in found.values() for path in paths}

    def like(self, path: Path, pick: Pick) -> Path:
        """Another place of the same shape, so that what is taken from there fits."""
        group = self._group_of[path]
        return group[pick(len(group))]

    def is_alone(self, path: Path) -> bool:
        """Whether no other place has this shape."""
        return len(self._group_of[path]) == 1


def mutated(start: Document, pick: Pick, words: tuple[str, ...], most: int = 2, *, fitting: bool = False) -> Mutant:
    """The document with one edit, or in one of four cases up to ``most``. ``words`` are names that mean something.

    ``fitting``: only edits that keep the type of a place, so that much of it is accepted.
    """
    count = 1 if most == 1 or pick(4) < 3 else 1 + pick(most)
    document, edits = start.document, []
    for _ in range(count):
        path = start.place(pick)
        if resolved(document, path) is not None:
            document, edit = _edited(document, start, path, pick, words, fitting)
            edits.append(edit)
    return Mutant(start.name, document, tuple(edits))


def resolved(document: Any, path: Path) -> tuple[Any] | None:
    """The value at a path, in a tuple; None where an edit before took the place away."""
    value = document
    for part in path:
        if not (isinstance(value, dict) and part in value) and not (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            return None
        value = value[part]
    return (value,)


def changed(document: Any, path: Path, change: Callable[[Any, Any], None]) -> Any:
    """The document after ``change(container, key)`` of a path's last step; what lies beside the path is shared."""
    holder: list[Any] = [document]
    container: Any = holder
    key: Any = 0
    for part in path:
        below = container[key]
        container[key] = dict(below) if isinstance(below, dict) else list(below)
        container, key = container[key], part
    change(container, key)
    return holder[0]


def _edited(
    document: Any, start: Document, path: Path, pick: Pick, words: tuple[str, ...], fitting: bool
) -> tuple[Any, Edit]:
    found = resolved(document, path)
    assert found is not None
    actions = ACTIONS_OF.get(type(found[0]), ()) + ANYWHERE
    if fitting:
        actions = tuple(action for action in actions if action in fitting_actions(path, found[0])) or ("retype",)
    if start.is_alone(path):
        actions = tuple(action for action in actions if action not in ("alike", "exchange")) or ("retype",)
    name = actions[pick(len(actions))]
    if not path and name in ("delete", "duplicate"):
        name = "retype"  # the whole document has no place in anything
    if name in WITH_OTHER:
        other = start.like(path, pick) if name in ("alike", "exchange") else start.place(pick)
        with_other = resolved(document, other)
        inside = path[: len(other)] == other or other[: len(path)] == path
        if with_other is not None and not inside:
            document = changed(document, path, put(with_other[0]))
            if name != "alike":
                document = changed(document, other, put(found[0]))
            return document, Edit(f"{name} with {pointer_of(other)}", pointer_of(path))
        name = "retype"
    change = CHANGES[name](found[0], pick, words)
    return changed(document, path, change), Edit(name, pointer_of(path))


def bytes_mutated(data: bytes, pick: Pick) -> tuple[bytes, Edit]:
    """Bytes cut short, overwritten, left out, doubled, or followed by others."""
    place = pick(len(data)) if data else 0
    length = min((1, 2, 4, 8, 64)[pick(5)], len(data) - place)
    action = ("truncate", "overwrite", "flip", "remove", "repeat", "append")[pick(6)]
    if action == "truncate":
        data = data[:place]
    elif action == "overwrite":
        filling = (b"\0", b"\xff", b"\x7f", b"\x80", b"9", b"(", b" ", b"\n")[pick(8)]
        data = data[:place] + filling * length + data[place + length :]
    elif action == "flip" and data:
        data = data[:place] + bytes([data[place] ^ (1 << pick(8))]) + data[place + 1 :]
    elif action == "remove":
        data = data[:place] + data[place + length :]
    elif action == "repeat":
        data = data[: place + length] + data[place:]
    else:
        data += (b"\0", b"x", b"\n", b"\0" * 4096)[pick(4)]
    return data, Edit(f"{action} {length} bytes at {place}", "")


def shape_of(pointer: str) -> str:
    """A JSON pointer with stars for indices, to count by."""
    return "/".join("*" if part.isdigit() else part for part in pointer.split("/"))
