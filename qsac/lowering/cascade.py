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

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class ComplexLevel(NamedTuple):
    """Gray-code angles of a level's uniformly controlled gate (see
    :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians, shape (2^(c + r),) each."""

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
    """Gates that un-load each of C unit rows of length d = 2^n, shape (C, d), C a power of two.

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
        theta, phi, left = _up_to_diagonal(diagonal, -pairs[:, 1] / safe)
        levels.append(ComplexLevel(theta, phi))
        values = (norm * np.exp(1j * left)).reshape(controls, 1 << level)
    return levels[::-1], np.angle(values[:, 0])


def _up_to_diagonal(p: Complex, q: Complex) -> tuple[Real, Real, Real]:
    """Take the uniformly controlled gate with SU(2) values [[p, -q*], [q, p*]], shape (2^c,), apart up to a diagonal.

    Returns theta, phi of the Gray-code form, and the phases that the ladder leaves on the target's zero, compared with
    the exact gate, shape (2^c,).

    Each step splits every piece in two on one more control, a (+) b = (R* (+) R) (1 (x) v) (d (+) d*) (1 (x) u) with
    d = diag(e^(-i pi/4), e^(i pi/4)) and R a diagonal chosen so that R a b* R has eigenvalues -+i; R is handed on to
    the piece after it in time, and out of the last one.
    """
    size = len(p)
    left = np.zeros(size)
    p, q = p.reshape(1, size), q.reshape(1, size)
    while (width := p.shape[1]) > 1:
        pieces, half = p.shape[0], width // 2
        next_p, next_q = np.empty((2 * pieces, half), complex), np.empty((2 * pieces, half), complex)
        turned = np.zeros(half)
        for piece in range(pieces):
            # The diagonal handed on acts before this piece: R* on the first half of the controls' values, R after.
            phase = np.exp(1j * turned)
            pa, qa = p[piece, :half] * phase.conj(), q[piece, :half] * phase.conj()
            pb, qb = p[piece, half:] * phase, q[piece, half:] * phase
            xp = pa * pb.conj() + qa.conj() * qb
            xq = qa * pb.conj() - pa.conj() * qb
            turned = -np.pi / 4 - np.angle(xp) / 2
            rotation = np.exp(1j * turned)
            length = np.sqrt(2 * (1 + np.abs(xp)))
            vp, vq = (1 + np.abs(xp)) / length, 1j * xq / length
            ra_p, ra_q = rotation * pa, rotation.conj() * qa
            next_p[2 * piece] = np.exp(0.25j * np.pi) * (vp * ra_p + vq.conj() * ra_q)
            next_q[2 * piece] = np.exp(-0.25j * np.pi) * (vp * ra_q - vq * ra_p)
            next_p[2 * piece + 1], next_q[2 * piece + 1] = vp, vq
        # What the last piece hands out: R* where this control is 0, R where it is 1, on the controls after it.
        left.reshape(-1, 2, half)[:, 0] += turned
        left.reshape(-1, 2, half)[:, 1] -= turned
        p, q = next_p, next_q
    p, q = p[:, 0], q[:, 0]
    # Every gate is Rz(alpha) PhasedX(theta, phi); Rz passes the entanglers and shifts the phi of all gates after it.
    theta = 2 * np.arctan2(np.abs(q), np.abs(p))
    alpha = -2 * np.angle(p)
    phi = np.angle(1j * q) + np.angle(p)
    phi -= np.concatenate(([0.0], np.cumsum(alpha)[:-1]))
    return theta, np.remainder(phi, 2 * np.pi), left
