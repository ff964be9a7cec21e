"""Index registers: which pairs (position j, token i) attend to each other, and single ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope

Mask = Literal["causal", "full"]


@dataclass(frozen=True)
class PrepareIndices(Op):
    """Prepare the sum over the mask of |j>|i> / sqrt(N) on ``query`` and ``key`` (arXiv 2602.06699 v2, step 1).

    ``causal`` has the pairs i <= j < ``length``, ``full`` all pairs i, j < ``length``.
    """

    name: ClassVar[str] = "prepare-indices"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "preparation of"

    query: str
    key: str
    mask: Mask
    length: int

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.query, self.key)

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return self.targets

    def check(self, scope: Scope) -> str | None:
        sizes = {scope.sizes[name] for name in self.targets}
        if self.mask not in ("causal", "full"):
            return f"mask {self.mask!r} is neither 'causal' nor 'full'"
        if len(sizes) != 1:
            return "query and key differ in size"
        size = sizes.pop()
        if not 1 << (size - 1) < self.length <= 1 << size:
            return f"length {self.length} does not need exactly {size} index qubits"
        return None

    def prepared(self, scope: Scope) -> NDArray[Any]:
        dimension = 1 << scope.sizes[self.query]
        position, token = np.indices((dimension, dimension))
        inside = (position < self.length) & (token < self.length)
        if self.mask == "causal":
            inside &= token <= position
        return np.asarray(inside / np.sqrt(inside.sum()), dtype=np.float64).reshape(-1)


@dataclass(frozen=True)
class PrepareIndex(Op):
    """Prepare the sum over i < ``length`` of |i> / sqrt(length) on ``index``, a single index without a pair."""

    name: ClassVar[str] = "prepare-index"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "preparation of"

    index: str
    length: int

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.index,)

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return self.targets

    def check(self, scope: Scope) -> str | None:
        size = scope.sizes[self.index]
        if not 1 << (size - 1) < self.length <= 1 << size:
            return f"length {self.length} does not need exactly {size} index qubits"
        return None

    def prepared(self, scope: Scope) -> NDArray[Any]:
        state = np.zeros(scope.dimension(self.targets))
        state[: self.length] = 1 / np.sqrt(self.length)
        return state
