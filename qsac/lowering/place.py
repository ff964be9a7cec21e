"""Where an attention op's registers lie while it is lowered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from qsac.ir.op import Scope
from qsac.lowering.allocation import Allocation

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """The program's scope, its registers' qubits, and what several ops derive from one table."""

    scope: Scope
    allocation: Allocation
    derived: dict[Hashable, object] = field(default_factory=dict)

    def qubits(self, *registers: str) -> tuple[str, ...]:
        """The qubits of the registers, in order, each most significant first."""
        return tuple(qubit for register in registers for qubit in self.allocation.qubits[register])

    def cached(self, key: Hashable, derive: Callable[[], T]) -> T:
        """``derive()``, computed once for each key."""
        if key not in self.derived:
            self.derived[key] = derive()
        return self.derived[key]  # type: ignore[return-value]
