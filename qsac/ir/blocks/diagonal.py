"""Diagonal unitaries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.ir.table import Table


@dataclass(frozen=True)
class Diagonal(Op):
    """Multiply |x> of ``qubits`` (the first most significant) by exp(i phases[x]); phases in radians.

    It only borrows its qubits: it commutes with every other borrow.
    """

    name: ClassVar[str] = "diagonal"
    level: ClassVar[Level] = "block"

    qubits: tuple[str, ...]
    phases: Table

    @property
    def borrows(self) -> tuple[str, ...]:
        return self.qubits

    def check(self, scope: Scope) -> str | None:
        if self.phases.shape != (1 << len(self.qubits),) or not self.phases.real:
            return f"{len(self.qubits)} qubits take {1 << len(self.qubits)} real phases"
        return None

    def adjoint(self) -> Self:
        return replace(self, phases=Table(-self.phases.values))

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return np.exp(1j * self.phases.values).reshape(-1, 1, 1)
