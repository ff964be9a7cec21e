"""A program while it is put together: registers, tables and ops under fresh names, and op lists reversed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from qsac.files.numbers import Numbers
from qsac.ir.attention import ApplyUnitary, LoadTokens, Multiply, PrepareKeys, Project, SelectIndex
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table

Names = tuple[str, ...]
"""Registers whose joint value is one number, the first most significant."""


ALIKE = 1e-13
"""Lengths that differ by less, relatively, differ by rounding alone."""


BY_THEMSELVES = ("/tokens", "/readout")
"""Where loads come from that no pass may solve together with others."""


class Composition:
    """The ops of a program so far, in order, and the registers and tables that they name.

    Registers without qubits do not exist: what would be one of them is an empty tuple of names. Tables of equal
    numbers are one table.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.tables: dict[str, Table] = {}
        self.ops: list[Op] = []
        self._numbered: dict[str, int] = {}
        self._named: dict[tuple[str, Table], str] = {}
        self._split: dict[str, Names] = {}

    def register(self, base: str, size: int) -> Names:
        """A fresh register, called ``base[k]``; no register where it has no qubits."""
        if not size:
            return ()
        name = self._fresh(base)
        self.sizes[name] = size
        return (name,)

    def joined(self, base: str, *registers: Names) -> Names:
        """Several registers under one name."""
        name = self._fresh(base)
        self._split[name] = tuple(register for names in registers for register in names)
        self.sizes[name] = self.width(self._split[name])
        return (name,)

    def like(self, base: str, other: Names) -> Names:
        """A fresh register that is split as another one is."""
        sizes = [self.sizes[part] for part in self.parts(other)]
        made = self.register(base, sum(sizes))
        self.split(made, *sizes[1:])
        return made

    def split(self, data: Names, *sizes: int) -> tuple[Names, ...]:
        """Make several registers of the last qubits of a fresh one, which stands for all of them from here on."""
        edges = [self.width(data) - sum(sizes[place:]) for place in range(len(sizes) + 1)]
        start = 0
        groups: list[list[str]] = [[] for _ in edges]
        for part in self.parts(data):
            stop = start + self.sizes[part]
            cuts = [start, *(edge for edge in edges if start < edge < stop), stop]
            made: Names = (part,)
            if len(cuts) > 2:
                base = part.partition("[")[0]
                made = tuple(self.register(base, size)[0] for size in np.diff(cuts).tolist())
                self._split[part] = made
            for name, place in zip(made, cuts, strict=False):
                groups[sum(1 for edge in edges[:-1] if edge <= place)].append(name)
            start = stop
        return tuple(tuple(group) for group in groups[1:])

    def parts(self, names: Names) -> Names:
        """The registers that names stand for."""
        return tuple(
            part for name in names for part in (self.parts(self._split[name]) if name in self._split else (name,))
        )

    def width(self, names: Names) -> int:
        """The qubits of some registers."""
        return sum(self.sizes[name] for name in names)

    def table(self, base: str, values: Numbers) -> str:
        """The name of a table of these numbers."""
        made = Table(values)
        if (base, made) not in self._named:
            name = f"{base}-{self._number(f'{base}-')}"
            self._named[base, made], self.tables[name] = name, made
        return self._named[base, made]

    def _fresh(self, base: str) -> str:
        return f"{base}[{self._number(base)}]"

    def _number(self, base: str) -> int:
        number = self._numbered.get(base, 0)
        self._numbered[base] = number + 1
        return number

    def load(
        self,
        data: Names,
        index: Names,
        table: str,
        rows: Numbers,
        *,
        when: Names = (),
        inverse: bool = False,
        origin: str = "",
    ) -> None:
        """Load ``rows`` (R, D) of unit norm by ``index`` onto ``data``, filled up with zeros to its width. An inverse
        load is followed by the projection of ``data``.

        Rows of tokens and of what is made of one token stand by themselves: see docs/transformer.md, "What is worked
        out classically". What indices are weighed by, which holds lengths alone, need not.
        """
        if not data:
            return
        padded = np.zeros((len(rows), 1 << self.width(data)), dtype=rows.dtype)
        padded[:, : rows.shape[1]] = rows
        name, target = self.table(table, padded), _one(self.parts(data))
        fenced = origin in BY_THEMSELVES
        self.ops.append(
            LoadTokens(target, self.parts(index), name, inverse=inverse, when=when, origin=origin, barrier=fenced)
        )
        if inverse:
            self.project(data, origin=origin)

    def project(self, registers: Names, *, origin: str = "") -> None:
        """Project registers on zero."""
        if registers:
            self.ops.append(Project(self.parts(registers), origin=origin))

    def multiply(self, data: Names, by: Names, *, when: Names = (), origin: str = "") -> None:
        """Multiply the amplitudes of ``by`` with those of ``data``, which ends."""
        for one, other in zip(self.parts(data), self.parts(by), strict=True):
            self.ops.append(Multiply(one, other, when=when, origin=origin, barrier=True))
        self.project(data, origin=origin)

    def unitary(
        self, data: Names, matrix: Numbers, *, when: Names = (), ending: bool = False, origin: str = ""
    ) -> None:
        """Apply a unitary matrix, completed by the identity. None is needed for the identity, unless some of ``data``
        is ``ending`` then: in the adjoint it begins with this op."""
        size = 1 << self.width(data)
        whole = np.eye(size, dtype=matrix.dtype)
        whole[: len(matrix), : len(matrix)] = matrix
        if not ending and np.abs(whole - np.eye(size)).max() < ALIKE:
            return
        target, table = _one(self.parts(data)), self.table("matrix", whole)
        self.ops.append(ApplyUnitary(target, "matrix", table, when=when, origin=origin, barrier=True))

    def diagonal(self, data: Names, entries: Numbers, *, origin: str = "") -> None:
        """Multiply the amplitude of each value of ``data`` by an entry of modulus 1, if not all of them are 1."""
        if np.abs(entries - 1).max() < ALIKE:
            return
        target, table = _one(self.parts(data)), self.table("phases", entries)
        self.ops.append(ApplyUnitary(target, "diagonal", table, origin=origin, barrier=True))

    def attenuate(self, index: Names, ratios: Numbers, *, when: Names = (), origin: str = "") -> None:
        """Multiply the amplitude of each value of ``index`` by a ratio from 0 to 1: one qubit, turned and projected."""
        if np.all(np.abs(ratios - 1) < ALIKE):
            return
        rest = np.sqrt(np.clip(1 - ratios**2, 0, None))
        flag = self.register("flag", 1)
        self.load(flag, index, "ratios", np.stack([ratios, rest], axis=1), when=when, origin=origin)
        self.project(flag, origin=origin)

    def undo(self, emit: Callable[[Names, Names], None], data: Names, when: Names) -> None:
        """Add the adjoint of what ``emit`` brings ``data`` up by where all of ``when`` are 1."""
        kept, self.ops = self.ops, []
        try:
            emit(data, when)
            kept += self.reversed(self.ops)
        finally:
            self.ops = kept

    def reversed(self, ops: Sequence[Op]) -> list[Op]:
        """The adjoint of an op list: registers that it brings up end, in zero, and the other way round.

        What ends in the list begins in it too: with a load, or where the list is an adjoint itself with an inverse one.
        """
        ending = {register for op in ops for register in op.releases}
        born: dict[str, int] = {}
        for place, op in enumerate(ops):
            for register in (*op.requires_zero, *(name for name in op.targets if name in ending)):
                born.setdefault(register, place)
        result: list[Op] = []
        for place in reversed(range(len(ops))):
            op = ops[place]
            adjoint = self._adjoint(op)
            if adjoint is not None:
                result.append(adjoint)
            ended = tuple(register for register in op.targets if born.get(register) == place)
            if ended and not isinstance(adjoint, Project):
                result.append(Project(ended, origin=op.origin))
        return result

    def _adjoint(self, op: Op) -> Op | None:
        """The inverse of one op; None for a projection on zero, in which a register then begins."""
        match op:
            case Project(state="zero"):
                return None
            case ApplyUnitary():
                matrix = self.tables[op.table].values.conj().T
                return replace(op, table=self.table("matrix", matrix))
            case LoadTokens() | Multiply() | PrepareKeys() | SelectIndex():
                return op.adjoint()
        raise TypeError(f"an op {op.name} has no adjoint here")

    def program(self, name: str, readouts: Iterable[Readout], subnormalisation: float) -> Program:
        """The program of what is here."""
        used = {register for op in self.ops for register in (*op.targets, *op.controlled_by)}
        named = {table for op in self.ops for table in op.tables}
        return Program(
            name=name,
            level="attention",
            registers=tuple(Register(register, size) for register, size in self.sizes.items() if register in used),
            tables={table: values for table, values in self.tables.items() if table in named},
            ops=tuple(self.ops),
            readouts=tuple(readouts),
            subnormalisation=subnormalisation,
        )


def _one(names: Names) -> str | Names:
    """A register by itself, or several."""
    return names if len(names) > 1 else names[0]
