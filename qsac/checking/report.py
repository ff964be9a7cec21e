"""What a check of an artifact or a template found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from qsac.errors import EXIT_CHECK_FAILED, EXIT_DOES_NOT_FIT, EXIT_DONE, QsacError

Kind = Literal["artifact", "template"]


class FindingFields(TypedDict):
    """A :class:`Finding`, JSON-ready."""

    pointer: str
    title: str
    found: str | None
    wanted: str | None
    code: str | None


class ReportFields(TypedDict):
    """A :class:`Report`, JSON-ready."""

    kind: Kind
    name: str
    ok: bool
    compared: Literal["closed form", "program"] | None
    worst: float | None
    too_wide: str | None
    findings: list[FindingFields]
    notes: list[str]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it has to be: ``pointer`` is its place in the document (RFC 6901), ``title`` says in
    one clause what is wrong, ``found`` and ``wanted`` are short descriptions or None. ``code`` is the code of the error
    that reading it gave, None for what was found by comparing."""

    pointer: str
    title: str
    found: str | None = None
    wanted: str | None = None
    code: str | None = None

    def to_dict(self) -> FindingFields:
        """The finding as it stands in a report."""
        return {
            "pointer": self.pointer,
            "title": self.title,
            "found": self.found,
            "wanted": self.wanted,
            "code": self.code,
        }

    @classmethod
    def of(cls, error: QsacError) -> Finding:
        """What an error of the reader says."""
        return cls(error.pointer or "", error.title, error.found, error.wanted, error.code)


@dataclass(frozen=True)
class Report:
    """What was checked of a document, and what differs.

    ``findings`` is empty where everything agrees. ``compared`` says what the simulated circuit was compared with, the
    ``closed form`` of its model or its own ``program`` where an error budget was spent; None where it was compared
    with neither; ``too_wide`` then says what is too wide for that, unless it was not asked for. ``notes`` are facts
    that the reader should know and that are no faults. ``worst`` is the largest difference of the compared
    probabilities, relative to P(given).
    """

    kind: Kind
    name: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    compared: Literal["closed form", "program"] | None = None
    worst: float | None = None
    too_wide: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing differs in what was checked."""
        return not self.findings

    @property
    def exit_code(self) -> int:
        """1 where something differs, 3 where the circuit is too wide to be simulated, else 0."""
        if self.findings:
            return EXIT_CHECK_FAILED
        return EXIT_DOES_NOT_FIT if self.too_wide else EXIT_DONE

    def to_dict(self) -> ReportFields:
        """The report as the command line prints it with ``--json``."""
        return {
            "kind": self.kind,
            "name": self.name,
            "ok": self.ok,
            "compared": self.compared,
            "worst": self.worst,
            "too_wide": self.too_wide,
            "findings": [finding.to_dict() for finding in self.findings],
            "notes": list(self.notes),
        }
