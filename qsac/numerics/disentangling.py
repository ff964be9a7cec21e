"""What takes single states to zero: the steps, and what each does to a state.

A step acts on qubits by their places; states are arrays of shape (2, .., 2), one axis a place. Steps are those of an
inverse load, in time order; a load takes their adjoints in the opposite order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.rotated_ladder import RotatedLadder

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Turn(NamedTuple):
    """A gate on one qubit, an SU(2) matrix."""

    place: int
    matrix: Complex

    @property
    def gates(self) -> int:
        return 0

    def at(self, places: Sequence[int]) -> Turn:
        """The same, on qubits at these places."""
        return self._replace(place=places[self.place])


class Flip(NamedTuple):
    """A CX."""

    control: int
    target: int

    @property
    def gates(self) -> int:
        return 1

    def at(self, places: Sequence[int]) -> Flip:
        """The same, on qubits at these places."""
        return Flip(places[self.control], places[self.target])


class Ladder(NamedTuple):
    """A uniformly controlled gate up to a diagonal, for all values of the controls, the first one most significant
    (:class:`~qsac.ir.blocks.UniformlyControlledGate`); angles in radians."""

    target: int
    controls: tuple[int, ...]
    theta: Real
    phi: Real

    @property
    def gates(self) -> int:
        return len(self.theta) - 1

    def at(self, places: Sequence[int]) -> Ladder:
        """The same, on qubits at these places."""
        return self._replace(target=places[self.target], controls=tuple(places[control] for control in self.controls))

    def partner(self, number: int) -> int:
        """The control of the entangling gate ``number``, counted from 1, in Gray order."""
        return self.controls[len(self.controls) - (number & -number).bit_length()]


class Unload(NamedTuple):
    """The inverse load of one row, shape (2^k,), real or complex, by a cascade (:mod:`qsac.numerics.cascade`)."""

    places: tuple[int, ...]
    row: NDArray[np.float64] | Complex
    columns: int
    gates: int


class Rotated(NamedTuple):
    """The adjoint of a rotated ladder."""

    places: tuple[int, ...]
    ladder: RotatedLadder

    @property
    def gates(self) -> int:
        return self.ladder.gates


Gate = Turn | Flip | Ladder
Step = Gate | Unload | Rotated


def after(state: Complex, step: Gate) -> Complex:
    """A state after a step."""
    if isinstance(step, Turn):
        return _turned(state, step.place, step.matrix)
    if isinstance(step, Flip):
        zero, one = _halves(state, step.control)
        axis = step.target - (step.control < step.target)
        return np.stack((zero, np.flip(one, axis)), axis=step.control)
    for number, (theta, phi) in enumerate(zip(step.theta, step.phi, strict=True)):
        if number:
            state = _entangled(state, step.target, step.partner(number))
        cosine, sine = np.cos(theta / 2), -1j * np.exp(1j * phi) * np.sin(theta / 2)
        state = _turned(state, step.target, np.array([[cosine, -sine.conj()], [sine, cosine]]))
    return state


def _entangled(state: Complex, target: int, partner: int) -> Complex:
    """A state after exp(-i pi/4 Z Z)."""
    signs = np.array([[1, -1], [-1, 1]])
    shape = [2 if place in (target, partner) else 1 for place in range(state.ndim)]
    return state * np.exp(-0.25j * np.pi * signs).reshape(shape)


def _turned(state: Complex, place: int, matrix: Complex) -> Complex:
    zero, one = _halves(state, place)
    return np.stack((matrix[0, 0] * zero + matrix[0, 1] * one, matrix[1, 0] * zero + matrix[1, 1] * one), axis=place)


def to_zero(pair: Complex) -> Complex:
    """The SU(2) matrix that takes a qubit's state, shape (2,), to zero; the identity where there is none."""
    zero, one = abs(pair[0]), abs(pair[1])
    norm = np.hypot(zero, one)
    if not norm:
        return np.eye(2, dtype=np.complex128)
    # Up to a phase, so that there is nothing to turn about z.
    q = -pair[1] * (np.conj(pair[0]) / zero if zero else 1.0) / norm
    return np.array([[zero / norm, -np.conj(q)], [q, zero / norm]])


def laddered(
    state: Complex, target: int, controls: Sequence[int], matrices: Sequence[Complex]
) -> tuple[Complex, Ladder]:
    """A state after a uniformly controlled gate up to a diagonal, SU(2) ``matrices`` by the controls' value, and what
    it was."""
    theta, phi, left = up_to_diagonal(
        np.array([matrix[0, 0] for matrix in matrices]), np.array([matrix[1, 0] for matrix in matrices])
    )
    axes = (*controls, target)
    moved = np.moveaxis(state, axes, range(len(axes)))
    flat = moved.reshape(len(matrices), 2, -1)
    phases = np.exp(1j * left)
    done = np.empty_like(flat)
    for value, matrix in enumerate(matrices):
        done[value, 0] = phases[value] * (matrix[0, 0] * flat[value, 0] + matrix[0, 1] * flat[value, 1])
        done[value, 1] = phases[value].conj() * (matrix[1, 0] * flat[value, 0] + matrix[1, 1] * flat[value, 1])
    return np.moveaxis(done.reshape(moved.shape), range(len(axes)), axes), Ladder(target, tuple(controls), theta, phi)


def _halves(state: Complex, place: int) -> tuple[Complex, Complex]:
    halves, shape = state.reshape(1 << place, 2, -1), (2,) * (state.ndim - 1)
    return halves[:, 0].reshape(shape), halves[:, 1].reshape(shape)
