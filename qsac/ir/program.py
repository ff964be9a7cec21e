"""Programs: ordered ops on declared registers, the tables they name and the readouts they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
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

    ``normalisation`` says how much larger its lambda is than that of what it was built from: all probabilities of
    success are smaller by its square, and their ratios, which are the metrics, the same.
    """

    name: str
    level: Literal["attention", "block"]
    registers: tuple[Register, ...]
    tables: Mapping[str, Table]
    ops: tuple[Op, ...]
    readouts: tuple[Readout, ...]
    normalisation: float = 1.0

    @cached_property
    def scope(self) -> Scope:
        """What ops may look up here."""
        return Scope({register.name: register.size for register in self.registers}, self.tables)

    def with_ops(self, ops: Iterable[Op], tables: Mapping[str, Table] | None = None) -> Program:
        """This program with other ops; of its tables, or of those given, it keeps what they name."""
        ops = tuple(ops)
        named = {name for op in ops for name in op.tables}
        kept = {name: table for name, table in (self.tables if tables is None else tables).items() if name in named}
        return replace(self, ops=ops, tables=kept)


def bit_register(register: str) -> str:
    """The classical register that a register is measured into: ``score[1]`` goes to ``score_1``."""
    return register.replace("[", "_").replace("]", "")
