"""The comparison of two texts that were made of the same model: byte by byte, or by meaning."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tests.replay.renames import Renames

LEVELS = ("bytes", "meaning", "counts")
JSON_KINDS = ("artifact", "template", "binding", "estimate", "results", "tket")

TOLERANCE = 1e-9
"""How far numbers may differ in meaning, absolute or relative: what another order of additions does, and no more. Whole
numbers are counts, and may not differ."""
PERIOD = 4
"""Half-turns after which every native gate is the same one, signs included."""

_SEALS = re.compile(r'"(?:digest|compiler)":\s*"[^"]*"|"producer":\s*\{[^{}]*\}')
_SEAL_FIELDS = {"digest", "producer", "compiler"}
_SIDES = ("commit", "working tree")
_FOREIGN = {"model", "target"}
"""Fields whose words are the user's or the vendor's: nothing in them is renamed."""
_IR_FIELDS = {"ir", "blocks"}
_NUMBER = re.compile(r"(0x[0-9A-F]{16}\b|(?<![\w.])[+-]?(?:\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+))")


COUNTED = "two_qubit_gates"
"""The count that may not grow. Others are traded for it: a pass that saves gates may use a qubit more."""


_MOST_SHOWN = 100
"""Characters of either side that a difference shows."""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True)
class Answer:
    """What a command came to: its exit code, what it wrote (None if nothing) and what it said on standard error."""

    code: int
    text: str | None
    error: str


@dataclass(frozen=True)
class Difference:
    """The first difference: where (a JSON pointer or a line), and what is there on either side."""

    place: str
    base: str
    tree: str

    def __str__(self) -> str:
        return f"{self.place}: {self.base} -> {self.tree}"


def compare(kind: str, base: Answer, tree: Answer, level: str, renames: Renames) -> Difference | None:
    """The first difference between the commit's answer and the working tree's, or None where they are alike."""
    if base.code != tree.code:
        said = [f"{answer.code} {answer.error.strip()[:200]!r}" for answer in (base, tree)]
        return Difference("exit code", *said)
    if base.code and level == "bytes":
        return _first_line(base.error, tree.error, "error, line")
    if base.code or (base.text == tree.text and (level == "bytes" or renames == Renames() or base.text is None)):
        return None
    if base.text is None or tree.text is None:
        return Difference("output", _brief(base.text), _brief(tree.text))
    if level == "bytes":
        return _bytes(kind, base.text, tree.text)
    if kind in JSON_KINDS:
        return _documents(json.loads(base.text), json.loads(tree.text), renames)
    reworded = renames.in_ir(base.text) if kind == "ir" else renames.in_circuit(base.text)
    return _texts(reworded, tree.text, "line")


def changed_count(kind: str, base: Answer, tree: Answer) -> Difference | None:
    """The two-qubit gates of either side, where they differ; or the exit codes, where these do.

    Of documents that hold counts, artifacts, bindings and estimates; of others None.
    """
    if base.code != tree.code:
        return compare(kind, base, tree, "meaning", Renames())
    if base.code:
        return None
    found = [_count(answer.text) for answer in (base, tree)] if kind in JSON_KINDS else [None]
    if found[0] == found[-1]:
        return None
    return Difference(COUNTED, *map(_brief, found))


def is_worse(difference: Difference) -> bool:
    """Whether what :func:`changed_count` found is no gain: more gates, or a command that ends otherwise."""
    return difference.place != COUNTED or not int(difference.tree) < int(difference.base)


def _count(text: str | None) -> int | None:
    document = None if text is None else json.loads(text)
    held = document.get("stats", document.get("counts")) if isinstance(document, dict) else None
    count = held.get(COUNTED) if isinstance(held, dict) else None
    return count if isinstance(count, int) else None


def _bytes(kind: str, base: str, tree: str) -> Difference | None:
    if kind not in JSON_KINDS:
        return _first_line(base, tree, "line")
    blank, other = (_SEALS.sub("", text) for text in (base, tree))
    if blank == other:
        return None
    parsed = [_unsealed(json.loads(text, parse_float=_Digits)) for text in (base, tree)]
    found = _walk(parsed[0], parsed[1], (), exact=True)
    return found or _first_line(blank, other, "the same values, but in another form: line")


class _Digits(str):
    """A number as it was written: 1.0 and 1.00 are different bytes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unsealed(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if name not in _SEAL_FIELDS}


def _documents(base: Any, tree: Any, renames: Renames) -> Difference | None:
    if isinstance(base, dict):
        renames = renames.against(base)
    moved = renames.moved(_renamed(_unsealed(base), (), renames, old=True))
    same = _renamed(_unsealed(tree), (), renames, old=False)
    return _walk(renames.without_empty(moved), renames.without_empty(same), (), exact=False)


