"""Uniformly controlled one-qubit gates: rotations exactly, general gates up to a diagonal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Level, Op, Scope
from qsac.ir.table import Table
from qsac.numerics.pauli import PAULI, Axis


def ruler(controls: int) -> NDArray[np.intp]:
    """Which control stands at each of the 2^c - 1 inner places of a Gray-code ladder; 0 is the first control.

    The sequence reads the same from both ends, and each prefix toggles every control as a reflected Gray code does.
    """
    places = np.arange(1, 1 << controls)
    trailing_zeros = np.log2(places & -places).astype(np.intp)
    return np.asarray(controls - 1 - trailing_zeros, dtype=np.intp)


PairEnd = Literal["none", "compute", "uncompute"]
_OPPOSITE: dict[PairEnd, PairEnd] = {"none": "none", "compute": "uncompute", "uncompute": "compute"}


def ladder_places(rows: int, controls: int) -> NDArray[np.intp]:
    """Which control stands at each of the inner places of a ladder for the first ``rows`` control values.

    A power of two takes :func:`ruler` on as many of the last controls. Other numbers 2^(c-1) + R take the ladder of R
    rows, then the first control, then that of 2^(c-1) rows (see :mod:`qsac.numerics.ladder`): in all rows - 1 places.
    """
    needed = (rows - 1).bit_length()
    offset = controls - needed
    if rows == 1 << needed:
        return np.asarray(ruler(needed) + offset, dtype=np.intp)
    half = 1 << (needed - 1)
    short, long = ladder_places(rows - half, controls), ladder_places(half, controls)
    return np.concatenate((short, [offset], long)).astype(np.intp)


class LadderOrder(NamedTuple):
    """An alternative form of a ladder of 2^c rows: ``order`` lists the controls' positions in the usual order, the one
    with the fewest CX first; ``parities`` as in :class:`UniformlyControlledGate`."""

    order: tuple[int, ...]
    parities: tuple[int, ...]

    def rows(self) -> NDArray[np.intp]:
        """For each row of the ladder, which row of the usual order it is, shape (2^c,)."""
        size = len(self.order)
        usual = np.arange(1 << size)
        ordered = np.zeros_like(usual)
        for place in self.order:
            ordered = 2 * ordered + (usual >> (size - 1 - place) & 1)
        row = np.zeros_like(usual)
        for parity in self.parities or [1 << place for place in reversed(range(size))]:
            row = 2 * row + np.bitwise_count(ordered & parity) % 2
        return np.argsort(row)


def _check_rows(rows: int, controls: int) -> str | None:
    if (rows - 1).bit_length() == controls:
        return None
    return f"{rows} rows do not need exactly {controls} controls"


@dataclass(frozen=True)
class Multiplexor(Op):
    """Rotate ``target`` by exp(-i angles[x] P / 2) about ``axis``, x the value of ``controls`` (the first most
    significant); angles in radians, one for each of the 2^c values.

    There may be fewer angles than values if the target enters or leaves in zero (not for ``z``): the remaining values
    are don't-cares and must have no amplitude.

    ``enters_zero`` states that the target enters in state zero, ``leaves_zero`` that only its component zero matters
    from here on (it is untouched until a measurement that every readout requires to be 0). A Gray-code ladder of 2^c
    rotations then saves one of its 2^c entangling gates (Moettoenen et al., quant-ph/0407010; Construction, section 2).
    The same holds for a multiplexor whose ``pair`` is ``compute`` and is closed with ``uncompute`` by its adjoint, if
    the target and the controls only control in between: the omitted gate is diagonal and cancels with its adjoint.
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
    def controlled_by(self) -> tuple[str, ...]:
        return self.controls

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return (self.target,) if self.leaves_zero else ()

    @property
    def computes_pair(self) -> bool:
        return self.pair == "compute"

    @property
    def nests(self) -> bool:
        return True

    @property
    def uncomputes_pair(self) -> bool:
        return self.pair == "uncompute"

    @property
    def first_entangler_free(self) -> bool:
        """Whether a ladder may leave out the entangling gate at its beginning."""
        return self.enters_zero or self.pair == "uncompute"

    @property
    def last_entangler_free(self) -> bool:
        """Whether a ladder may leave out the entangling gate at its end."""
        return self.leaves_zero or self.pair == "compute"

    def in_full(self) -> Self:
        """The same whatever the target holds: an angle for each value of the controls, and no promise."""
        angles = np.zeros(1 << len(self.controls))
        angles[: self.angles.shape[0]] = self.angles.values
        return replace(self, angles=Table(angles), enters_zero=False, leaves_zero=False)

    def check(self, scope: Scope) -> str | None:
        if self.axis not in PAULI:
            return f"axis {self.axis!r} is none of 'x', 'y', 'z'"
        if len(self.angles.shape) != 1 or not self.angles.real:
            return "the angles are not a list of real numbers"
        in_zero = self.axis != "z" and (self.enters_zero or self.leaves_zero)
        if self.angles.shape[0] < 1 << len(self.controls) and not in_zero:
            return f"{len(self.controls)} controls take {1 << len(self.controls)} angles, unless the target is in zero"
        return _check_rows(self.angles.shape[0], len(self.controls))

    def adjoint(self) -> Self:
        return replace(
            self,
            angles=self.angles.negated(),
            enters_zero=self.leaves_zero,
            leaves_zero=self.enters_zero,
            pair=_OPPOSITE[self.pair],
        )

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        angles = np.zeros(1 << len(self.controls))
        angles[: self.angles.shape[0]] = self.angles.values
        half = angles[:, None, None] / 2
        return np.cos(half) * np.eye(2) - 1j * np.sin(half) * PAULI[self.axis]


