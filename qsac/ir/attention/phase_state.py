"""A phase on one state and the opposite phase on all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope


@dataclass(frozen=True)
class PhaseState(Op):
    """exp(i ``angle`` (2 P - 1)), P the projector on a state of ``registers``; angle in radians.

    ``zero``: |0...0>. ``uniform``: sum over i < ``length`` of |i> / sqrt(length), on one register. With the angle pi/2
    it is the reflection 2 P - 1, up to a global phase.
    """

    name: ClassVar[str] = "phase-state"
    level: ClassVar[Level] = "attention"
    phrase: ClassVar[str] = "phase on a state of"

    registers: tuple[str, ...]
    angle: float
    state: Literal["zero", "uniform"] = "zero"
    length: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        return () if self.state == "zero" else self.registers

    @property
    def controlled_by(self) -> tuple[str, ...]:
        # About |0...0> it is diagonal.
        return self.registers if self.state == "zero" else ()

    def check(self, scope: Scope) -> str | None:
        if not self.registers:
            return "it names no register"
        if self.state == "zero":
            return None
        if self.state != "uniform":
            return f"state {self.state!r} is none of 'zero', 'uniform'"
        size = scope.sizes[self.registers[0]]
        if len(self.registers) != 1 or not 1 << (size - 1) < self.length <= 1 << size:
            return f"a uniform state of length {self.length} does not need exactly one register of {size} qubits"
        return None

    def adjoint(self) -> Self:
        return replace(self, angle=-self.angle)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        dimension = scope.dimension(self.registers)
        if self.state == "zero":
            phases = np.full(dimension, -self.angle)
            phases[0] = self.angle
            return np.asarray(np.exp(1j * phases).reshape(-1, 1, 1), dtype=np.complex128)
        vector = np.zeros(dimension)
        vector[: self.length] = 1 / np.sqrt(self.length)
        matrix = np.exp(-1j * self.angle) * np.eye(dimension) + 2j * np.sin(self.angle) * np.outer(vector, vector)
        return np.asarray(matrix[None], dtype=np.complex128)
