"""What a comparison found, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Section = Literal[
    "kind",
    "model",
    "target",
    "options",
    "circuits",
    "counts",
    "passes",
    "registers",
    "ops",
    "tables",
    "readouts",
    "allocation",
    "gates",
    "angles",
]
"""What part of a program a difference is in, in the order in which they are told."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs: ``what`` it is in its ``section``, of which ``circuit`` where there are several, and how
    it is in both, JSON-ready; None where one has nothing of the kind."""

    section: Section
    what: str
    a: Any
    b: Any
    circuit: str | None = None


@dataclass(frozen=True)
class Meaning:
    """Whether two programs mean the same: every probability that their readouts report, given that a shot is accepted.

    ``same`` is None where that cannot be told. ``reason`` says how it is known, or what differs most.
    """

    same: bool | None
    reason: str


@dataclass(frozen=True)
class Differences:
    """All that differs between ``a`` and ``b``, which are named as the user named them. ``kind`` is what they are.
    ``meaning`` is None where it was not asked for."""

    a: str
    b: str
    kind: str
    tolerance: float
    found: Sequence[Difference]
    meaning: Meaning | None

    @property
    def sections(self) -> Mapping[Section, Sequence[Difference]]:
        """The differences of each section that has any."""
        parts: dict[Section, list[Difference]] = {}
        for one in self.found:
            parts.setdefault(one.section, []).append(one)
        return parts

    def to_dict(self) -> dict[str, Any]:
        """The same, JSON-ready: what ``qsac diff --json`` prints."""
        return {
            "a": self.a,
            "b": self.b,
            "kind": self.kind,
            "tolerance": self.tolerance,
            "meaning": None if self.meaning is None else asdict(self.meaning),
            "differences": [asdict(one) for one in self.found],
        }
