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

_SMALL_PIECE = 32
"""From this many numbers on, NumPy's calls on a piece cost less than Python's on each number."""


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
        # The diagonal handed on acts before a piece: R* on the first half of the controls' values, R after.
        turned = _turned(p[:, :half] * p[:, half:].conj(), q[:, :half].conj() * q[:, half:])
        phase = np.exp(1j * np.concatenate((np.zeros((1, half)), turned[:-1])))
        pa, qa = p[:, :half] * phase.conj(), q[:, :half] * phase.conj()
        pb, qb = p[:, half:] * phase, q[:, half:] * phase
        overlap = np.abs(pa * pb.conj() + qa.conj() * qb)
        xq = qa * pb.conj() - pa.conj() * qb
        rotation = np.exp(1j * turned)
        length = np.sqrt(2 * (1 + overlap))
        vp, vq = (1 + overlap) / length, 1j * xq / length
        ra_p, ra_q = rotation * pa, rotation.conj() * qa
        quarter = np.exp(0.25j * np.pi)
        up, uq = quarter * (vp * ra_p + vq.conj() * ra_q), quarter.conj() * (vp * ra_q - vq * ra_p)
        # What the last piece hands out: R* where this control is 0, R where it is 1, on the controls after it.
        left.reshape(-1, 2, half)[:, 0] += turned[-1]
        left.reshape(-1, 2, half)[:, 1] -= turned[-1]
        p, q = (np.stack(halves, axis=1).reshape(2 * pieces, half) for halves in ((up, vp), (uq, vq)))
    p, q = p[:, 0], q[:, 0]
    # Every gate is Rz(alpha) PhasedX(theta, phi); Rz passes the entanglers and shifts the phi of all gates after it.
    theta = 2 * np.arctan2(np.abs(q), np.abs(p))
    alpha = -2 * np.angle(p)
    phi = np.angle(1j * q) + np.angle(p)
    phi -= np.concatenate(([0.0], np.cumsum(alpha)[:-1]))
    return theta, np.remainder(phi, 2 * np.pi), left


def _turned(a: Complex, b: Complex) -> Real:
    """The angles of the diagonals R = diag(e^(i t), e^(-i t)) that the pieces hand on, for all arrays (pieces, half).

    ``a`` and ``b`` are p_0 p_1* and q_0* q_1 of the two gates of a pair. What a piece hands on depends on the t that it
    is handed, and on nothing else of the pieces before it: t' = -pi/4 - arg(x)/2 with x = a e^(-2it) + b e^(2it). Only
    that is worked out piece by piece, for u = e^(2it), and column by column in plain numbers where a piece is so small
    that the calls would cost more than the numbers.
    """
    pieces, half = a.shape
    # Where x is zero, any t will do; rounding must not choose another one for the next piece.
    turned = np.empty((pieces, half), complex)
    if half < _SMALL_PIECE:
        for column in range(half):
            u = 1 + 0j
            values = []
            for one, other in zip(a[:, column].tolist(), b[:, column].tolist(), strict=True):
                x = one * u.conjugate() + other * u
                u = -1j * x.conjugate() / abs(x) if x else -1j
                values.append(u)
            turned[:, column] = values
    else:
        handed: Complex = np.ones(half, complex)
        for piece in range(pieces):
            x = a[piece] * handed.conj() + b[piece] * handed
            size = np.abs(x)
            handed = -1j * np.where(size > 0, x.conj(), 1.0) / np.where(size > 0, size, 1.0)
            turned[piece] = handed
    return np.angle(turned) / 2
