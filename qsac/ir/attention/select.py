"""Selection of the index that a register holds, so that one inverse load serves two branches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class SelectIndex(Op):
    """Where ``degree`` is 1 keep j in ``query``, where it is 0 bring i of ``key`` there; ``key`` then holds j xor i.

    It is the half of a controlled swap of query and key that an inverse load by ``query`` needs (Construction, section
    5). In branch 0 an inverse load between it and its adjoint undoes the load itself, which gives the identity. Until
    the adjoint its registers are only controls, so the pair may leave out diagonals on them: a lowering is exact for
    the pair, not for each half. With ``swap`` the swap is a whole one: ``key`` then holds i where ``query`` holds j,
    and j where it holds i. Whole swaps may be nested, one pair within another one.
    """

    name: ClassVar[str] = "select-index"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "selection of"

    query: str
    key: str
    degree: str
    adjoint_select: bool = False
    swap: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.query, self.key)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (self.degree,)

    @property
    def inverse(self) -> bool:
        return self.adjoint_select

    @property
    def computes_pair(self) -> bool:
        return not self.adjoint_select

    @property
    def nests(self) -> bool:
        return self.swap

    @property
    def uncomputes_pair(self) -> bool:
        return self.adjoint_select

    def check(self, scope: Scope) -> str | None:
        if scope.sizes[self.query] != scope.sizes[self.key]:
            return "query and key differ in size"
        return None if scope.sizes[self.degree] == 1 else "the degree register has one qubit"

    def adjoint(self) -> Self:
        return replace(self, adjoint_select=not self.adjoint_select)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        dimension = 1 << scope.sizes[self.query]
        position, token = (values.reshape(-1) for values in np.indices((dimension, dimension)))
        matrices = np.zeros((2, dimension**2, dimension**2), dtype=np.complex128)
        for power, kept in enumerate((token, position)):
            other = position ^ token ^ (kept if self.swap else 0)
            matrices[power, kept * dimension + other, np.arange(dimension**2)] = 1.0
        return matrices.transpose(0, 2, 1) if self.adjoint_select else matrices
