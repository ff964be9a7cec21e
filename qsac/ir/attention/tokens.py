"""Token loaders: tables of states, selected by an index register."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import Loader, rows_for
from qsac.ir.op import Data, Level, Scope, check_data, spoken
from qsac.ir.table import Table
from qsac.numerics.plan import controlled_rows
from qsac.numerics.table_structure import TableStructure, structure_of


@dataclass(frozen=True)
class LoadTokens(Loader):
    """For ``index`` = i and every ``when`` qubit = 1, prepare row i of ``table`` on ``data``.

    ``data`` is a register, or a list of several that are taken as one, the first of them most significant.
    ``table`` names an array of shape (rows, 2^size(data)) of unit rows. Index values without a row are don't-cares:
    they must have no amplitude. The ``adjoint`` is the inverse load; ``data`` must then be projected on zero, so only
    the first column of each unitary is part of the meaning, and a lowering may choose the others.

    If the rows approximate others, ``exact`` names the table of the exact rows; columns beyond those of ``table`` are
    left out. ``order`` lists the qubits of ``data``, by position, in the order in which they are loaded, if that is not
    the usual one; the loaded state is the same.

    ``by_structure``: the rows are loaded by the structure that they have: a single row by what entangles its qubits,
    several as a product that all of them are (Construction, section 14). Where there is none, as without it.
    """

    name: ClassVar[str] = "load-tokens"
    level: ClassVar[Level] = "attention"

    data: Data
    index: tuple[str, ...]
    table: str
    inverse: bool = False
    when: tuple[str, ...] = ()
    exact: str = ""
    order: tuple[int, ...] = ()
    by_structure: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.exact) if self.exact else (self.table,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (*self.when, *self.index)

    def check(self, scope: Scope) -> str | None:
        table = scope.tables[self.table]
        if any(scope.sizes[name] != 1 for name in self.when):
            return "a 'when' register has one qubit"
        problem = check_data(self.data)
        if problem is not None:
            return problem
        if len(table.shape) != 2 or table.shape[1] != scope.dimension(self.targets):
            return f"table {self.table!r} of shape {table.shape} does not fit {spoken(self.data)}"
        if not 1 <= table.shape[0] <= scope.dimension(self.index):
            return f"table {self.table!r} has {table.shape[0]} rows, the index has {scope.dimension(self.index)} values"
        if table.known and np.max(np.abs(np.linalg.norm(table.values, axis=1) - 1)) > 1e-9:
            return f"table {self.table!r} has rows that are not of unit norm"
        return self._check_order(scope) or self._check_exact(scope)

    def _check_order(self, scope: Scope) -> str | None:
        if self.order and sorted(self.order) != list(range(sum(scope.sizes[name] for name in self.targets))):
            return f"the order of loading does not name each qubit of {spoken(self.data)} once"
        return None

    def _check_exact(self, scope: Scope) -> str | None:
        if not self.exact:
            return None
        if not isinstance(self.data, str):
            return "rows that approximate others are loaded on one register"
        return check_exact(self.table, self.exact, scope, shape=scope.tables[self.table].shape)

    @property
    def approximates(self) -> bool:
        return bool(self.exact)

    def loaded(self, scope: Scope) -> NDArray[np.complex128]:
        return self._states(self.table, scope)

    def intended(self, scope: Scope) -> NDArray[np.complex128]:
        return self._states(self.exact or self.table, scope)

    def _states(self, table: str, scope: Scope) -> NDArray[np.complex128]:
        values = scope.dimension(self.controlled_by)
        return rows_for(scope.tables[table].values, values, values - scope.dimension(self.index))

    def structure(self, scope: Scope) -> TableStructure | None:
        """The structure by which the rows are loaded; None where they are not, or have none."""
        table = scope.tables[self.table]
        if not self.by_structure or not table.known:
            return None
        return _structure(table, scope.dimension(self.when), self.order)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a control value, the identity where there is no row."""
        matrices = super().matrices(scope)
        first = len(matrices) - scope.dimension(self.index)
        matrices[:first] = matrices[first + scope.tables[self.table].shape[0] :] = np.eye(matrices.shape[1])
        return matrices


@lru_cache(maxsize=256)
def _structure(table: Table, branches: int, order: tuple[int, ...]) -> TableStructure | None:
    return structure_of(controlled_rows(table.values, branches), order)


def check_exact(table: str, exact: str, scope: Scope, *, shape: tuple[int, ...]) -> str | None:
    """What keeps the rows of ``exact`` from being those that ``table``, loading a ``shape`` of rows, approximates."""
    others = scope.tables[exact].values
    if others.ndim != 2 or len(others) != shape[0] or others.shape[1] < shape[1]:
        return f"table {exact!r} of shape {others.shape} is not what {table!r} approximates"
    if others.shape[1] & (others.shape[1] - 1):
        return f"table {exact!r} has {others.shape[1]} columns, which is no power of two"
    return None
