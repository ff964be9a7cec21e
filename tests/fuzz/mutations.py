"""Structure-aware mutations of JSON documents: one place is chosen, and changed as its kind allows.

Places are grouped by shape, which is the path without indices; a group is chosen first and a place in it second, so
that a field that occurs once is hit as often as all gates together. A mutation is a path of choices: hypothesis makes them
and shrinks them, towards one edit.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
Pick = Callable[[int], int]
"""Chooses a whole number from 0 to one less than what it is given."""

SHORT = 4
"""Longest list whose entries each have a meaning of their own."""

_RAW, _AGAIN = "@raw:", "@again:"
RAW = (
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "-0.0",
    "1e-400",
    "9" * 5000,
    "0." + "1" * 400,
    "1" + "0" * 400,
    "-1" + "0" * 400,
    "[" * 60 + "]" * 60,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 5000 + "1" + "}" * 5000,
    "tru",
)
"""Texts that no Python value is written as."""

NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 2, 3, True, False, 1.5, -0.5, 1e-3),
    *(2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63, 2**64, 10**18, -(2**63)),
    *(1e300, -1e300, 1e-300, -1e-300, 5e-324, 1.7e308, 1e16, 0.1 + 0.2),
    *(f"{_RAW}{index}@" for index in range(len(RAW))),
)
TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "x" * 100_000,
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "0x10",
        "1_000",
        "1/3",
        "+1",
        "1.",
        ".5",
    ),
    *("١", "²", "0.25 ", "--", "-", "..", "../../etc/passwd", "/dev/zero", "/", "\\", "~", "a\0b", "CON", "None"),
    *(
        "\x1b]0;title\x07\x1b[2J",
        "\r\n",
        "\t",
        "\u202e\u2066",
        "\ud800",
        "\udfff\ud800",
        "\U0001f600",
        "данные",
        "e\u0301",
    ),
    *("q[0]", "qsac-ir 1", "qsac-ir 999", "{}", "[]", '"', "%s%n", "{0.__class__}", "true"),
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1.5,
    "",
    "text",
    [],
    {},
    [[]],
    [None],
    [0, 1],
    {"a": 1},
    ["q", [0]],
)


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
    if _RAW in text:
        text = re.sub(f'"{_RAW}([0-9]+)@"', lambda match: RAW[int(match[1])], text)
    return text.replace(_AGAIN, "").encode("ascii")


def is_plain(document: Any) -> bool:
    """Whether the document's text holds no raw number and no repeated field, so that the document itself says what a
    reader of the text finds."""
    text = json.dumps(document)
    return _RAW not in text and _AGAIN not in text and "Infinity" not in text


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
    actions = _ACTIONS_OF.get(type(found[0]), ()) + _ANYWHERE
    if fitting:
        actions = tuple(action for action in actions if action in _fitting(path, found[0])) or ("retype",)
    if start.is_alone(path):
        actions = tuple(action for action in actions if action not in ("alike", "exchange")) or ("retype",)
    name = actions[pick(len(actions))]
    if not path and name in ("delete", "duplicate"):
        name = "retype"  # the whole document has no place in anything
    if name in _WITH_OTHER:
        other = start.like(path, pick) if name in ("alike", "exchange") else start.place(pick)
        with_other = resolved(document, other)
        inside = path[: len(other)] == other or other[: len(path)] == path
        if with_other is not None and not inside:
            document = changed(document, path, _put(with_other[0]))
            if name != "alike":
                document = changed(document, other, _put(found[0]))
            return document, Edit(f"{name} with {pointer_of(other)}", pointer_of(path))
        name = "retype"
    change = _CHANGES[name](found[0], pick, words)
    return changed(document, path, change), Edit(name, pointer_of(path))


Change = Callable[[Any, Any], None]


def _fitting(path: Path, value: Any) -> set[str]:
    """Edits after which a place may still be what it has to be."""
    chosen = {"alike", "exchange", "perturb", "permute", "resize"}
    if path and isinstance(path[-1], int):
        chosen |= {"delete", "duplicate"}
    if isinstance(value, str):
        chosen |= {"line"} if "\n" in value else {"renumber"} if any(map(str.isdigit, value)) else {"word"}
    return chosen


def _put(value: Any) -> Change:
    def change(container: Any, key: Any) -> None:
        container[key] = value

    return change


def _delete(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    def change(container: Any, key: Any) -> None:
        del container[key]

    return change


def _duplicate(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    """Twice in a list, or the same field twice in an object."""

    def change(container: Any, key: Any) -> None:
        if isinstance(container, list):
            container.insert(key, value)
        else:
            container[f"{_AGAIN}{key}"] = value

    return change


def _retype(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return _put(OTHERS[pick(len(OTHERS))])


def _deepen(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    for _ in range((1, 2, 63, 64, 65)[pick(5)]):
        value = [value]
    return _put(value)


def _edge(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return _put(NUMBERS[pick(len(NUMBERS))])


def near(value: float, pick: Pick) -> float:
    """A number a little off."""
    if isinstance(value, int):
        return (value + 1, value - 1, value + 2, -value, float(value))[pick(5)]
    return (value + 1e-3, value - 1e-3, -value, value + 1e-6, value * (1 + 1e-12), value + 1, value + 2)[pick(7)]


def _perturb(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return _put(near(value, pick))


def _word(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return _put(words[pick(len(words))])


def _retext(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return _put(TEXTS[pick(len(TEXTS))])


_NUMERAL = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def _renumber(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    """Another number in a text; for a text of many lines, in one of them."""
    found = list(_NUMERAL.finditer(value))
    if not found:
        return _retext(value, pick, words)
    place = found[pick(len(found))]
    number: Any = float(place[0]) if set(place[0]) & set(".e") else int(place[0])
    other = near(number, pick) if pick(3) else NUMBERS[pick(26)]
    return _put(f"{value[: place.start()]}{other!r}{value[place.end() :]}")


def _reline(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    """A line, or a word of a line, left out, doubled, exchanged or replaced."""
    separator = "\n" if "\n" in value else " "
    parts = value.split(separator)
    place, other = pick(len(parts)), pick(len(parts))
    action = pick(5)
    if action == 0:
        del parts[place]
    elif action == 1:
        parts.insert(other, parts[place])
    elif action == 2:
        parts[place], parts[other] = parts[other], parts[place]
    elif action == 3:
        inner = parts[place].split(" ")
        inner[pick(len(inner))] = words[pick(len(words))]
        parts[place] = " ".join(inner)
    else:
        parts[place] = TEXTS[pick(len(TEXTS))]
    return _put(separator.join(parts))


def _permute(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    entries = list(value)
    action = pick(3)
    if action == 0 and entries:
        one, other = pick(len(entries)), pick(len(entries))
        entries[one], entries[other] = entries[other], entries[one]
    elif action == 1:
        entries.reverse()
    else:
        entries = entries[1:] + entries[:1]
    return _put(entries)


def _resize(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    if not value:
        return _put([0])
    return _put((value[: len(value) // 2], value * 2, value * 40, [])[pick(4)])


def _unknown(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    names = (*TEXTS, *words)
    return _put({**value, names[pick(len(names))]: OTHERS[pick(len(OTHERS))]})


def _rename(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    if not value:
        return _unknown(value, pick, words)
    names = list(value)
    old, new = names[pick(len(names))], (*words, *TEXTS)[pick(len(words) + len(TEXTS))]
    return _put({new if name == old else name: entry for name, entry in value.items()})


_CHANGES: dict[str, Callable[[Any, Pick, tuple[str, ...]], Change]] = {
    "delete": _delete,
    "duplicate": _duplicate,
    "retype": _retype,
    "deepen": _deepen,
    "edge": _edge,
    "perturb": _perturb,
    "word": _word,
    "text": _retext,
    "renumber": _renumber,
    "line": _reline,
    "permute": _permute,
    "resize": _resize,
    "unknown field": _unknown,
    "rename field": _rename,
}
_ANYWHERE = ("delete", "duplicate", "retype", "swap", "deepen", "alike", "alike", "exchange")
_WITH_OTHER = {"swap", "alike", "exchange"}
_ACTIONS_OF: dict[type, tuple[str, ...]] = {
    int: ("perturb", "perturb", "edge"),
    float: ("perturb", "perturb", "edge"),
    bool: ("edge",),
    str: ("word", "text", "renumber", "renumber", "line", "edge"),
    list: ("permute", "resize"),
    dict: ("unknown field", "rename field"),
}


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
