"""Phases on an index register."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.ir.table import Table


@dataclass(frozen=True)
class PhaseTable(Op):
    """Multiply |j> of ``index`` by exp(i phases[j]); phases in radians, one for each j below their number, else 0."""

    name: ClassVar[str] = "phase-table"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "phases on"

    index: str
    phases: Table

    @property
    def borrows(self) -> tuple[str, ...]:
        return (self.index,)

    def check(self, scope: Scope) -> str | None:
        if len(self.phases.shape) != 1 or not self.phases.real:
            return "phases are not a list of real numbers"
        if self.phases.shape[0] > 1 << scope.sizes[self.index]:
            return f"{self.phases.shape[0]} phases do not fit register {self.index!r}"
        return None

    def adjoint(self) -> Self:
        return replace(self, phases=self.phases.negated())

    def padded(self, scope: Scope) -> NDArray[np.float64]:
        """One phase for every value of the register; shape (2^size,)."""
        phases = np.zeros(1 << scope.sizes[self.index])
        phases[: self.phases.shape[0]] = self.phases.values
        return phases

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return np.asarray(np.exp(1j * self.padded(scope)).reshape(-1, 1, 1), dtype=np.complex128)
