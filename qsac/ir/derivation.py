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
        return _of_both(rows, zeros, ones)


@dataclass(frozen=True)
class Spread:
    """From rows by one of two indices and rows by both: those of the first kind, as often as there are of the second.

    ``kept`` is the index that the first ones are by, first or last among both, and ``bits`` the qubits of the last."""

    name: ClassVar[str] = "spread"

    kept: Literal["first", "last"]
    bits: int

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        some, all_rows = arguments
        places = np.arange(len(all_rows))
        places = places >> self.bits if self.kept == "first" else places & ((1 << self.bits) - 1)
        found: NDArray[np.complex128] = some[np.minimum(places, len(some) - 1)]
        return found

    def outline(self, *arguments: Table) -> ShapedTable:
        some, all_rows = (of_type(argument, ShapedTable) for argument in arguments)
        return ShapedTable((all_rows.shape[0], some.shape[1]), real=some.real, columns=some.columns, spans=some.spans)


@dataclass(frozen=True)
class Choices:
    """From rows by an index i, and rows by the index and the head h: rows by the index and a choice, which is 0 for
    those of the first kind and 1 + h for the others.

    ``order`` of the second kind is by key and head, of which there are then as many as values, or by head and key;
    ``bits`` are those of what is last. Of the first kind the row ``stride`` i is taken. What is made is by key and
    choice where every value is a choice, else by choice and key, with rows that do not occur repeated ones."""

    name: ClassVar[str] = "choices"

    order: Literal["key-head", "head-key"]
    bits: int
    stride: int

    def sizes(self, rows: int) -> tuple[int, int]:
        """How many keys and heads ``rows`` rows of the second kind are of."""
        if self.order == "key-head":
            return rows >> self.bits, 1 << self.bits
        heads = -(-rows >> self.bits)
        return rows - ((heads - 1) << self.bits), heads

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        zeros, ones = arguments
        keys, heads = self.sizes(len(ones))
        key, head = np.arange(keys), np.arange(heads)[:, None]
        places = (key << self.bits) + head if self.order == "key-head" else (head << self.bits) + key
        chosen = np.concatenate((zeros[np.minimum(key * self.stride, len(zeros) - 1)][None], ones[places]))
        if _fills(heads + 1):
            found: NDArray[np.complex128] = chosen.transpose(1, 0, 2).reshape(-1, ones.shape[1])
            return found
        values = 1 << (keys - 1).bit_length()
        padded = np.concatenate((chosen, np.repeat(chosen[:, -1:], values - keys, axis=1)), axis=1)
        return padded.reshape(-1, ones.shape[1])[: heads * values + keys]

    def outline(self, *arguments: Table) -> ShapedTable:
        zeros, ones = (of_type(argument, ShapedTable) for argument in arguments)
        keys, heads = self.sizes(ones.shape[0])
        rows = keys * (heads + 1) if _fills(heads + 1) else (heads << (keys - 1).bit_length()) + keys
        return _of_both(rows, zeros, ones)


@dataclass(frozen=True)
class Selections:
    """From nothing: rows by a gate and one of so many ``values`` v, |0> where the gate is 0, |v + shift> where it is
    1."""

    name: ClassVar[str] = "selections"
    most: ClassVar[int] = 1 << 10

    values: int
    shift: int

    def __call__(self, *arguments: NDArray[np.complex128]) -> NDArray[np.complex128]:
        if not 1 <= self.values <= self.most or not 0 <= self.shift <= 1:
            raise ValueError(f"{self.values} values from {self.shift} on are not selected")
        gated = 1 << (self.values - 1).bit_length()
        rows = np.zeros((gated + self.values, 1 << (self.values + self.shift - 1).bit_length()), dtype=np.complex128)
        rows[:gated, 0] = 1.0
        rows[gated + np.arange(self.values), np.arange(self.values) + self.shift] = 1.0
        return rows

    def outline(self, *arguments: Table) -> ShapedTable:
        raise TypeError("these rows are known")


def _of_both(rows: int, zeros: ShapedTable, ones: ShapedTable) -> ShapedTable:
    """What is known of so many rows that are those of two tables."""
    return ShapedTable(
        (rows, ones.shape[1]),
        real=zeros.real and ones.real,
        columns=max(zeros.columns, ones.columns),
        spans=zeros.spans | ones.spans,
    )


def _fills(values: int) -> bool:
    """Whether values take all values of a register."""
    return values & (values - 1) == 0


OPERATIONS: dict[str, type[Operation]] = {
    operation.name: operation for operation in (Turned, Branches, Spread, Choices, Selections)
}


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
