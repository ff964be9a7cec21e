"""Uniformly controlled gates as ladders, up to a diagonal (Bergholm et al., quant-ph/0410066), for any number of rows.

A gate for 2^c control values takes 2^c one-qubit gates with an entangling gate between each two. Where only the first
rows of the control values matter, fewer do: rows = 2^(c-1) + R take a ladder of R gates, one entangling gate with the
first control, and a ladder of 2^(c-1) gates, in time order. The short ladder settles the R pairs of rows that differ
in the first control; what it does on the other rows is computed, and the long ladder makes up for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_QUARTER = np.exp(0.25j * np.pi)

_SMALL_PIECE = 32
"""From this many numbers on, NumPy's calls on a piece cost less than Python's on each number."""


class _Gates(NamedTuple):
    """SU(2) matrices [[p, -q*], [q, p*]], entry by entry."""

    p: Complex
    q: Complex


class _Pairs(NamedTuple):
    """The gates u (first in time) and v that pairs of rows a, b split into, and the t of the diagonal handed on."""

    u: _Gates
    v: _Gates
    turned: Real


def up_to_diagonal(p: Complex, q: Complex) -> tuple[Real, Real, Real]:
    """Take the uniformly controlled gate with SU(2) rows [[p, -q*], [q, p*]], shape (rows,), apart up to a diagonal.

    Returns theta and phi of the ladder in time order (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), and
    phases t, shape (rows,) each: the ladder is diag(e^(i t), e^(-i t)) times the exact gate, up to one sign.
    """
    ladder, left = _ladder(_Gates(p, q))
    # Every gate is Rz(alpha) PhasedX(theta, phi); Rz passes the entanglers and shifts the phi of all gates after it.
    theta = 2 * np.arctan2(np.abs(ladder.q), np.abs(ladder.p))
    alpha = -2 * np.angle(ladder.p)
    phi = np.angle(1j * ladder.q) + np.angle(ladder.p)
    turned = np.cumsum(alpha)
    phi -= np.concatenate(([0.0], turned[:-1]))
    # The last Rz is never applied: it is part of the diagonal that is left.
    return theta, np.remainder(phi, 2 * np.pi), left + turned[-1] / 2


def _ladder(rows: _Gates) -> tuple[_Gates, Real]:
    """The gates of the ladder in time order, and the phases left on zero."""
    size = len(rows.p)
    if size & (size - 1) == 0:
        return _full_ladder(rows)
    half = 1 << (size.bit_length() - 1)
    paired = size - half
    pairs = _split(*(_Gates(part.p[None], part.q[None]) for part in _at(rows, slice(0, paired), slice(half, None))))
    turned = pairs.turned[0]
    short, short_left = _ladder(_Gates(pairs.u.p[0], pairs.u.q[0]))
    # What the long ladder must do: v, and before it the diagonal that the short ladder owes; or all of a but what the
    # short ladder has done.
    owed = np.exp(-1j * short_left)
    long_p, long_q = np.empty(half, complex), np.empty(half, complex)
    long_p[:paired], long_q[:paired] = pairs.v.p[0] * owed, pairs.v.q[0] * owed
    done = _values(short, half)
    alone, rest = _at(rows, slice(paired, half))[0], _at(done, slice(paired, half))[0]
    # a = v d u, so v = a u* d* with d = diag(e^(-i pi/4), e^(i pi/4)).
    long_p[paired:] = (alone.p * rest.p.conj() + alone.q.conj() * rest.q) * _QUARTER
    long_q[paired:] = (alone.q * rest.p.conj() - alone.p.conj() * rest.q) * _QUARTER
    long, left = _full_ladder(_Gates(long_p, long_q))
    handed = np.zeros(half)
    handed[:paired] = turned
    ladder = _Gates(np.concatenate((short.p, long.p)), np.concatenate((short.q, long.q)))
    return ladder, np.concatenate((left + handed, left[:paired] - turned))


def _at(gates: _Gates, *parts: slice) -> list[_Gates]:
    return [_Gates(gates.p[part], gates.q[part]) for part in parts]


def _full_ladder(rows: _Gates) -> tuple[_Gates, Real]:
    """As :func:`_ladder` for 2^c rows.

    Each step splits every piece in two on one more control, a (+) b = (R* (+) R) (1 (x) v) (d (+) d*) (1 (x) u) with
    d = diag(e^(-i pi/4), e^(i pi/4)) and R a diagonal chosen so that R a b* R has eigenvalues -+i; R is handed on to
    the piece after it in time, and out of the last one.
    """
    size = len(rows.p)
    left = np.zeros(size)
    p, q = rows.p.reshape(1, size), rows.q.reshape(1, size)
    while (width := p.shape[1]) > 1:
        pieces, half = p.shape[0], width // 2
        u, v, turned = _split(_Gates(p[:, :half], q[:, :half]), _Gates(p[:, half:], q[:, half:]))
        # What the last piece hands out: R* where this control is 0, R where it is 1, on the controls after it.
        left.reshape(-1, 2, half)[:, 0] += turned[-1]
        left.reshape(-1, 2, half)[:, 1] -= turned[-1]
        p, q = (np.stack(halves, axis=1).reshape(2 * pieces, half) for halves in ((u.p, v.p), (u.q, v.q)))
    return _Gates(p[:, 0], q[:, 0]), left


def _split(a: _Gates, b: _Gates) -> _Pairs:
    """Split pieces of pairs of rows, arrays (pieces, half); each piece takes the diagonal of the one before."""
    turned = _turned(a.p * b.p.conj(), a.q.conj() * b.q)
    # The diagonal handed on acts before a piece: R* on the first half of the controls' values, R after.
    phase = np.exp(1j * np.concatenate((np.zeros((1, turned.shape[1])), turned[:-1])))
    pa, qa = a.p * phase.conj(), a.q * phase.conj()
    pb, qb = b.p * phase, b.q * phase
    overlap = np.abs(pa * pb.conj() + qa.conj() * qb)
    xq = qa * pb.conj() - pa.conj() * qb
    rotation = np.exp(1j * turned)
    length = np.sqrt(2 * (1 + overlap))
    vp, vq = (1 + overlap) / length, 1j * xq / length
    ra_p, ra_q = rotation * pa, rotation.conj() * qa
    up, uq = _QUARTER * (vp * ra_p + vq.conj() * ra_q), _QUARTER.conjugate() * (vp * ra_q - vq * ra_p)
    return _Pairs(_Gates(up, uq), _Gates(vp, vq), turned)


def _values(ladder: _Gates, size: int) -> _Gates:
    """What a ladder does for each of ``size`` control values, a power of two, at least its number of gates."""
    gates = len(ladder.p)
    if gates & (gates - 1) == 0:
        p, q = ladder.p.reshape(gates, 1), ladder.q.reshape(gates, 1)
        while len(p) > 1:
            values = _joined(_Gates(p[::2], q[::2]), _Gates(p[1::2], q[1::2]))
            p, q = values
        values = _Gates(p[0], q[0])
    else:
        half = 1 << (gates.bit_length() - 1)
        short, long = _at(ladder, slice(0, gates - half), slice(gates - half, None))
        values = _joined(_values(short, half), _values(long, half))
    repeated = size // len(values.p)
    return _Gates(np.tile(values.p, repeated), np.tile(values.q, repeated))


def _joined(first: _Gates, second: _Gates) -> _Gates:
    """The values of a ladder, an entangling gate with one more (the first) control, and another ladder, last axis."""
    parts = []
    for phase in (_QUARTER.conjugate(), _QUARTER):
        p, q = first.p * phase, first.q * phase.conjugate()
        parts.append(_Gates(second.p * p - second.q.conj() * q, second.q * p + second.p.conj() * q))
    return _Gates(*(np.concatenate(halves, axis=-1) for halves in zip(*parts, strict=True)))


def _turned(a: Complex, b: Complex) -> Real:
    """The angles of the diagonals R = diag(e^(i t), e^(-i t)) that the pieces hand on, for all arrays (pieces, half).

    ``a`` and ``b`` are p_0 p_1* and q_0* q_1 of the two gates of a pair. What a piece hands on depends on the t that it
    is handed, and on nothing else of the pieces before it: t' = -pi/4 - arg(x)/2 with x = a e^(-2it) + b e^(2it). Only
    that is computed piece by piece, for u = e^(2it), and column by column in plain numbers where a piece is so small
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
