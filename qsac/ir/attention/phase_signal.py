"""Phases on zero of some registers whose sign a qubit decides: what walks on scores take between their uses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class PhaseSignal(Op):
    """exp(i ``angles``[g] Z (2 P - 1)), Z on the qubit ``sign``, P the projector on zero of ``registers`` (of none: 1),
    g the value of the registers ``given`` (none: 0); angles in radians.

    With ``sign`` in (|0> + |1>) / sqrt(2), and projected on it, a walk between these phases multiplies by the real part
    of its polynomial.
    """

    name: ClassVar[str] = "phase-signal"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "signed phase on zero of"

    registers: tuple[str, ...]
    sign: str
    angles: tuple[float, ...]
    given: tuple[str, ...] = ()

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return (*self.given, *self.registers, self.sign)

    def check(self, scope: Scope) -> str | None:
        if scope.sizes[self.sign] != 1:
            return f"the sign is in register {self.sign!r}, which has more than one qubit"
        if len(self.angles) != scope.dimension(self.given):
            return f"given registers of {scope.dimension(self.given)} values take as many angles"
        return None

    def adjoint(self) -> Self:
        return replace(self, angles=tuple(-angle for angle in self.angles))

    def signed(self, scope: Scope) -> NDArray[np.float64]:
        """The angle where the sign's qubit is 0, for each value of ``given`` and ``registers``; radians, (values,)."""
        found = -np.repeat(np.array(self.angles)[:, None], scope.dimension(self.registers), axis=1)
        found[:, 0] *= -1
        return np.asarray(found.reshape(-1), dtype=np.float64)

    def turns_over(self, scope: Scope) -> bool:
        """Whether it takes fewer gates to turn the sign over at zero of the registers, before and after the angle that
        ``given`` chooses, than to control one rotation by all of them."""
        given, held = (scope.dimension(names) for names in (self.given, self.registers))
        return held > 1 and 2 * (held - 1) + given < given * held

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        phases = np.exp(1j * self.signed(scope))
        return np.asarray(np.stack((phases, phases.conj()), axis=1).reshape(-1, 1, 1), dtype=np.complex128)
