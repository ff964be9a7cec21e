"""What has another name in the working tree than in the commit it is compared with. Empty unless a change renames."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Renames:
    """Old names and new ones, for the comparison by meaning.

    ``ops`` and ``passes`` are renamed in IR text, pass lists and groups; ``registers`` also where circuits name their
    bits. Of ``passes`` those whose new name the commit has too are not renamed; ``later_passes`` are those that it does
    not have by any name, which are left out of pass lists. :meth:`of_passes` finds out both.

    ``fields`` are keys of JSON objects at any depth and attributes in IR text, or, with a slash in front, JSON
    pointers in which ``*`` stands for any one step (``/circuits/*/groups``). A field renamed to None is not compared:
    one of the two sides does not have it. Renamed all at once, so that two names may change places.

    ``added`` are fields of a document that older commits do not have, each with pointers of those that have another
    form since: none of them is compared with such a commit, and all are with later ones. ``added_attributes`` are such
    fields of ops in the IR text of blocks, which had a comment in their place.
    ``moves`` are JSON pointers of the commit, and where the same stands in the working tree, moved one after the other
    once all is renamed. Where things are moved to, an empty object says no more than none: the outermost one, and
    what is moved, are left out where they are empty.

    ``sources`` are for names that decide an order, as registers do, which circuits and their exports list by name: a
    text in a file of the commit, and what stands there when the commit is run. A commit without it is run as it is.
    """

    ops: Mapping[str, str] = field(default_factory=dict)
    passes: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str | None] = field(default_factory=dict)
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added_attributes: tuple[str, ...] = ()
    later_passes: frozenset[str] = frozenset()
    moves: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def carry_out(self, folder: Path) -> None:
        """Put the new names into the sources of the commit, which lie in a folder."""
        for name, (old, new) in self.sources.items():
            file = folder / name
            if file.is_file():
                file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")

    def of_passes(self, base: Collection[str], tree: Collection[str]) -> Renames:
        """The table for a commit that has the passes ``base``, where the working tree has the passes ``tree``."""
        passes = {old: new for old, new in self.passes.items() if new not in base}
        return replace(self, passes=passes, later_passes=frozenset(tree) - {*base, *passes.values()})

    def against(self, base: Mapping[str, Any]) -> Renames:
        """The table for a document of the commit: what that commit does not have yet is not compared."""
        news = [name for name in self.added if name not in base]
        blocks = base.get("blocks")
        attributes = [name for name in self.added_attributes if isinstance(blocks, str) and f" {name}=" not in blocks]
        left_out = [f"/{name}" for name in news] + [pointer for name in news for pointer in self.added[name]]
        fields = {**self.fields, **dict.fromkeys(left_out)}
        return replace(self, fields=fields, added={}, added_attributes=tuple(attributes))

    def without_added(self, text: str) -> str:
        """IR text of blocks without the added attributes that are not compared, and the comments before their time."""
        if not self.added_attributes:
            return text
        names = "|".join(self.added_attributes)
        return re.sub(rf" (?:{names})=\[[\d,]*\]| # /\S*$", "", text, flags=re.MULTILINE)

    def without_later(self, value: Any, path: tuple[str, ...]) -> Any:
        """What stands at a path of a document, without the passes that the commit does not have."""
        if isinstance(value, str) and path == ("options", "passes"):
            return ",".join(entry for entry in _entries(value) if entry.partition("{")[0] not in self.later_passes)
        if isinstance(value, list) and path[-1:] == ("passes",):  # of a circuit, or of all of them
            return [entry for entry in value if entry["name"] not in self.later_passes]
        return value

    def in_ir(self, text: str) -> str:
        """IR text of the commit in the words of the working tree."""
        attributes = {old: new for old, new in self.fields.items() if new is not None and not old.startswith("/")}
        return _reworded(text, {**attributes, **self.registers, **self.passes, **self.ops})

    def in_words(self, text: str) -> str:
        """A name, a pass list or a message of the commit in the words of the working tree."""
        return _reworded(text, {**self.registers, **self.passes, **self.ops})

    def in_circuit(self, text: str) -> str:
        """What names bits in the commit in the words of the working tree."""
        return _reworded(text, self.registers)

    def key(self, path: tuple[str, ...]) -> str | None:
        """The new name of the last step of a path into a document, or None where it is not compared."""
        for old, new in self.fields.items():
            if path[-1] == old or (old.startswith("/") and _matches(path, old[1:].split("/"))):
                return new
        return self.in_words(path[-1])

    def moved(self, document: Any) -> Any:
        """A document of the commit with everything where the working tree has it."""
        if not isinstance(document, dict):
            return document
        for old, new in self.moves.items():
            found, document = _without(document, old[1:].split("/"))
            if found is not None and found not in ({}, []):
                document = _with(document, new[1:].split("/"), found)
        return document

    def without_empty(self, document: Any) -> Any:
        """A document of either side without the empty objects that things are moved into."""
        if not isinstance(document, dict):
            return document
        into = {new[1:].split("/")[0] for new in self.moves.values()}
        return {name: value for name, value in document.items() if name not in into or value != {}}

    def old_arguments(self, arguments: Iterable[str]) -> list[str]:
        """Command-line arguments in the words of the commit."""
        backwards = {new: old for old, new in self.passes.items()}
        result: list[str] = []
        for argument in arguments:
            named = bool(result) and result[-1] == "--passes"
            result.append(_reworded(argument, backwards) if named else argument)
        return result


def _entries(pipeline: str) -> list[str]:
    """The passes of a list as text, each with its options, which have commas too."""
    return re.findall(r"[^,{]+(?:\{[^}]*\})?", pipeline)


def _reworded(text: str, names: Mapping[str, str]) -> str:
    """A text with whole words replaced: ``score`` is one in ``score[0]`` and ``score_0``, not in ``score-table``."""
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    words = "|".join(re.escape(name) for name in longest_first)
    pattern = rf"(?<![\w-])(?:{words})(?![A-Za-z0-9-]|_[A-Za-z])"
    return re.sub(pattern, lambda found: names[found[0]], text)


def _matches(path: tuple[str, ...], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(wanted in ("*", step) for step, wanted in zip(path, pattern, strict=True))


def _without(document: dict[str, Any], path: list[str]) -> tuple[Any, dict[str, Any]]:
    """What stands at a path, None where nothing does, and the document without it."""
    first, *rest = path
    if first not in document:
        return None, document
    if not rest:
        return document[first], {name: value for name, value in document.items() if name != first}
    if not isinstance(document[first], dict):
        return None, document
    found, inner = _without(document[first], rest)
    return found, {**document, first: inner}


def _with(document: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """The document with a value at a path; objects on the way are made."""
    first, *rest = path
    return {**document, first: _with(document.get(first, {}), rest, value) if rest else value}


RENAMES = Renames(
    # Before and after a pass gates are counted by one rule at both levels since: diagonals one by one, as lowering
    # writes them. The counts of circuits are compared as ever.
    fields={
        "/stats/passes/*/two_qubit_gates": None,
        "/passes/*/two_qubit_gates": None,
        # Sentences of estimates and results: words are not counts.
        "/reason": None,
        "/warnings": None,
        "adjoint_load": "inverse",
        "normalisation": "subnormalisation",
        "power": "degree",
        "reach": "cutoffs",
    },
    ops={
        "qsac-ir 1": "qsac-ir 2",
        "closes": "uncompute",
        "observe": "save-probabilities",
        "opens": "compute",
        "prepare-power": "prepare-degree",
        "turn-power": "rotate-degree",
    },
    passes={"stage-power": "stage-degree", "stagger-loaders": "alternate-load-order"},
    sources={"qsac/build.py": ('f"power[', 'f"degree[')},
    added={"ops": ("/circuits/*/groups",)},
    added_attributes=("sources",),
    moves={
        "/predictions/standard_errors": "/value_errors/predictions/probabilities",
        "/overlaps/standard_errors": "/value_errors/overlaps",
        "/predictions": "/values/predictions",
        "/overlaps": "/values/overlaps",
    },
)
"""The table in use."""
