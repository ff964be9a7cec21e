"""Rotations about Pauli products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.numerics.pauli import PAULI, rotation_matrix


@dataclass(frozen=True)
class PauliRotation(Op):
    """exp(-i angle P / 2), P the product of ``paulis`` (``"x"``, ``"zx"``, ...) on ``qubits``; angle in radians."""

    name: ClassVar[str] = "pauli-rotation"
    level: ClassVar[Level] = "block"

    paulis: str
    qubits: tuple[str, ...]
    angle: float

    @property
    def targets(self) -> tuple[str, ...]:
        return self.qubits

    @property
    def diagonal_on(self) -> tuple[str, ...]:
        return tuple(qubit for qubit, pauli in zip(self.qubits, self.paulis, strict=False) if pauli == "z")

    def check(self, scope: Scope) -> str | None:
        if not 1 <= len(self.qubits) <= 2 or len(self.paulis) != len(self.qubits) or not set(self.paulis) <= set(PAULI):
            return f"paulis {self.paulis!r} do not fit {len(self.qubits)} qubits (1 or 2, each x, y or z)"
        return None

    def adjoint(self) -> Self:
        return replace(self, angle=-self.angle)

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        return rotation_matrix(self.paulis, self.angle)[None]


def phased_x(qubit: str, theta: float, phi: float) -> tuple[PauliRotation, ...]:
    """PhasedX(theta, phi) = Rz(phi) Rx(theta) Rz(-phi), angles in radians."""
    return (
        PauliRotation("z", (qubit,), -float(phi)),
        PauliRotation("x", (qubit,), float(theta)),
        PauliRotation("z", (qubit,), float(phi)),
    )


def controlled_x(control: str, target: str) -> tuple[PauliRotation, ...]:
    """CX up to a global phase, as the three commuting rotations exp(i pi/4 (Z + X - Z X))."""
    return (
        PauliRotation("zx", (control, target), pi / 2),
        PauliRotation("z", (control,), -pi / 2),
        PauliRotation("x", (target,), -pi / 2),
    )


def controlled_z(first: str, second: str) -> tuple[PauliRotation, ...]:
    """CZ up to a global phase, as the three commuting rotations exp(i pi/4 (Z + Z - Z Z))."""
    return (
        PauliRotation("zz", (first, second), pi / 2),
        PauliRotation("z", (first,), -pi / 2),
        PauliRotation("z", (second,), -pi / 2),
    )
