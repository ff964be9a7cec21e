"""Token loaders whose gates have fewer controls than the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import Loader, rows_for
from qsac.ir.attention.tokens import check_exact
from qsac.ir.op import Level, Scope


@dataclass(frozen=True)
class LoadPruned(Loader):
    """For ``index`` = i, prepare row i of ``table`` on ``data`` with few gates (Construction, section 9).

    The rows approximate those of the table ``exact``, phases included. Additional columns of that table are left out.
    The rows allow a loader to omit some controls: ``cutoffs``, the control cutoffs, has a number for each index qubit
    and then for each data qubit but the last; the qubit only controls gates on data qubits before that number. As with
    :class:`~qsac.ir.attention.LoadTokens`, only the first column of each unitary is part of the meaning.
    """

    name: ClassVar[str] = "load-pruned"
    level: ClassVar[Level] = "attention"

    data: str
    index: tuple[str, ...]
    table: str
    exact: str
    cutoffs: tuple[int, ...]
    inverse: bool = False

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.index

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.exact)

    def check(self, scope: Scope) -> str | None:
        size, bits = scope.sizes[self.data], sum(scope.sizes[name] for name in self.index)
        rows = scope.tables[self.table]
        problem = check_exact(self.table, self.exact, scope, shape=rows.shape)
        if problem or rows.real != scope.tables[self.exact].real:
            return problem or f"tables {self.table!r} and {self.exact!r} differ in kind"
        if len(rows.shape) != 2 or rows.shape[1] != 1 << size:
            return f"table {self.table!r} of shape {rows.shape} does not fit register {self.data!r}"
        if bits != (rows.shape[0] - 1).bit_length():
            return f"table {self.table!r} has {rows.shape[0]} rows, the index has {1 << bits} values"
        for name in self.tables:
            if np.max(np.abs(np.linalg.norm(scope.tables[name].values, axis=1) - 1)) > 1e-9:
                return f"table {name!r} has rows that are not of unit norm"
        least = [*[0] * bits, *range(1 + rows.real, size + rows.real)]
        if len(self.cutoffs) != len(least) or not all(
            min(low, size) <= cutoffs <= size for low, cutoffs in zip(least, self.cutoffs, strict=True)
        ):
            return f"cutoffs {list(self.cutoffs)} is not from {[min(low, size) for low in least]} to {size}"
        return None

    def loaded(self, scope: Scope) -> NDArray[np.complex128]:
        return rows_for(scope.tables[self.table].values, scope.dimension(self.index))

    def intended(self, scope: Scope) -> NDArray[np.complex128]:
        return rows_for(scope.tables[self.exact].values, scope.dimension(self.index))
