"""Points of a program at which an exact simulation saves the probabilities of a register without disturbing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qsac.ir.op import Level, Op


@dataclass(frozen=True)
class SaveProbabilities(Op):
    """Save the probabilities of ``registers`` in the computational basis as ``quantity``, one for each value.

    It takes no gate. The number is the joint probability of the value and of every projection so far. A machine that
    measured the registers here instead of continuing would sample it (Construction, section 1: reading ``query`` gives
    w_j^2 and |A_j|^2 one by one).
    """

    name: ClassVar[str] = "save-probabilities"
    level: ClassVar[Level] = "both"
    phrase: ClassVar[str] = "observation of"

    registers: tuple[str, ...]
    quantity: str

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.registers
