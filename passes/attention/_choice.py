"""One table for all heads and for the branch without them: a register that says which of them a copy is loaded for."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from qsac.ir.attention import LoadTokens, Project
from qsac.ir.derivation import Choices, Selections, derive
from qsac.ir.op import Op, Register
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.passes.attention._tables import added


class Chosen(NamedTuple):
    """The ops in place of a gated load and inverse load: those before the copy, both without the gate, and those
    after it."""

    before: list[Op]
    load: LoadTokens
    inverse_load: LoadTokens
    after: list[Op]


class Choosing:
    """A program while copies of several heads get registers of choices, ``choice[..]``.

    A gated copy is loaded by the token and the head h. In place of both the head and the gate stands a choice: 0 where
    the gate is 0, 1 + h where it is 1. So the rows for the gate's 0 are there once, not once for each head. What the
    inverse load depends on besides the position is likewise 0 where the gate is 0.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tables = dict(program.tables)
        self.registers: list[Register] = []
        self._instead: dict[str, tuple[str, ...]] = {}

    def chosen(self, load: LoadTokens, inverse_load: LoadTokens, key: str, query: str | None) -> Chosen | None:
        """The ops of a copy that is loaded by ``key`` and heads, and uncomputed by ``query`` if there is one; None
        where it is not of that form."""
        scope = self.program.scope
        order = _order(load, key)
        rows = self.tables[load.table].shape[0]
        if order is None or len(load.when) != 1:
            return None
        last = load.index[1:] if order == "key-head" else (key,)
        bits = scope.dimension(last).bit_length() - 1
        others = tuple(name for name in inverse_load.index if name != query)
        after_query = inverse_load.index[inverse_load.index.index(query) + 1 :] if query is not None else ()
        stride = scope.dimension(after_query) if query is not None else 0
        operation = Choices(order, bits, stride)
        keys, heads = operation.sizes(rows)
        if not 1 < heads <= scope.dimension(_heads(load, key)) or keys > 1 << scope.sizes[key] or keys < 1:
            return None
        names: list[str] = []
        before: list[Op] = []
        choice = self._register(load, "choice", heads.bit_length())
        table = derive(Selections(heads, 1), (), {})
        names.append(choice)
        before.append(self._load(load, choice, (*load.when, *_heads(load, key)), table))
        index = (key, choice) if heads + 1 == 1 << heads.bit_length() else (choice, key)
        name = added(
            self.tables,
            f"{inverse_load.table}-or-{load.table}-chosen",
            derive(operation, (inverse_load.table, load.table), self.tables),
        )
        new = replace(load, index=index, table=name, when=())
        end = replace(inverse_load, when=())
        if others:
            values = scope.dimension(others)
            kind = self._register(load, "kind", values.bit_length() - 1)
            names.append(kind)
            before.append(self._load(load, kind, (*load.when, *others), derive(Selections(values, 0), (), {})))
            place = inverse_load.index.index(others[0])
            kept = [one for one in inverse_load.index if one not in others]
            end = replace(end, index=(*kept[:place], kind, *kept[place:]))
        after: list[Op] = []
        for op in reversed(before):
            after += [op.adjoint(), Project((op.data,), origin=op.origin)]  # type: ignore[attr-defined]  # loads
        self._instead[str(load.data)] = tuple(names)
        return Chosen(before, new, end, after)

    def finished(self, ops: list[Op]) -> Program:
        """The program of these ops, whose readouts ask for the choices to be zero again where they ask for the copy."""
        instead = self._instead

        def with_choices(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(found for name in names for found in (name, *instead.get(name, ())))

        readouts = tuple(
            replace(readout, given=with_choices(readout.given), success=with_choices(readout.success))
            for readout in self.program.readouts
        )
        program = replace(self.program, registers=(*self.program.registers, *self.registers), readouts=readouts)
        return program.with_ops(ops, self.tables)

    def _register(self, load: LoadTokens, base: str, size: int) -> str:
        """A register whose name has the number of the copy's."""
        number = str(load.data).partition("[")[2] or f"{len(self.registers)}]"
        known = {register.name for register in (*self.program.registers, *self.registers)}
        while f"{base}[{number}" in known:
            base += "-"
        self.registers.append(Register(f"{base}[{number}", size))
        return self.registers[-1].name

    def _load(self, load: LoadTokens, data: str, index: tuple[str, ...], rows: Table) -> LoadTokens:
        name = added(self.tables, f"{data.partition('[')[0]}s", rows)
        return LoadTokens(data, index, name, origin=load.origin)


def _order(load: LoadTokens, key: str) -> Literal["key-head", "head-key"] | None:
    """How a load's index is made of the token and the heads; None where there are no heads."""
    if len(load.index) < 2:
        return None
    if load.index[0] == key:
        return "key-head"
    return "head-key" if load.index[-1] == key else None


def _heads(load: LoadTokens, key: str) -> tuple[str, ...]:
    return tuple(name for name in load.index if name != key)
