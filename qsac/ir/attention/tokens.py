"""Token loaders: tables of states, chosen by an index register."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class LoadTokens(Op):
    """Where ``index`` is i and every ``when`` qubit is 1, bring ``data`` from zero into row i of ``table``.

    ``table`` names an array of shape (rows, 2^size(data)) of unit rows. What happens on index values without a row is
    left open: nothing may be there. The ``adjoint`` un-loads; the data must then be projected on zero, so only the
    first column of each unitary is part of the meaning, and a lowering may choose the others.

    Rows that approximate others say so: ``exact`` then names a table of as many rows, whose further columns, if it has
    more, are left out.
    """

    name: ClassVar[str] = "load-tokens"
    level: ClassVar[Level] = "attention"

    data: str
    index: tuple[str, ...]
    table: str
    adjoint_load: bool = False
    when: tuple[str, ...] = ()
    exact: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table, self.exact) if self.exact else (self.table,)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.data,)

    @property
    def borrows(self) -> tuple[str, ...]:
        return (*self.when, *self.index)

    @property
    def needs_fresh(self) -> tuple[str, ...]:
        return () if self.adjoint_load else (self.data,)

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return (self.data,) if self.adjoint_load else ()

    def check(self, scope: Scope) -> str | None:
        table = scope.tables[self.table]
        if any(scope.sizes[name] != 1 for name in self.when):
            return "a 'when' register has one qubit"
        if len(table.shape) != 2 or table.shape[1] != 1 << scope.sizes[self.data]:
            return f"table {self.table!r} of shape {table.shape} does not fit register {self.data!r}"
        if not 1 <= table.shape[0] <= scope.dimension(self.index):
            return f"table {self.table!r} has {table.shape[0]} rows, the index has {scope.dimension(self.index)} values"
        if np.max(np.abs(np.linalg.norm(table.values, axis=1) - 1)) > 1e-9:
            return f"table {self.table!r} has rows that are not of unit norm"
        if self.exact:
            return check_exact(self.table, self.exact, scope)
        return None

    def adjoint(self) -> Self:
        return replace(self, adjoint_load=not self.adjoint_load)

    def loaded(self, scope: Scope) -> NDArray[np.complex128]:
        """What is loaded for each control value, shape (values, d); |0...0> where there is no row."""
        return self._padded(self.table, scope)

    def intended(self, scope: Scope) -> NDArray[np.complex128]:
        """What is approximated, or loaded if nothing is, shape (values, d)."""
        return self._padded(self.exact or self.table, scope)

    def _padded(self, table: str, scope: Scope) -> NDArray[np.complex128]:
        rows = scope.tables[table].values
        padded = np.zeros((scope.dimension(self.borrows), rows.shape[1]), dtype=np.complex128)
        padded[:, 0] = 1.0
        first = len(padded) - scope.dimension(self.index)
        padded[first : first + len(rows)] = rows
        return padded

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a control value; its first column is the row, the others complete it (Householder)."""
        rows = scope.tables[self.table].values
        dimension = rows.shape[1]
        matrices = np.tile(np.eye(dimension, dtype=np.complex128), (scope.dimension(self.borrows), 1, 1))
        first = len(matrices) - scope.dimension(self.index)
        matrices[first : first + len(rows)] = completed(rows)
        return np.conj(matrices.transpose(0, 2, 1)) if self.adjoint_load else matrices


def check_exact(table: str, exact: str, scope: Scope) -> str | None:
    """What keeps the rows of ``exact`` from being those that ``table`` approximates."""
    rows, others = scope.tables[table].values, scope.tables[exact].values
    if others.ndim != 2 or len(others) != len(rows) or others.shape[1] < rows.shape[1]:
        return f"table {exact!r} of shape {others.shape} is not what {table!r} approximates"
    if others.shape[1] & (others.shape[1] - 1):
        return f"table {exact!r} has {others.shape[1]} columns, which is no power of two"
    return None


def completed(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Unitaries of shape (R, d, d) whose first columns are the given unit rows, by Householder reflections."""
    lead = rows[:, 0]
    magnitude = np.abs(lead)
    phase = np.where(magnitude > 0, lead / np.where(magnitude > 0, magnitude, 1.0), 1.0)
    # The reflection takes e_0 to -conj(phase) x; the column is then turned back to x.
    vectors = np.conj(phase)[:, None] * rows
    vectors[:, 0] += 1.0
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    reflections = np.eye(rows.shape[1]) - 2 * vectors[:, :, None] * np.conj(vectors[:, None, :])
    return np.asarray(-phase[:, None, None] * reflections, dtype=np.complex128)
