"""Angles of token loaders, level by level, for whole tables at once.

A table of unit rows over ``c`` control values is taken apart from its last data qubit to its first. At level r the
amplitudes of each prefix of r data bits are pairs (a, b); a uniformly controlled gate turns every pair into (r, 0).
Real tables need RY rotations only. For complex tables the gate is found up to a diagonal (Bergholm et al.,
quant-ph/0410066), and the phases it leaves on the prefixes are part of the level before: in the end one diagonal on
the controls is left (algorithm point 2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.lowering.ladder import up_to_diagonal

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class ComplexLevel(NamedTuple):
    """Gray-code angles of a level's uniformly controlled gate (see
    :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians, shape (C * 2^r,) each."""

    theta: Real
    phi: Real


def real_cascade(rows: Real) -> list[Real]:
    """RY angles that load each of C unit rows of length d = 2^n, shape (C, d): for level r shape (C * 2^r,)."""
    controls, dimension = rows.shape
    levels = []
    values = rows
    for level in reversed(range(dimension.bit_length() - 1)):
        pairs = values.reshape(controls, 1 << level, 2)
        levels.append(2 * np.arctan2(pairs[..., 1], pairs[..., 0]).reshape(-1))
        values = np.hypot(pairs[..., 0], pairs[..., 1])
    return levels[::-1]


def complex_cascade(rows: Complex) -> tuple[list[ComplexLevel], Real]:
    """Gates that un-load each of C unit rows of length d = 2^n, shape (C, d).

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
        levels.append(ComplexLevel(theta, phi))
        values = (norm * np.exp(1j * left)).reshape(controls, 1 << level)
    return levels[::-1], np.angle(values[:, 0])
