"""Programs: ordered ops on declared registers, the tables they name and the readouts they serve."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import is_
from typing import Literal

from qsac.ir.op import Op, Register, Scope
from qsac.ir.table import Table


@dataclass(frozen=True)
class Readout:
    """A metric is P(all of ``given`` and ``success``) / P(all of ``given``); both name projections' outcomes.

    With an ``index``, projections on zero that a machine reads as they come out, it is a list: for every value v of
    the index P(success | v and given), or P(v | given) where nothing has to succeed.
    """

    metric: str
    given: tuple[str, ...]
    success: tuple[str, ...]
    index: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """A program of one level. The order of ops is the time order; equal programs print equally.

    ``subnormalisation`` is the factor, above or below 1, of its lambda over that of what it was built from: all
    probabilities of success are divided by its square, and their ratios, which are the metrics, are the same.
    """

    name: str
    level: Literal["attention", "block"]
    registers: tuple[Register, ...]
    tables: Mapping[str, Table]
    ops: tuple[Op, ...]
    readouts: tuple[Readout, ...]
    subnormalisation: float = 1.0

    @cached_property
    def scope(self) -> Scope:
        """What ops may look up here."""
        return Scope({register.name: register.size for register in self.registers}, self.tables)

    @cached_property
    def counted(self) -> dict[Hashable, int]:
        """What has been counted of the program, kept with it: it is asked again and again while passes choose."""
        return {}

    @cached_property
    def _places(self) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, tuple[int, ...]]]:
        """For each register the places of the ops that use it, and of those that target it."""
        used: dict[str, list[int]] = {}
        targeted: dict[str, list[int]] = {}
        for place, op in enumerate(self.ops):
            for register in dict.fromkeys((*op.targets, *op.controlled_by)):
                used.setdefault(register, []).append(place)
            for register in op.targets:
                targeted.setdefault(register, []).append(place)
        first, second = ({name: tuple(places) for name, places in found.items()} for found in (used, targeted))
        return first, second

    def says_the_same(self, other: Program) -> bool:
        """Whether the other program is of the very same ops, tables and registers: what holds of one holds of both.
        False decides nothing."""
        return (
            len(self.ops) == len(other.ops)
            and all(map(is_, self.ops, other.ops))
            and self.level == other.level
            and self.registers == other.registers
            and self.readouts == other.readouts
            and self.tables.keys() == other.tables.keys()
            and all(table is other.tables[name] for name, table in self.tables.items())
        )

    def uses(self, register: str) -> tuple[int, ...]:
        """The places of the ops that target or control on a register, in order."""
        return self._places[0].get(register, ())

    def targeting(self, register: str) -> tuple[int, ...]:
        """The places of the ops that target a register, in order."""
        return self._places[1].get(register, ())

    def with_ops(self, ops: Iterable[Op], tables: Mapping[str, Table] | None = None) -> Program:
        """This program with other ops; of its tables, or of those given, it keeps what they name."""
        ops = tuple(ops)
        named = {name for op in ops for name in op.tables}
        kept = {name: table for name, table in (self.tables if tables is None else tables).items() if name in named}
        return replace(self, ops=ops, tables=kept)


def bit_register(register: str) -> str:
    """The classical register that a register is measured into: ``score[1]`` goes to ``score_1``."""
    return register.replace("[", "_").replace("]", "")
