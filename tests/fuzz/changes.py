"""What is done to a place of a JSON document: each change of a value, by the name of the action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Path = tuple[str | int, ...]
Pick = Callable[[int], int]
"""Chooses a whole number from 0 to one less than what it is given."""

RAW_MARK, AGAIN_MARK = "@raw:", "@again:"
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
    "{" + "".join(f'"{name}":0,' for name in range(40_000)) + '"39999":0}',
    "[" + "[]," * 100_000 + "[]]",
    "tru",
)
"""Texts that no Python value is written as."""

NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 2, 3, True, False, 1.5, -0.5, 1e-3),
    *(2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63, 2**64, 10**18, -(2**63)),
    *(1e300, -1e300, 1e-300, -1e-300, 5e-324, 1.7e308, 1e16, 0.1 + 0.2),
    *(f"{RAW_MARK}{index}@" for index in range(len(RAW))),
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
    *("q[0]", "qsac-ir 2", "qsac-ir 999", "{}", "[]", '"', "%s%n", "{0.__class__}", "true"),
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


Change = Callable[[Any, Any], None]


def fitting_actions(path: Path, value: Any) -> set[str]:
    """Edits after which a place may still be what it has to be."""
    chosen = {"alike", "exchange", "perturb", "permute", "resize"}
    if path and isinstance(path[-1], int):
        chosen |= {"delete", "duplicate"}
    if isinstance(value, str):
        chosen |= {"line"} if "\n" in value else {"renumber"} if any(map(str.isdigit, value)) else {"word"}
    return chosen


def put(value: Any) -> Change:
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
            container[f"{AGAIN_MARK}{key}"] = value

    return change


def _retype(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return put(OTHERS[pick(len(OTHERS))])


def _deepen(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    for _ in range((1, 2, 63, 64, 65)[pick(5)]):
        value = [value]
    return put(value)


def _edge(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return put(NUMBERS[pick(len(NUMBERS))])


def near(value: float, pick: Pick) -> float:
    """A number a little off."""
    if isinstance(value, int):
        return (value + 1, value - 1, value + 2, -value, float(value))[pick(5)]
    return (value + 1e-3, value - 1e-3, -value, value + 1e-6, value * (1 + 1e-12), value + 1, value + 2)[pick(7)]


def _perturb(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return put(near(value, pick))


def _word(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return put(words[pick(len(words))])


def _retext(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    return put(TEXTS[pick(len(TEXTS))])


_NUMERAL = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def _renumber(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    """Another number in a text; for a text of many lines, in one of them."""
    found = list(_NUMERAL.finditer(value))
    if not found:
        return _retext(value, pick, words)
    place = found[pick(len(found))]
    number: Any = float(place[0]) if set(place[0]) & set(".e") else int(place[0])
    other = near(number, pick) if pick(3) else NUMBERS[pick(26)]
    return put(f"{value[: place.start()]}{other!r}{value[place.end() :]}")


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
    return put(separator.join(parts))


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
    return put(entries)


def _resize(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    if not value:
        return put([0])
    return put((value[: len(value) // 2], value * 2, value * 40, [])[pick(4)])


def _unknown(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    names = (*TEXTS, *words)
    return put({**value, names[pick(len(names))]: OTHERS[pick(len(OTHERS))]})


def _rename(value: Any, pick: Pick, words: tuple[str, ...]) -> Change:
    if not value:
        return _unknown(value, pick, words)
    names = list(value)
    old, new = names[pick(len(names))], (*words, *TEXTS)[pick(len(words) + len(TEXTS))]
    return put({new if name == old else name: entry for name, entry in value.items()})


CHANGES: dict[str, Callable[[Any, Pick, tuple[str, ...]], Change]] = {
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
ANYWHERE = ("delete", "duplicate", "retype", "swap", "deepen", "alike", "alike", "exchange")
WITH_OTHER = {"swap", "alike", "exchange"}
ACTIONS_OF: dict[type, tuple[str, ...]] = {
    int: ("perturb", "perturb", "edge"),
    float: ("perturb", "perturb", "edge"),
    bool: ("edge",),
    str: ("word", "text", "renumber", "renumber", "line", "edge"),
    list: ("permute", "resize"),
    dict: ("unknown field", "rename field"),
}
