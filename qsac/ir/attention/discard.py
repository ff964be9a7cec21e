"""Registers that nobody asks for any more: traced out, and their qubits free again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class Discard(Op):
    """Release ``registers``, whatever they hold: they are measured, and no readout names what comes.

    Every outcome is kept, so nothing is conditional on it: what is left is the state with the registers traced out.
    """

    name: ClassVar[str] = "discard"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "discarding of"

    registers: tuple[str, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return self.registers

    @property
    def releases(self) -> tuple[str, ...]:
        return self.registers

    def check(self, scope: Scope) -> str | None:
        return None if self.registers else "it discards no register"
