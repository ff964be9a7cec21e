"""Rounds of amplitude amplification of everything that comes before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qsac.ir.op import Level, Op, Scope
from qsac.numerics.amplification import MOST_ROUNDS, growth


@dataclass(frozen=True)
class Amplify(Op):
    """Take ``rounds`` of amplitude amplification of all ops before: each undoes them, reflects about zero, does them
    again, and reflects about their projections, which are deferred until here.

    ``registers`` are all that ops before target, ``given`` those that they project, which is ``accepted`` with that
    probability. What is accepted with probability
    sin^2 theta is accepted with sin^2((2 rounds + 1) theta), and is the same state; the program's subnormalisation says
    so. Qubits are not used again before the op.
    """

    name: ClassVar[str] = "amplify"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "amplification of"

    registers: tuple[str, ...]
    given: tuple[str, ...]
    rounds: int
    accepted: float

    def check(self, scope: Scope) -> str | None:
        if not 1 <= self.rounds <= MOST_ROUNDS:
            return f"it takes 1 to {MOST_ROUNDS} rounds"
        if not 0 < self.accepted <= 1:
            return "what is accepted is no probability above 0"
        unknown = [name for name in (*self.registers, *self.given) if name not in scope.sizes]
        if unknown:
            return f"register {unknown[0]!r} is not declared"
        if not self.given or not set(self.given) <= set(self.registers):
            return "what is given is not some of the registers before"
        return None

    def grown(self, probability: float) -> float:
        """By what the amplitudes of what is accepted are multiplied, which is so with a ``probability``."""
        return growth(probability, self.rounds) if probability > 0 else 1.0


DIRECT = 3
"""Qubits whose phase on zero is one diagonal: of more, two after another are brought together in a clean one."""


def clean_qubits(op: Amplify, scope: Scope) -> int:
    """How many clean qubits the reflections take."""
    return max(0, scope.dimension(op.registers).bit_length() - 1 - DIRECT)
