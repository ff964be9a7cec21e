"""Degree registers: the terms of a polynomial kernel, in unary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import atan2, sqrt
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.numerics.pauli import rotation_matrix


def unary_state(amplitudes: tuple[float, ...]) -> NDArray[np.float64]:
    """sum_p a_p |1^p 0^(k-p)> on k qubits, shape (2^k,), for k + 1 amplitudes."""
    degree = len(amplitudes) - 1
    state = np.zeros(1 << degree)
    for power, amplitude in enumerate(amplitudes):
        state[(1 << degree) - (1 << (degree - power))] = amplitude
    return state


def unary_angles(amplitudes: tuple[float, ...]) -> list[float]:
    """RY angles that prepare a unary state, each of a register given that the one before it is 1; radians.

    Signs are carried by the rotation that ends a branch; what goes on is taken positive until the last one.
    """
    angles = []
    for place in range(len(amplitudes) - 1):
        rest = amplitudes[place + 1 :]
        onward = rest[0] if len(rest) == 1 else sqrt(sum(amplitude**2 for amplitude in rest))
        angles.append(2 * atan2(onward, amplitudes[place]))
    return angles


def check_unary(registers: tuple[str, ...], amplitudes: tuple[float, ...], scope: Scope) -> str | None:
    """What is wrong with a unary state on one-qubit registers, or None."""
    if any(scope.sizes[name] != 1 for name in registers):
        return "a degree register has one qubit"
    if len(amplitudes) != len(registers) + 1:
        return f"{len(registers)} degree registers take {len(registers) + 1} amplitudes, not {len(amplitudes)}"
    if abs(float(np.dot(amplitudes, amplitudes)) - 1) > 1e-9:
        return "the amplitudes are not of unit norm"
    return None


@dataclass(frozen=True)
class PrepareDegree(Op):
    """Prepare sum_p a_p |1^p 0^(k-p)>, a_p = sign(c_p) sqrt(|c_p| / lam), on the degree registers.

    See Construction, section 1.
    """

    name: ClassVar[str] = "prepare-degree"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "preparation of"

    degree: tuple[str, ...]
    amplitudes: tuple[float, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return self.degree

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return self.degree

    def check(self, scope: Scope) -> str | None:
        return check_unary(self.degree, self.amplitudes, scope)

    def prepared(self, scope: Scope) -> NDArray[Any]:
        return unary_state(self.amplitudes)


@dataclass(frozen=True)
class RotateDegree(Op):
    """Rotate one degree register by RY(``angles[g]``), g the value of the registers ``given`` (none: 0); radians.

    A unary state is prepared one register after another, each conditioned on the one before, and can be unprepared in
    the same order, each conditioned on the one after: few degree registers are then live at a time (Construction,
    section 4). Where heads have kernels of their own, their register is given too. ``fresh``: the register enters in
    zero. ``last``: it is projected on zero next.
    """

    name: ClassVar[str] = "rotate-degree"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "rotation of"

    degree: str
    angles: tuple[float, ...]
    given: tuple[str, ...] = ()
    fresh: bool = False
    last: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.degree,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.given

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return (self.degree,) if self.fresh else ()

    @property
    def inverse(self) -> bool:
        return self.last

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return (self.degree,) if self.last else ()

    def check(self, scope: Scope) -> str | None:
        if scope.sizes[self.degree] != 1:
            return "a degree register has one qubit"
        if len(self.angles) != scope.dimension(self.given):
            return f"given registers of {scope.dimension(self.given)} values take as many angles"
        return None

    def adjoint(self) -> Self:
        return replace(self, angles=tuple(-angle for angle in self.angles), fresh=self.last, last=self.fresh)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return np.array([rotation_matrix("y", angle) for angle in self.angles])
