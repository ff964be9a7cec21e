"""Power registers: the terms of a polynomial kernel, in unary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


def unary_state(amplitudes: tuple[float, ...]) -> NDArray[np.float64]:
    """sum_p a_p |1^p 0^(k-p)> on k qubits, shape (2^k,), for k + 1 amplitudes."""
    degree = len(amplitudes) - 1
    state = np.zeros(1 << degree)
    for power, amplitude in enumerate(amplitudes):
        state[(1 << degree) - (1 << (degree - power))] = amplitude
    return state


def check_unary(registers: tuple[str, ...], amplitudes: tuple[float, ...], scope: Scope) -> str | None:
    """What is wrong with a unary state on one-qubit registers, or None."""
    if any(scope.sizes[name] != 1 for name in registers):
        return "a power register has one qubit"
    if len(amplitudes) != len(registers) + 1:
        return f"{len(registers)} power registers take {len(registers) + 1} amplitudes, not {len(amplitudes)}"
    if abs(float(np.dot(amplitudes, amplitudes)) - 1) > 1e-9:
        return "the amplitudes are not of unit norm"
    return None


@dataclass(frozen=True)
class PreparePower(Op):
    """Bring the power registers into sum_p a_p |1^p 0^(k-p)>, a_p = sign(c_p) sqrt(|c_p| / lam) (algorithm point 1)."""

    name: ClassVar[str] = "prepare-power"
    level: ClassVar[Level] = "attention"

    power: tuple[str, ...]
    amplitudes: tuple[float, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return self.power

    @property
    def needs_fresh(self) -> tuple[str, ...]:
        return self.power

    def check(self, scope: Scope) -> str | None:
        return check_unary(self.power, self.amplitudes, scope)

    def prepared(self, scope: Scope) -> NDArray[Any]:
        return unary_state(self.amplitudes)
