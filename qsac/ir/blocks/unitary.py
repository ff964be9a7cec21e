"""General one-qubit unitaries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.ir.table import Table


@dataclass(frozen=True)
class Unitary(Op):
    """Apply a (2, 2) unitary ``matrix`` to ``qubit``."""

    name: ClassVar[str] = "unitary"
    level: ClassVar[Level] = "block"

    qubit: str
    matrix: Table

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.qubit,)

    def check(self, scope: Scope) -> str | None:
        values = self.matrix.values
        if self.matrix.shape != (2, 2) or np.max(np.abs(values @ values.conj().T - np.eye(2))) > 1e-9:
            return "the matrix is not a 2 x 2 unitary"
        return None

    def adjoint(self) -> Self:
        return replace(self, matrix=Table(self.matrix.values.conj().T))

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return self.matrix.values.astype(np.complex128)[None]
