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
L = TypeVar("L", bound=Callable[..., object])


@dataclass(frozen=True)
class LoweringContext:
    """The program's scope, its registers' qubits, and what several ops derive from one table.

    ``numbers`` counts the slots of a template; None where the program stands for itself alone. ``orders`` are those of
    the uniformly controlled gates that are still to come, in their order; where it ends, the usual one is taken.
    ``patterns`` keeps what is derived of the patterns of tables, for programs whose tables have the same ones. With
    ``slots_only`` blocks without slots may be left out.
    """

    scope: Scope
    allocation: Allocation
    derived: dict[Hashable, object] = field(default_factory=dict)
    numbers: Iterator[int] | None = None
    orders: Iterator[LadderOrder | None] = field(default_factory=lambda: iter(()))
    patterns: dict[Hashable, object] = field(default_factory=dict)
    slots_only: bool = False

    def qubits(self, *registers: str) -> tuple[str, ...]:
        """The qubits of the registers, in order, each most significant first."""
        return tuple(qubit for register in registers for qubit in self.allocation.qubits[register])

    def slot(self) -> tuple[int, ...]:
        """What a block whose numbers come from tokens or parameters has for its ``slots``."""
        return () if self.numbers is None else (next(self.numbers),)

    def cached(self, key: Hashable, derive: Callable[[], T]) -> T:
        """``derive()``, computed once for each key."""
        return _cached(self.derived, key, derive)

    def of_pattern(self, key: Hashable, derive: Callable[[], T]) -> T:
        """What is derived of a table's pattern, computed once for each key in all programs of a template."""
        return _cached(self.patterns, key, derive)


def _cached(kept: dict[Hashable, object], key: Hashable, derive: Callable[[], T]) -> T:
    if key not in kept:
        kept[key] = derive()
    return kept[key]  # type: ignore[return-value]


Lowering = Callable[[Any, LoweringContext], Sequence[Op]]

lowering: ByOp[Lowering] = ByOp("lowering", "qsac.lowering", Sequence)
"""The blocks of each attention op where its registers lie, in time order, from a function of the op and the place."""

_self_contained: set[Callable[..., object]] = set()


def self_contained(lower: L) -> L:
    """Marks a lowering that asks for nothing but the op, its tables, and the qubits of its registers: its blocks are
    kept for ops that are alike (:mod:`qsac.lowering.kept`)."""
    _self_contained.add(lower)
    return lower


def is_self_contained(op: Op) -> bool:
    """Whether the blocks of an op follow from it, its tables, and the qubits of its registers alone."""
    return lowering.of(op) in _self_contained
