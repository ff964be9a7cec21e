"""What a run asks of a journal: whatever circuits gave is kept as soon as it is known, and never taken again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from qsac.families.contract import CircuitStep
from qsac.families.outcomes import Outcomes, counted
from qsac.native.circuit import NativeCircuit
from qsac.runtime.sampling import Draw


@dataclass(frozen=True)
class Wanted:
    """What outcomes of a circuit look like: the names of its readouts, the number of values of its index, and the
    ``shots``; None for exact ones. ``bits`` is the length of a bit string where these themselves are kept, with their
    counts."""

    reads: tuple[str, ...]
    values: int
    shots: int | None
    bits: int | None = None

    @classmethod
    def of(cls, step: CircuitStep, shots: int | None, bits: int | None = None) -> Wanted:
        """What is wanted of a circuit of a plan."""
        return cls(step.reads, 1 << step.index, shots, bits)


Taken = Outcomes | list[tuple[str, int]]
"""Outcomes, or bit strings with their counts."""


class Keeper(Protocol):
    """A journal of outcomes."""

    def outcomes(self, path: Mapping[str, Any], wanted: Wanted, take: Callable[[], Outcomes]) -> Outcomes:
        """What is kept under ``path``, JSON-ready; else what ``take`` gives, which is on disk when this returns."""

    def counts(
        self, path: Mapping[str, Any], wanted: Wanted, take: Callable[[], list[tuple[str, int]]]
    ) -> list[tuple[str, int]]:
        """The same of bit strings and their counts."""


def keeping(
    keeper: Keeper, step: CircuitStep, circuit: NativeCircuit, subnormalisation: float, draw: Draw, *, strings: bool
) -> Draw:
    """A draw of a circuit that is kept: as outcomes, or as the bit ``strings`` themselves."""

    def kept(shots: int, seed: int) -> Taken:
        path = {"circuit": step.name, "shots": shots, "seed": seed}
        if strings:
            wanted = Wanted.of(step, shots, len(circuit.bits))
            return keeper.counts(path, wanted, lambda: _strings(draw(shots, seed)))
        return keeper.outcomes(path, Wanted.of(step, shots), lambda: outcomes(shots, seed))

    def outcomes(shots: int, seed: int) -> Outcomes:
        drawn = draw(shots, seed)
        if isinstance(drawn, Outcomes):
            return replace(drawn, subnormalisation=subnormalisation)
        return counted(circuit, drawn, subnormalisation)

    return kept


def _strings(drawn: Any) -> list[tuple[str, int]]:
    return [(str(outcome), int(count)) for outcome, count in drawn]
