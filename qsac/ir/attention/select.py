"""Choosing which index a register holds: what lets one un-loading serve two branches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class SelectIndex(Op):
    """Where ``power`` is 1 keep j in ``query``, where it is 0 bring i of ``key`` there; ``key`` then holds j xor i.

    It is the half of a controlled swap of query and key that an un-loading by ``query`` needs (algorithm point 5). An
    un-loading between it and its adjoint un-does the very load in the branch 0, which is the identity there. Until the
    adjoint its registers are only borrowed, so that diagonals on them may be left to the pair: a lowering is exact for
    the pair, not for each half.
    """

    name: ClassVar[str] = "select-index"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "selection of"

    query: str
    key: str
    power: str
    adjoint_select: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.query, self.key)

    @property
    def borrows(self) -> tuple[str, ...]:
        return (self.power,)

    @property
    def inverse(self) -> bool:
        return self.adjoint_select

    @property
    def opens_pair(self) -> bool:
        return not self.adjoint_select

    @property
    def closes_pair(self) -> bool:
        return self.adjoint_select

    def check(self, scope: Scope) -> str | None:
        if scope.sizes[self.query] != scope.sizes[self.key]:
            return "query and key differ in size"
        return None if scope.sizes[self.power] == 1 else "the power register has one qubit"

    def adjoint(self) -> Self:
        return replace(self, adjoint_select=not self.adjoint_select)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        dimension = 1 << scope.sizes[self.query]
        position, token = (values.reshape(-1) for values in np.indices((dimension, dimension)))
        matrices = np.zeros((2, dimension**2, dimension**2), dtype=np.complex128)
        for power, kept in enumerate((token, position)):
            matrices[power, kept * dimension + (position ^ token), np.arange(dimension**2)] = 1.0
        return matrices.transpose(0, 2, 1) if self.adjoint_select else matrices