@dataclass(frozen=True)
class UniformlyControlledGate(Op):
    """A uniformly controlled one-qubit gate up to a diagonal, in Gray-code form (Bergholm et al., quant-ph/0410066).

    In time order: PhasedX(theta_0, phi_0), E, PhasedX(theta_1, phi_1), E, ..., one PhasedX for each row of control
    values that occurs, and between them entangling gates E = exp(-i pi/4 Z Z) on the target and the control given by
    :func:`ladder_places`. PhasedX(theta, phi) = Rz(phi) Rx(theta) Rz(-phi), angles in radians. ``inverted``: the
    entangling gates are E*, their controls listed from the end. The diagonal is accounted for where the op is created.

    ``parities``, if given, is for each control a mask of controls (the first control its highest bit), itself and any
    after it, whose parity its entangling gates use instead.
    """

    name: ClassVar[str] = "uniformly-controlled-gate"
    level: ClassVar[Level] = "block"

    controls: tuple[str, ...]
    target: str
    theta: Table
    phi: Table
    inverted: bool = False
    parities: tuple[int, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def controlled_by(self) -> tuple[str, ...]:
        return self.controls

    def check(self, scope: Scope) -> str | None:
        if self.theta.shape != self.phi.shape or len(self.theta.shape) != 1 or not self.theta.real or not self.phi.real:
            return "theta and phi are not lists of real numbers of one length"
        if self.parities:
            bits = [parity.bit_length() for parity in self.parities if parity > 0]
            if bits != list(range(len(self.controls), 0, -1)):
                return "the parities are not one for each control, of it and of controls after it"
            if self.theta.shape[0] != 1 << len(self.controls):
                return "parities are for ladders of 2^c rows"
        return _check_rows(self.theta.shape[0], len(self.controls))

    def places(self) -> NDArray[np.intp]:
        """Which control each entangling gate takes, in time order."""
        places = ladder_places(self.theta.shape[0], len(self.controls))
        return places[::-1] if self.inverted else places

    def parity(self, place: int) -> int:
        """Which controls' parity the entangling gates of one control take, as a mask."""
        return self.parities[place] if self.parities else 1 << (len(self.controls) - 1 - place)

    def adjoint(self) -> Self:
        return replace(
            self,
            theta=self.theta.reversed().negated(),
            phi=self.phi.reversed(),
            inverted=not self.inverted,
        )

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        controls = len(self.controls)
        quarter = -0.25j * np.pi if self.inverted else 0.25j * np.pi
        values = np.arange(1 << controls)
        matrices = np.tile(np.eye(2, dtype=np.complex128), (1 << controls, 1, 1))
        places = self.places()
        for step, (theta, phi) in enumerate(zip(self.theta.values, self.phi.values, strict=True)):
            cos, sin = np.cos(theta / 2), np.sin(theta / 2)
            gate = np.array([[cos, -1j * np.exp(-1j * phi) * sin], [-1j * np.exp(1j * phi) * sin, cos]])
            matrices = gate @ matrices
            if step < len(places):
                sign = 1 - 2 * (np.bitwise_count(values & self.parity(int(places[step]))) % 2).astype(np.int8)
                matrices[:, 0] *= np.exp(-quarter * sign)[:, None]
                matrices[:, 1] *= np.exp(quarter * sign)[:, None]
        return matrices
