"""How tables are derived from others, so that they can be computed again when the others change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from qsac.errors import of_type
from qsac.ir.attention.unitary import ApplyUnitary, UnitaryForm
from qsac.ir.op import Scope
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table

How = Literal["load", "inverse_load", "basis", "diagonal"]


class Operation(Protocol):
    """Computes one array from others: a frozen dataclass of plain fields, named in :data:`OPERATIONS`."""

    name: ClassVar[str]

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """The values of the new table."""
        ...

    def outline(self, *arguments: Table) -> ShapedTable:
        """What is known of the new table where the numbers of some are not."""
        ...


@dataclass(frozen=True)
class Turned:
    """From unit rows x and a unitary U = B D B*: ``load`` rows U x, ``inverse_load`` rows U* x, ``basis`` rows B* x,
    ``diagonal`` the entries of D (Construction, sections 5 and 7). ``form`` and ``rotations`` say how the unitary's
    table is read (see :class:`~qsac.ir.attention.ApplyUnitary`)."""

    name: ClassVar[str] = "turned"

    how: How
    form: UnitaryForm
    rotations: tuple[str, ...] = ()

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        rows, table = arguments
        scope = Scope({"data": int(rows.shape[1]).bit_length() - 1}, {"unitary": Table(table)})
        unitary = ApplyUnitary("data", self.form, "unitary", self.rotations).unitary(scope)
        if self.how in ("basis", "diagonal"):
            entries, basis = _diagonal_form(unitary)
            if self.how == "diagonal":
                return entries
            turned = rows @ basis.conj()
        else:
            turned = rows @ (unitary.T if self.how == "load" else unitary.conj())
        result: NDArray[np.complex128] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        return result

    def outline(self, *arguments: Table) -> ShapedTable:
        rows, table = of_type(arguments[0], ShapedTable), arguments[1]
        if self.how == "diagonal":
            return ShapedTable((rows.shape[1],), real=False)
        ansatz = self.form == "hardware-efficient"
        real = set(self.rotations) <= {"ry"} if ansatz else table.real
        # A matrix is given for the columns that are not padding, and extended by the identity.
        columns = rows.shape[1] if ansatz else rows.columns
        return rows.through(
            f"{self.how} {_name(table)}", real=rows.real and real and self.how != "basis", columns=columns
        )


@dataclass(frozen=True)
class Branches:
    """From rows for the value 0 of a gate and rows for its value 1: for every token both, one after the other; |0...0>
    where one of them has no row."""

    name: ClassVar[str] = "branches"

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        zeros, ones = arguments
        both = np.zeros((max(len(zeros), len(ones)), 2, ones.shape[1]), dtype=np.result_type(zeros, ones))
        both[:, :, 0] = 1.0
        both[: len(zeros), 0] = zeros
        both[: len(ones), 1] = ones
        return both.reshape(-1, ones.shape[1])

    def outline(self, *arguments: Table) -> ShapedTable:
        zeros, ones = (of_type(argument, ShapedTable) for argument in arguments)
        rows = 2 * max(zeros.shape[0], ones.shape[0])
        return ShapedTable(
            (rows, ones.shape[1]),
            real=zeros.real and ones.real,
            columns=max(zeros.columns, ones.columns),
            spans=zeros.spans | ones.spans,
        )


OPERATIONS: dict[str, type[Operation]] = {operation.name: operation for operation in (Turned, Branches)}


@dataclass(frozen=True)
class Derivation:
    """A table that comes from others, ``sources``: names of a program's tables, or derivations themselves."""

    operation: Operation
    sources: tuple[Source, ...]

    def derived(self, tables: Mapping[str, Table]) -> NDArray[np.complex128]:
        """The values, from ``tables`` by name."""
        return self.operation(*(_values(source, tables) for source in self.sources))


Source = str | Derivation


def _values(source: Source, tables: Mapping[str, Table]) -> NDArray[np.complex128]:
    found: NDArray[np.complex128] = tables[source].values if isinstance(source, str) else source.derived(tables)
    return found


def derive(operation: Operation, arguments: tuple[str | Table, ...], tables: Mapping[str, Table]) -> Table:
    """The table that an operation makes of a program's ``tables``, called by their names, and of other derived ones,
    with its derivation from those that the program was built with."""
    taken = [tables[argument] if isinstance(argument, str) else argument for argument in arguments]
    if not all(table.known for table in taken):
        return operation.outline(*taken)
    sources: list[Source] = []
    for argument, table in zip(arguments, taken, strict=True):
        source = table.derivation or argument
        if isinstance(source, Table):
            raise TypeError("a table without a derivation must be named")
        sources.append(source)
    return Table(operation(*(table.values for table in taken)), derivation=Derivation(operation, tuple(sources)))


def _name(unitary: Table) -> str:
    """What tells the shaped_tables that a unitary makes from those that another one makes."""
    return (
        "+".join(sorted(span.sequence for span in unitary.spans))
        if isinstance(unitary, ShapedTable)
        else hex(hash(unitary))
    )


def turned(how: How, rows: str, unitary: ApplyUnitary, tables: Mapping[str, Table]) -> Table:
    """:class:`Turned` of the table called ``rows``, by a unitary of the program."""
    return derive(Turned(how, unitary.form, unitary.rotations), (rows, unitary.table), tables)


def _diagonal_form(unitary: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """D and B of a unitary B D B*: the Schur form of a normal matrix is diagonal, and its basis is unitary."""
    from scipy.linalg import schur

    triangular, basis = schur(unitary, output="complex")
    entries: NDArray[np.complex128] = np.diag(triangular).astype(np.complex128)
    return entries / np.abs(entries), basis
