"""Points of a program at which an exact simulation reads a register without disturbing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qsac.ir.op import Level, Op


@dataclass(frozen=True)
class Observe(Op):
    """Mark that here the computational basis of ``registers`` carries ``quantity``, one number for each of its values.

    It costs no gate. The number is the probability of the value together with every projection so far. A machine that
    measured the registers here, in place of going on, would sample it (algorithm point 1: reading ``query`` gives
    w_j^2 and |A_j|^2 one by one).
    """

    name: ClassVar[str] = "observe"
    level: ClassVar[Level] = "both"
    phrase: ClassVar[str] = "observation of"

    registers: tuple[str, ...]
    quantity: str

    @property
    def borrows(self) -> tuple[str, ...]:
        return self.registers
