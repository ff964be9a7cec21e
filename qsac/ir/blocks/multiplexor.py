"""Uniformly controlled one-qubit gates: rotations exactly, general gates up to a diagonal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.ir.pauli import PAULI, Axis
from qsac.ir.table import Table


def ruler(controls: int) -> NDArray[np.intp]:
    """Which control stands at each of the 2^c - 1 inner places of a Gray-code ladder; 0 is the first control.

    The sequence reads the same from both ends, and each prefix toggles every control as a reflected Gray code does.
    """
    places = np.arange(1, 1 << controls)
    trailing_zeros = np.log2(places & -places).astype(np.intp)
    return np.asarray(controls - 1 - trailing_zeros, dtype=np.intp)


PairEnd = Literal["none", "opens", "closes"]
_OPPOSITE: dict[PairEnd, PairEnd] = {"none": "none", "opens": "closes", "closes": "opens"}


@dataclass(frozen=True)
class Multiplexor(Op):
    """Turn ``target`` by exp(-i angles[x] P / 2) about ``axis``, x the value of ``controls`` (the first most
    significant); angles in radians, one for each of the 2^c values.

    ``enters_zero`` states that the target enters in state zero, ``leaves_zero`` that only its component zero counts
    from here on (it is untouched until a measurement that every readout wants to be 0). A Gray-code ladder of 2^c
    rotations then does without one of its 2^c entangling gates (Moettoenen et al., quant-ph/0407010; algorithm
    point 2). The same holds for a ``pair`` that ``opens`` here and ``closes`` with the adjoint, if the target and the
    controls are only borrowed in between: what is left out is diagonal, once before and once after.
    """

    name: ClassVar[str] = "multiplexor"
    level: ClassVar[Level] = "block"

    axis: Axis
    controls: tuple[str, ...]
    target: str
    angles: Table
    enters_zero: bool = False
    leaves_zero: bool = False
    pair: PairEnd = "none"

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def borrows(self) -> tuple[str, ...]:
        return self.controls

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return (self.target,) if self.leaves_zero else ()

    @property
    def opens_pair(self) -> bool:
        return self.pair == "opens"

    @property
    def closes_pair(self) -> bool:
        return self.pair == "closes"

    @property
    def first_entangler_free(self) -> bool:
        """Whether a ladder may leave out the entangling gate at its beginning."""
        return self.enters_zero or self.pair == "closes"

    @property
    def last_entangler_free(self) -> bool:
        """Whether a ladder may leave out the entangling gate at its end."""
        return self.leaves_zero or self.pair == "opens"

    def check(self, scope: Scope) -> str | None:
        if self.axis not in PAULI:
            return f"axis {self.axis!r} is none of 'x', 'y', 'z'"
        if self.angles.shape != (1 << len(self.controls),) or not self.angles.real:
            return f"{len(self.controls)} controls take {1 << len(self.controls)} real angles"
        return None

    def adjoint(self) -> Self:
        return replace(
            self,
            angles=Table(-self.angles.values),
            enters_zero=self.leaves_zero,
            leaves_zero=self.enters_zero,
            pair=_OPPOSITE[self.pair],
        )

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        half = self.angles.values[:, None, None] / 2
        return np.cos(half) * np.eye(2) - 1j * np.sin(half) * PAULI[self.axis]


@dataclass(frozen=True)
class UniformlyControlledGate(Op):
    """A uniformly controlled one-qubit gate up to a diagonal, in Gray-code form (Bergholm et al., quant-ph/0410066).

    In time order: PhasedX(theta_0, phi_0), E, PhasedX(theta_1, phi_1), E, ..., with 2^c gates and 2^c - 1 entangling
    gates E = exp(-i pi/4 Z Z) on the target and the control that :func:`ruler` names. PhasedX(theta, phi) =
    Rz(phi) Rx(theta) Rz(-phi), angles in radians. With ``inverse_entanglers`` the entangling gates are E*. Whoever
    makes one has accounted for the diagonal.
    """

    name: ClassVar[str] = "uniformly-controlled-gate"
    level: ClassVar[Level] = "block"

    controls: tuple[str, ...]
    target: str
    theta: Table
    phi: Table
    inverse_entanglers: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def borrows(self) -> tuple[str, ...]:
        return self.controls

    def check(self, scope: Scope) -> str | None:
        shape = (1 << len(self.controls),)
        if self.theta.shape != shape or self.phi.shape != shape or not (self.theta.real and self.phi.real):
            return f"{len(self.controls)} controls take {shape[0]} real angles theta and phi"
        return None

    def adjoint(self) -> Self:
        return replace(
            self,
            theta=Table(-self.theta.values[::-1]),
            phi=Table(self.phi.values[::-1]),
            inverse_entanglers=not self.inverse_entanglers,
        )

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        controls = len(self.controls)
        quarter = -0.25j * np.pi if self.inverse_entanglers else 0.25j * np.pi
        values = np.arange(1 << controls)
        matrices = np.tile(np.eye(2, dtype=np.complex128), (1 << controls, 1, 1))
        places = ruler(controls)
        for step, (theta, phi) in enumerate(zip(self.theta.values, self.phi.values, strict=True)):
            cos, sin = np.cos(theta / 2), np.sin(theta / 2)
            gate = np.array([[cos, -1j * np.exp(-1j * phi) * sin], [-1j * np.exp(1j * phi) * sin, cos]])
            matrices = gate @ matrices
            if step < len(places):
                sign = 1 - 2 * ((values >> (controls - 1 - places[step])) & 1)
                matrices[:, 0] *= np.exp(-quarter * sign)[:, None]
                matrices[:, 1] *= np.exp(quarter * sign)[:, None]
        return matrices
