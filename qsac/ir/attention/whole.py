"""Loads as whole unitaries, for walks: what is loaded by one is undone by its exact inverse, whatever the data hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.attention.loader import completed, rows_for
from qsac.ir.op import Level, Op, Scope, spoken
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.numerics.bell import BELL
from qsac.numerics.plan import occupied_columns, plan
from qsac.numerics.single_states import Disentangled, disentangled
from qsac.numerics.whole_loads import uncomputed


@dataclass(frozen=True)
class LoadWhole(Op):
    """For ``index`` = i, apply to ``data`` a unitary whose first column is row i of ``table``; with ``inverse`` its
    exact inverse. Whatever ``data`` holds: phase-states and other loads may come before and after.

    ``table`` names an array of shape (rows, 2^size(data)) of unit rows; index values without a row are don't-cares. All
    loads of one table are one unitary and its inverse. Which one, and which phase each value of the index gets, a
    lowering may choose: no readout may depend on it. So loads and inverse loads of one table are as many as each other
    wherever the index is changed or projected. No pass looks into a table of this op.

    ``completion``: with ``ladder`` the unitary of several rows is that of the table's ladders, up to a phase for each
    value of the index (:mod:`qsac.numerics.whole_loads`), and readouts may depend on it. All loads of a table have one.

    ``bell``: before the inverse load and after the load the data are in the Bell basis M in which the loader of a table
    of real rows on two qubits begins and ends: M times the load, and the inverse load times M^dag, for a ``phase-row``
    between them. It saves the gate that each takes for that basis.
    """

    name: ClassVar[str] = "load-whole"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "whole load of"

    data: str
    index: tuple[str, ...]
    table: str
    inverse: bool = False
    bell: bool = False
    completion: Literal["any", "ladder"] = "any"

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.data,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.index

    def check(self, scope: Scope) -> str | None:
        table = scope.tables[self.table]
        if len(table.shape) != 2 or table.shape[1] != scope.dimension(self.targets):
            return f"table {self.table!r} of shape {table.shape} does not fit {spoken(self.data)}"
        if not 1 <= table.shape[0] <= scope.dimension(self.index):
            return f"table {self.table!r} has {table.shape[0]} rows, the index has {scope.dimension(self.index)} values"
        if table.known and np.max(np.abs(np.linalg.norm(table.values, axis=1) - 1)) > 1e-9:
            return f"table {self.table!r} has rows that are not of unit norm"
        if self.completion not in ("any", "ladder"):
            return f"completion {self.completion!r} is none of 'any', 'ladder'"
        if self.completion == "ladder" and table.shape[0] == 1:
            return "a single row is loaded by its structure, not by a ladder"
        if self.bell and not begins_in_bell_basis(table):
            return f"the loader of table {self.table!r} does not begin in a Bell basis"
        return None

    def by_structure(self, scope: Scope) -> Disentangled | None:
        """How a single row is taken to zero in few gates; None for several."""
        table = scope.tables[self.table]
        return _disentangled(table) if table.shape[0] == 1 else None

    def adjoint(self) -> Self:
        return replace(self, inverse=not self.inverse)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a value of the index, completed by Householder reflections if it may be any."""
        values, table = scope.dimension(self.index), scope.tables[self.table].values
        matrices = completed(rows_for(table, values))
        if self.completion == "ladder":
            basis = np.tile(np.eye(table.shape[1], dtype=np.complex128), (len(table), 1, 1))
            matrices[: len(table)] = uncomputed(table, basis).conj().transpose(0, 2, 1)
        if self.bell:
            matrices = BELL @ matrices
        return np.conj(matrices.transpose(0, 2, 1)) if self.inverse else matrices


def begins_in_bell_basis(table: Table) -> bool:
    """Whether the first level of what uncomputes the table, of real rows on two qubits, is in a Bell basis."""
    rows, width = table.shape
    if not table.real or width != 4 or rows == 1:
        return False
    return next(plan(rows, columns_of(table), 2, real=True)).kind == "bell"


def columns_of(table: Table) -> int:
    """How many of its first columns hold all that is not zero, also of a table without numbers."""
    return table.columns if isinstance(table, ShapedTable) else occupied_columns(table.values)


@lru_cache(maxsize=1024)
def _disentangled(table: Table) -> Disentangled:
    # Solving a ladder takes a hundredth of a second, and passes ask for what programs take again and again.
    return disentangled(table.values[0])
