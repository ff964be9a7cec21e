"""Angles of token loaders, level by level, for whole tables at once.

A table of unit rows over ``C`` control values is taken apart from its last data qubit to its first, so that the gates
un-load it. Every level is one ladder (:mod:`qsac.lowering.ladder`) over the rows of controls and data bits before it.

**Complex** tables: at level r the amplitudes of each prefix of r data bits are pairs (a, b), which a uniformly
controlled gate turns into (r, 0). It is found up to a diagonal, whose phases are part of the level before: in the end
one diagonal on the controls is left (algorithm point 2). 2^r C - 1 entangling gates a level.

**Real** tables: a real state of two qubits is, in a Bell basis, one qubit's SU(2) matrix on a Bell state, its four
amplitudes a quaternion. The inverse matrix, uniformly controlled up to a diagonal diag(e^(i t), e^(-i t)), leaves in
the old basis cos(t) |00> + sin(t) |10>: the second qubit is un-loaded, and the first holds real amplitudes as before,
with 2^(r-1) C - 1 entangling gates and two for the basis, in place of the 2^r C - 1 of a multiplexed RY. In all
C d/2 + n - 2 in place of C (d - 1) - n: each gate of the ladder carries two angles, where a rotation has one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.lowering.ladder import up_to_diagonal

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class GateLevel(NamedTuple):
    """Angles of a uniformly controlled gate (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians."""

    theta: Real
    phi: Real


class RotationLevel(NamedTuple):
    """Angles of a multiplexed RY that loads, radians."""

    angles: Real


def real_cascade(rows: Real) -> list[GateLevel | RotationLevel]:
    """Levels that un-load each of C unit rows of length d = 2^n, shape (C, d), data qubit r at level r.

    A :class:`GateLevel` at level r acts on data qubit r - 1, in the Bell basis of it and qubit r, with 2^(r-1) C rows;
    a :class:`RotationLevel` on qubit r with 2^r C rows. Level 0 is a rotation, and so are levels of too few rows for
    the basis to pay.
    """
    controls, dimension = rows.shape
    levels: list[GateLevel | RotationLevel] = []
    values = rows
    for level in reversed(range(dimension.bit_length() - 1)):
        if bell_basis_pays(controls << level >> 1) and level:
            gate, values = _quaternions(values.reshape(-1, 4))
            levels.append(gate)
        else:
            pairs = values.reshape(-1, 2)
            levels.append(RotationLevel(2 * np.arctan2(pairs[:, 1], pairs[:, 0])))
            values = np.hypot(pairs[:, 0], pairs[:, 1])
    return levels[::-1]


def bell_basis_pays(rows: int) -> bool:
    """Whether a ladder of ``rows`` and two gates for the basis take fewer gates than a rotation of twice the rows."""
    return rows + 1 < 2 * rows - 1


def _quaternions(amplitudes: Real) -> tuple[GateLevel, Real]:
    """The ladder for real amplitudes of |00>, |01>, |10>, |11>, shape (rows, 4), and the pairs that it leaves."""
    a = amplitudes[:, 0] + 1j * amplitudes[:, 2]
    b: Complex = amplitudes[:, 3] + 1j * amplitudes[:, 1]
    norm = np.linalg.norm(amplitudes, axis=1)
    safe = np.where(norm > 0, norm, 1.0)
    p: Complex = np.where(norm > 0, a.conj() / safe, 1.0)
    theta, phi, left = up_to_diagonal(p, -b / safe)
    return GateLevel(theta, phi), (norm[:, None] * np.stack((np.cos(left), np.sin(left)), axis=1)).reshape(-1)


def complex_cascade(rows: Complex) -> tuple[list[GateLevel], Real]:
    """Levels that un-load each of C unit rows of length d = 2^n, shape (C, d), data qubit r at level r.

    Returns the levels 0..n-1 and the phases delta, shape (C,): running the levels from the last to the first takes
    |c>|row c> to exp(i delta_c) |c>|0>, up to one global phase.
    """
    controls, dimension = rows.shape
    levels = []
    values = rows
    for level in reversed(range(dimension.bit_length() - 1)):
        pairs = values.reshape(-1, 2)
        norm = np.hypot(np.abs(pairs[:, 0]), np.abs(pairs[:, 1]))
        safe = np.where(norm > 0, norm, 1.0)
        diagonal = np.where(norm > 0, np.conj(pairs[:, 0]) / safe, 1.0)
        theta, phi, left = up_to_diagonal(diagonal, -pairs[:, 1] / safe)
        levels.append(GateLevel(theta, phi))
        values = (norm * np.exp(1j * left)).reshape(controls, 1 << level)
    return levels[::-1], np.angle(values[:, 0])
