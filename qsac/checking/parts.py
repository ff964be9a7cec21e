"""One circuit of an artifact, with its program, its statistics, and the places where they stand in the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.families.outcomes import Outcomes
from qsac.files.pointer import join
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit
from qsac.simulation.verification import expected_outcomes, of_program


@dataclass(frozen=True)
class Part:
    """A circuit of ``compiled``, by its place."""

    compiled: Compiled
    place: int

    @property
    def circuit(self) -> NativeCircuit:
        """The circuit as stored."""
        return self.compiled.circuits[self.place]

    @property
    def program(self) -> Program:
        """Its final attention program."""
        return self.compiled.programs[self.place]

    @property
    def stats(self) -> Mapping[str, Any]:
        """What the statistics say of it."""
        return self.compiled.parts_stats[self.place]

    @property
    def pointer(self) -> str:
        """Where it stands."""
        return f"/circuits/{self.place}"

    @property
    def stats_pointer(self) -> str:
        """Where its statistics stand."""
        alone = len(self.compiled.circuits) == 1
        return "/stats" if alone else join("/stats/circuits", self.circuit.name)

    @property
    def ir_pointer(self) -> str:
        """Where its program stands."""
        return "/ir" if len(self.compiled.circuits) == 1 else join("/ir", self.circuit.name)

    @cached_property
    def expected(self) -> Outcomes:
        """The closed form."""
        found = expected_outcomes(self.compiled.model, self.compiled.subnormalisations)
        return list(found.values())[self.place]

    @cached_property
    def interpreted(self) -> Outcomes:
        """The program, interpreted. Raises :class:`~qsac.errors.DoesNotFitError` for one that is too wide."""
        return of_program(self.program)

    @cached_property
    def spent(self) -> dict[str, float]:
        """What passes have spent of the error budget; empty where the report cannot be read, which is a finding."""
        report = self.stats.get("error_budget")
        spent = report.get("spent") if isinstance(report, dict) else None
        readable = isinstance(spent, dict) and all(type(error) is float and 0 < error < 1 for error in spent.values())
        return spent if isinstance(spent, dict) and readable else {}


def parts_of(compiled: Compiled) -> Iterator[Part]:
    """All circuits, in order."""
    return (Part(compiled, place) for place in range(len(compiled.circuits)))
