"""Where an attention op's registers lie while it is lowered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.by_op import ByOp
from qsac.ir.op import Op, Scope
from qsac.lowering.allocation import Allocation

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """The program's scope, its registers' qubits, and what several ops derive from one table.

    ``numbers`` counts the slots of a template; None where the program stands for itself alone. ``orders`` are those of
    the uniformly controlled gates that are still to come, in their order; where it ends, the usual one is taken.
    """

    scope: Scope
    allocation: Allocation
    derived: dict[Hashable, object] = field(default_factory=dict)
    numbers: Iterator[int] | None = None
    orders: Iterator[LadderOrder | None] = field(default_factory=lambda: iter(()))

    def qubits(self, *registers: str) -> tuple[str, ...]:
        """The qubits of the registers, in order, each most significant first."""
        return tuple(qubit for register in registers for qubit in self.allocation.qubits[register])

    def slot(self) -> tuple[int, ...]:
        """What a block whose numbers come from tokens or parameters has for its ``slots``."""
        return () if self.numbers is None else (next(self.numbers),)

    def cached(self, key: Hashable, derive: Callable[[], T]) -> T:
        """``derive()``, computed once for each key."""
        if key not in self.derived:
            self.derived[key] = derive()
        return self.derived[key]  # type: ignore[return-value]


Lowering = Callable[[Any, Place], Sequence[Op]]

lowering: ByOp[Lowering] = ByOp("lowering", "qsac.lowering", Sequence)
"""The blocks of each attention op where its registers lie, in time order, from a function of the op and the place."""
