"""Adding a number to what registers hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class AddConstant(Op):
    """Where every ``when`` qubit is 1, add ``amount`` to the number that ``registers`` hold together, the first of them
    most significant, modulo its size."""

    name: ClassVar[str] = "add-constant"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "addition to"

    registers: tuple[str, ...]
    amount: int
    when: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return self.registers

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.when

    def check(self, scope: Scope) -> str | None:
        if not self.registers:
            return "it names no register"
        if any(scope.sizes[name] != 1 for name in self.when):
            return "a 'when' register has one qubit"
        if not 0 < self.amount < scope.dimension(self.registers):
            return f"{self.amount} is not between 0 and {scope.dimension(self.registers)}"
        return None

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        size = scope.dimension(self.registers)
        matrices = np.tile(np.eye(size, dtype=np.complex128), (1 << len(self.when), 1, 1))
        matrices[-1] = np.roll(np.eye(size), self.amount, axis=0)
        return matrices


def carries(amount: int, bits: int) -> list[tuple[int, int]]:
    """What the addition is made of, in time order: (bit, lowest): flip the bit, 0 the least significant, where all bits
    from ``lowest`` up to it are 1. Each power of two in ``amount`` is added by itself."""
    return [(bit, low) for low in range(bits) if amount >> low & 1 for bit in range(bits - 1, low - 1, -1)]
