"""Index registers: which pairs (position j, token i) attend to each other, and single ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import completed, rows_for
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


@dataclass(frozen=True)
class PrepareKeys(Op):
    """For ``query`` = j, bring ``key`` from zero into the sum of |i> over the keys that j sees, of unit norm.

    ``causal``: i <= j < ``length``; values of ``query`` from ``length`` on must have no amplitude. ``full``: all
    i < ``length``, whatever ``query`` is: it is no control then. With ``adjoint_load`` the inverse; ``key`` is
    projected on zero next. Both together make a sum over the keys their mean (Construction, section 10).
    """

    name: ClassVar[str] = "prepare-keys"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "preparation of"

    query: str
    key: str
    mask: Mask
    length: int
    adjoint_load: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.key,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (self.query,) if self.mask == "causal" else ()

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return () if self.adjoint_load else self.targets

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return self.targets if self.adjoint_load else ()

    @property
    def inverse(self) -> bool:
        return self.adjoint_load

    def check(self, scope: Scope) -> str | None:
        if self.mask not in ("causal", "full"):
            return f"mask {self.mask!r} is neither 'causal' nor 'full'"
        if self.query not in scope.sizes:
            return f"register {self.query!r} is not declared"
        if self.query == self.key or scope.sizes[self.query] != scope.sizes[self.key]:
            return "query and key are not two registers of one size"
        size = scope.sizes[self.key]
        if not 1 << (size - 1) < self.length <= 1 << size:
            return f"length {self.length} does not need exactly {size} index qubits"
        return None

    def adjoint(self) -> Self:
        return replace(self, adjoint_load=not self.adjoint_load)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a control value; its first column is the state of the keys, the others complete it."""
        dimension = 1 << scope.sizes[self.key]
        seen = np.tril(np.ones((self.length, dimension)))
        if self.mask == "full":
            seen = np.zeros((1, dimension))
            seen[:, : self.length] = 1.0
        rows = seen / np.linalg.norm(seen, axis=1, keepdims=True)
        matrices = completed(rows_for(rows, scope.dimension(self.controlled_by)))
        return np.conj(matrices.transpose(0, 2, 1)) if self.adjoint_load else matrices
