"""A phase on one real state of two qubits in a Bell basis, and the opposite phase on all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.numerics.bell import BELL


@dataclass(frozen=True)
class PhaseRow(Op):
    """M exp(i ``angle`` (2 |q><q| - 1)) M^dag, q the one row of ``table``, M the Bell basis that a ``load-whole`` with
    ``bell`` leaves its data in; angle in radians.

    ``table`` names an array of shape (1, 4), real and of unit norm. In that basis q is a Bell state up to a gate V on
    the first qubit, so that this is V exp(i angle/2 (XX - YY + ZZ)) V^dag: three gates, where the inverse load of the
    row, a phase on |00> and the load take three and the way out of the basis and back two more.
    """

    name: ClassVar[str] = "phase-row"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "phase on the row of"

    data: str
    table: str
    angle: float

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.data,)

    def check(self, scope: Scope) -> str | None:
        table = scope.tables[self.table]
        if table.shape != (1, 4) or not table.real or scope.sizes[self.data] != 2:
            return f"table {self.table!r} is not one real row for a register of two qubits"
        if table.known and abs(np.linalg.norm(table.values) - 1) > 1e-9:
            return f"table {self.table!r} is not of unit norm"
        return None

    def adjoint(self) -> Self:
        return replace(self, angle=-self.angle)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        vector = BELL @ scope.tables[self.table].values[0]
        others = np.exp(-1j * self.angle) * np.eye(4)
        return np.asarray((others + 2j * np.sin(self.angle) * np.outer(vector, vector.conj()))[None])
