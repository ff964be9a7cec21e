"""Where the gates of a compiled program go: the circuits, the ops, and what several ops share.

Every gate is in one place of the tree: gates that were merged from those of several ops are of all of these, and stand
once, under their set. So the numbers of the parts of a node add up to its own, and those of the root are the counts of
the circuits.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from qsac.errors import printable
from qsac.ir.identity import OpIdentity
from qsac.native.circuit import NativeCircuit, gates_by_ops
from qsac.native.provenance import Ids

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled

_COPY = re.compile(r"\[\d+\]")
_SHARED = "shared by several ops"
_LEAST_WORDS = 24
"""Columns that the words of a line are given at least, however narrow the screen."""


@dataclass(frozen=True, repr=False)
class Breakdown:
    """A node of the tree: ``title`` says what it is, ``ops`` which ops' gates it holds (their ids, empty for a node of
    several parts and for gates that no op is known for), ``field`` the JSON pointer of the model field that they are
    from. Gates are counted as in the statistics. Terminals and notebooks show the tree as text."""

    title: str
    two_qubit_gates: int
    one_qubit_gates: int
    ops: Ids = ()
    field: str | None = None
    parts: tuple[Breakdown, ...] = ()

    def __repr__(self) -> str:
        return self.text()

    @property
    def leaves(self) -> tuple[Breakdown, ...]:
        """The nodes without parts, in order: each gate is in one of them."""
        return (self,) if not self.parts else tuple(leaf for part in self.parts for leaf in part.leaves)

    def to_dict(self) -> dict[str, Any]:
        """The tree, JSON-ready."""
        return asdict(self)

    def text(self, width: int | None = None) -> str:
        """The tree under a header; with a ``width`` in columns, longer words of a line go on in the next one."""
        rows = [("op [number]", "two-qubit", "share", "one-qubit"), *_rows(self, self.two_qubit_gates)]
        columns = [max(len(row[place]) for row in rows) for place in (1, 2, 3)]
        taken = sum(columns) + 3 * len(columns)
        nodes = [("", "", "op [number]"), *_branches(self, "", "")]
        room = max(len(first) + len(words) for first, _, words in nodes)
        if width is not None:
            room = max(min(room, width - taken), _LEAST_WORDS)
        lines = []
        for (first, rest, words), row in zip(nodes, rows, strict=True):
            numbers = "".join(f"   {cell:>{column}}" for cell, column in zip(row[1:], columns, strict=True))
            head, *more = textwrap.wrap(words, max(room - len(first), 8), break_long_words=False) or [""]
            lines.append(f"{first + head:<{room}}{numbers}".rstrip())
            lines += [rest + line for line in more]
        return "\n".join(lines)


def breakdown(compiled: Compiled) -> Breakdown:
    """Where the gates of a compiled program go."""
    found = [
        replace(_circuit(circuit, ops), title=circuit.name)
        for circuit, ops in zip(compiled.circuits, compiled.parts_ops, strict=True)
    ]
    name = compiled.model.name
    return replace(found[0], title=name) if len(found) == 1 else _node(name, found)


def _circuit(circuit: NativeCircuit, ops: Sequence[OpIdentity]) -> Breakdown:
    """The ops in their order, copies of one beside each other, then what several share."""
    counts = gates_by_ops(circuit)
    alike: dict[str, list[Breakdown]] = {}
    shared: list[Breakdown] = []
    unknown: list[Breakdown] = []
    for ids, (one, two) in sorted(counts.items()):
        leaf = Breakdown(_words(ids, ops), two, one, ids, _field(ids, ops))
        if len(ids) == 1:
            alike.setdefault(_COPY.sub("", leaf.title), []).append(leaf)
        else:
            (shared if ids else unknown).append(leaf)
    parts = [
        leaves[0] if len(leaves) == 1 else _node(f"{title}, {len(leaves)} times", leaves)
        for title, leaves in alike.items()
    ]
    parts += ([_node(_SHARED, shared)] if len(shared) > 1 else shared) + unknown
    return _node("", parts)


def _node(title: str, parts: Sequence[Breakdown]) -> Breakdown:
    two, one = (sum(getattr(part, name) for part in parts) for name in ("two_qubit_gates", "one_qubit_gates"))
    return Breakdown(title, two, one, parts=tuple(parts))


def _words(ids: Ids, ops: Sequence[OpIdentity]) -> str:
    return " + ".join(ops[place].words for place in ids) or "no op"


def _field(ids: Ids, ops: Sequence[OpIdentity]) -> str | None:
    """The model field that all of the ops are from; None for several."""
    fields = {ops[place].field for place in ids}
    return fields.pop() if len(fields) == 1 else None


def _branches(node: Breakdown, first: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """Of each node in order: what stands before its words, before those of a further line, and its words."""
    ids = f" [{' '.join(map(str, node.ops))}]" if node.ops else ""
    yield first, rest + ("│ " if node.parts else "  "), printable(node.title) + ids
    for place, part in enumerate(node.parts):
        last = place == len(node.parts) - 1
        yield from _branches(part, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))


def _rows(node: Breakdown, total: int) -> Iterator[tuple[str, str, str, str]]:
    share = f"{100 * node.two_qubit_gates / total:.0f} %" if total else ""
    yield "", f"{node.two_qubit_gates:,}", share, f"{node.one_qubit_gates:,}"
    for part in node.parts:
        yield from _rows(part, total)