def _renamed(value: Any, path: tuple[str, ...], renames: Renames, old: bool) -> Any:
    """A document without what is not compared and, if it is the ``old`` one, in the words of the working tree."""
    if path and path[0] in _FOREIGN:
        return value
    value = renames.without_later(value, path)
    if isinstance(value, dict):
        result = {}
        for name, inner in value.items():
            key = renames.key((*path, name))
            if key is not None:
                result[key if old else name] = _renamed(inner, (*path, name), renames, old)
        return result
    if isinstance(value, list):
        return [_renamed(inner, (*path, str(place)), renames, old) for place, inner in enumerate(value)]
    if isinstance(value, str) and path == ("blocks",):
        value = renames.without_added(value)
    if not isinstance(value, str) or not old:
        return value
    if path[-1] in _IR_FIELDS:
        return renames.in_ir(value)
    return renames.in_circuit(value) if "circuit" in path else renames.in_words(value)


def _walk(base: Any, tree: Any, path: tuple[str, ...], exact: bool) -> Difference | None:
    """The first difference between two values, fields in alphabetical order."""
    if isinstance(base, dict) and isinstance(tree, dict):
        steps = [(name, base.get(name, ABSENT), tree.get(name, ABSENT)) for name in sorted({*base, *tree})]
    elif isinstance(base, list) and isinstance(tree, list):
        pairs = zip_longest(base, tree, fillvalue=ABSENT)
        steps = [(str(place), one, other) for place, (one, other) in enumerate(pairs)]
    else:
        return _leaf(base, tree, path, exact)
    for step, one, other in steps:
        found = _walk(one, other, (*path, step), exact)
        if found is not None:
            return found
    return None


def _leaf(base: Any, tree: Any, path: tuple[str, ...], exact: bool) -> Difference | None:
    if type(base) is type(tree) and base == tree:
        return None
    if not exact:
        if isinstance(base, str) and isinstance(tree, str) and path[-1] in _IR_FIELDS:
            return _texts(base, tree, f"{_pointer(path)}, line")
        if "params" in path and _same_angle(base, tree):
            return None
        if float in (type(base), type(tree)) and _close(base, tree):
            return None
    elif isinstance(base, str) and isinstance(tree, str) and "\n" in base:
        return _first_line(base, tree, f"{_pointer(path)}, line")
    return _shown(_pointer(path), base, tree)


def _close(base: Any, tree: Any) -> bool:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (base, tree)):
        return False
    return bool(abs(base - tree) <= TOLERANCE * max(1.0, abs(base)))


def _same_angle(base: Any, tree: Any) -> bool:
    """Whether two angles in half-turns, numbers or texts of numbers, are the same but for rounding."""
    try:
        turn = (float(base) - float(tree)) % PERIOD
    except (TypeError, ValueError):
        return False
    return min(turn, PERIOD - turn) <= TOLERANCE


def _texts(base: str, tree: str, what: str) -> Difference | None:
    """The first line that differs by more than the rounding of numbers."""
    for number, (one, other) in enumerate(zip_longest(base.splitlines(), tree.splitlines(), fillvalue=ABSENT), 1):
        if one == other:
            continue
        if isinstance(one, _Absent) or isinstance(other, _Absent) or not _same_line(one, other):
            return _of_line(what, number, one, other)
    return None


def _same_line(base: str, tree: str) -> bool:
    parts, others = _NUMBER.split(base), _NUMBER.split(tree)
    if len(parts) != len(others) or parts[::2] != others[::2]:
        return False
    pairs = zip(parts[1::2], others[1::2], strict=True)
    return all(one == other or _close(_number(one), _number(other)) for one, other in pairs)


def _number(text: str) -> float:
    """A decimal number, or the 64 bits of one as LLVM writes them."""
    if text.startswith("0x"):
        value: float = struct.unpack(">d", bytes.fromhex(text[2:]))[0]
        return value
    return float(text)


def _first_line(base: str, tree: str, what: str) -> Difference | None:
    lines = zip_longest(base.splitlines(keepends=True), tree.splitlines(keepends=True), fillvalue=ABSENT)
    for number, (one, other) in enumerate(lines, 1):
        if one != other:
            return _of_line(what, number, one, other)
    return None


def _of_line(what: str, number: int, base: Any, tree: Any) -> Difference:
    return _shown(f"{what} {number}", base, tree)


def _shown(place: str, base: Any, tree: Any) -> Difference:
    """A difference; of long texts from a little before the first character that differs."""
    start = 0
    if isinstance(base, str) and isinstance(tree, str) and max(len(base), len(tree)) > _MOST_SHOWN:
        pairs = enumerate(zip(base, tree, strict=False))
        start = next((place for place, (one, other) in pairs if one != other), min(len(base), len(tree)))
        start = max(0, start - 30)
    shown = [_brief(text[start:] if start else text) for text in (base, tree)]
    return Difference(place + (f" from character {start}" if start else ""), *shown)


def _pointer(path: tuple[str, ...]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)


def _brief(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 3] + "..."
