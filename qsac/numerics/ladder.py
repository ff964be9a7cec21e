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


def up_to_diagonal(p: Complex, q: Complex) -> tuple[Real, Real, Real]:
    """Take the uniformly controlled gate with SU(2) rows [[p, -q*], [q, p*]], shape (rows,), apart up to a diagonal.

    Returns theta and phi of the ladder in time order (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), and
    phases t, shape (rows,) each: the ladder is diag(e^(i t), e^(-i t)) times the exact gate, up to one sign.
    """
    theta, phi, left = up_to_diagonals(p[None], q[None])
    return theta[0], phi[0], left[0]


def up_to_diagonals(p: Complex, q: Complex) -> tuple[Real, Real, Real]:
    """:func:`up_to_diagonal` of each of some gates, all arrays of shape (gates, rows): the same numbers, in less time,
    since NumPy is called once for all of them."""
    return _angles(*_ladder(_Gates(p, q)))


def beside(p: Complex, q: Complex, other: tuple[Complex, Complex], place: int) -> tuple[Real, Real, Real]:
    """:func:`up_to_diagonals` where one more control has the value 1 for an ``other`` gate of each, shape (gates,), at
    the value ``place`` of the others only: one gate, an entangling gate with that control, and the ladder of the others
    in time order. Theta and phi have shape (gates, 1 + rows), the phases (gates, rows + 1), the other gate's last."""
    rows, one = _Gates(p, q), _Gates(other[0][:, None], other[1][:, None])
    at = slice(place, place + 1)
    pairs, (turned,) = _split(np.array([[p[:, at]], [q[:, at]]]), np.array([[one.p], [one.q]]))
    first, second = (_Gates(*pairs[:, 0, which]) for which in (0, 1))
    # As in a ladder of any number of rows: all others make up for the first gate.
    long_p, long_q = _made_up(rows, first)
    long_p[:, at], long_q[:, at] = second.p, second.q
    long, left = _ladder(_Gates(long_p, long_q))
    ladder = _Gates(*(np.concatenate(parts, axis=1) for parts in zip(first, long, strict=True)))
    alone = left[:, at] - turned
    left = left.copy()
    left[:, at] += turned
    return _angles(ladder, np.concatenate((left, alone), axis=1))


def _made_up(alone: _Gates, done: _Gates) -> tuple[Complex, Complex]:
    """What is left of gates a where u is done, and then the entangling gate with a control of value 0: a = v d u, so
    v = a u* d* with d = diag(e^(-i pi/4), e^(i pi/4))."""
    p = (alone.p * done.p.conj() + alone.q.conj() * done.q) * _QUARTER
    q = (alone.q * done.p.conj() - alone.p.conj() * done.q) * _QUARTER
    return p, q


def _angles(ladder: _Gates, left: Real) -> tuple[Real, Real, Real]:
    """Theta and phi of a ladder's gates in time order, and the phases left."""
    # Every gate is Rz(alpha) PhasedX(theta, phi); Rz passes the entanglers and shifts the phi of all gates after it.
    theta = 2 * np.arctan2(np.abs(ladder.q), np.abs(ladder.p))
    angle = np.angle(ladder.p)
    alpha = -2 * angle
    phi = np.angle(1j * ladder.q) + angle
    turned = np.cumsum(alpha, axis=1)
    phi[:, 1:] -= turned[:, :-1]
    # The last Rz is never applied: it is part of the diagonal that is left.
    return theta, np.remainder(phi, 2 * np.pi), left + turned[:, -1:] / 2


def ladder_values(theta: Real, phi: Real, size: int) -> Complex:
    """What a ladder does for each of ``size`` values of its controls, a power of two, at least its number of gates:
    matrices, shape (size, 2, 2). ``theta`` and ``phi`` as in :class:`~qsac.ir.blocks.UniformlyControlledGate`."""
    turned = -1j * np.exp(1j * phi) * np.sin(theta / 2)
    p, q = _values(_Gates(np.cos(theta / 2).astype(np.complex128)[None], turned[None]), size)
    return np.asarray(np.array([[p[0], -q[0].conj()], [q[0], p[0].conj()]]).transpose(2, 0, 1))


def _ladder(rows: _Gates) -> tuple[_Gates, Real]:
    """The gates of the ladders in time order, and the phases left on zero, all of shape (gates, rows)."""
    count, size = rows.p.shape
    if size & (size - 1) == 0:
        return _full_ladder(rows)
    half = 1 << (size.bit_length() - 1)
    paired = size - half
    gates = np.array([[rows.p], [rows.q]])
    pairs, (turned,) = _split(gates[..., :paired], gates[..., half:])
    first, second = (_Gates(*pairs[:, 0, place]) for place in (0, 1))
    short, short_left = _ladder(first)
    # What the long ladder must do: v, and before it the diagonal that the short ladder owes; or all of a but what the
    # short ladder has done.
    owed = np.exp(-1j * short_left)
    long_p, long_q = np.empty((count, half), complex), np.empty((count, half), complex)
    long_p[:, :paired], long_q[:, :paired] = second.p * owed, second.q * owed
    done = _values(short, half)
    alone, rest = _at(rows, slice(paired, half))[0], _at(done, slice(paired, half))[0]
    long_p[:, paired:], long_q[:, paired:] = _made_up(alone, rest)
    long, left = _full_ladder(_Gates(long_p, long_q))
    handed = np.zeros((count, half))
    handed[:, :paired] = turned
    ladder = _Gates(*(np.concatenate(parts, axis=1) for parts in zip(short, long, strict=True)))
    return ladder, np.concatenate((left + handed, left[:, :paired] - turned), axis=1)


def _at(gates: _Gates, *parts: slice) -> list[_Gates]:
    return [_Gates(gates.p[:, part], gates.q[:, part]) for part in parts]


def _full_ladder(rows: _Gates) -> tuple[_Gates, Real]:
    """As :func:`_ladder` for 2^c rows.

    Each step splits every piece in two on one more control, a (+) b = (R* (+) R) (1 (x) v) (d (+) d*) (1 (x) u) with
    d = diag(e^(-i pi/4), e^(i pi/4)) and R a diagonal chosen so that R a b* R has eigenvalues -+i; R is handed on to
    the piece after it in time, and out of the last one.
    """
    count, size = rows.p.shape
    left = np.zeros((count, size))
    gates = np.array([[rows.p], [rows.q]])
    while (width := gates.shape[-1]) > 1:
        half = width // 2
        pairs, turned = _split(gates[..., :half], gates[..., half:])
        # What the last piece hands out: R* where this control is 0, R where it is 1, on the controls after it.
        handed, out = left.reshape(count, -1, 2, half), turned[-1][:, None]
        handed[:, :, 0] += out
        handed[:, :, 1] -= out
        gates = pairs.reshape(2, -1, count, half)
    return _Gates(*np.ascontiguousarray(gates[..., 0].transpose(0, 2, 1))), left


def _split(a: Complex, b: Complex) -> tuple[Complex, Real]:
    """Split pieces of pairs of rows, arrays (p and q, pieces, gates, half); each piece takes the diagonal of the one
    before.

    Returns the gates u (first in time) and v of each piece, (p and q, pieces, u and v, gates, half), and the t of the
    diagonals handed on, (pieces, gates, half).
    """
    turned = _turned(a[0] * b[0].conj(), a[1].conj() * b[1])
    turns = np.empty_like(a)
    np.exp(1j * turned, out=turns[0])
    np.conjugate(turns[0], out=turns[1])
    # The diagonal handed on acts before a piece: R* on the first half of the controls' values, R after.
    handed = np.empty_like(turns)
    handed[:, 0], handed[:, 1:] = 1, turns[:, :-1]
    a, b = a * handed[1], b * handed[0]
    a_conj, pb_conj = a.conj(), b[0].conj()
    more = 1 + np.abs(a[0] * pb_conj + a_conj[1] * b[1])
    length = np.sqrt(2 * more)
    vp, vq = more / length, 1j * (a[1] * pb_conj - a_conj[0] * b[1]) / length
    rp, rq = turns * a
    gates = np.empty((2, len(turned), 2, *turned.shape[1:]), complex)
    gates[0, :, 0] = _QUARTER * (vp * rp + vq.conj() * rq)
    gates[1, :, 0] = _QUARTER.conjugate() * (vp * rq - vq * rp)
    gates[0, :, 1], gates[1, :, 1] = vp, vq
    return gates, turned


def _values(ladder: _Gates, size: int) -> _Gates:
    """What each ladder does for each of ``size`` control values, a power of two, at least its number of gates."""
    count, gates = ladder.p.shape
    if gates & (gates - 1) == 0:
        p, q = ladder.p.reshape(count, gates, 1), ladder.q.reshape(count, gates, 1)
        while p.shape[1] > 1:
            values = _joined(_Gates(p[:, ::2], q[:, ::2]), _Gates(p[:, 1::2], q[:, 1::2]))
            p, q = values
        values = _Gates(p[:, 0], q[:, 0])
    else:
        half = 1 << (gates.bit_length() - 1)
        short, long = _at(ladder, slice(0, gates - half), slice(gates - half, None))
        values = _joined(_values(short, half), _values(long, half))
    repeated = size // values.p.shape[1]
    return _Gates(np.tile(values.p, repeated), np.tile(values.q, repeated))


def _joined(first: _Gates, second: _Gates) -> _Gates:
    """The values of a ladder, an entangling gate with one more (the first) control, and another ladder, last axis."""
    parts = []
    for phase in (_QUARTER.conjugate(), _QUARTER):
        p, q = first.p * phase, first.q * phase.conjugate()
        parts.append(_Gates(second.p * p - second.q.conj() * q, second.q * p + second.p.conj() * q))
    return _Gates(*(np.concatenate(halves, axis=-1) for halves in zip(*parts, strict=True)))


def _turned(a: Complex, b: Complex) -> Real:
    """The angles of the diagonals R = diag(e^(i t), e^(-i t)) that the pieces hand on, for all arrays (pieces, gates,
    half).

    ``a`` and ``b`` are p_0 p_1* and q_0* q_1 of the two gates of a pair. What a piece hands on depends on the t that it
    is handed, and on nothing else of the pieces before it: t' = -pi/4 - arg(x)/2 with x = a e^(-2it) + b e^(2it). Only
    that is computed piece by piece, for u = e^(2it), and column by column in plain numbers where a piece is so small
    that the calls would cost more than the numbers.
    """
    pieces, half = len(a), a.shape[-1]
    # Where x is zero, any t will do; rounding must not choose another one for the next piece.
    if half < _SMALL_PIECE:
        columns = []
        for ones, others in zip(*(part.reshape(pieces, -1).T.tolist() for part in (a, b)), strict=True):
            u = 1 + 0j
            values = []
            for one, other in zip(ones, others, strict=True):
                x = one * u.conjugate() + other * u
                u = -1j * x.conjugate() / abs(x) if x else -1j
                values.append(u)
            columns.append(values)
        turned: Complex = np.array(columns).T.reshape(a.shape)
    else:
        turned = np.empty(a.shape, complex)
        handed: Complex = np.ones(a.shape[1:], complex)
        for piece in range(pieces):
            x = a[piece] * handed.conj() + b[piece] * handed
            size = np.abs(x)
            x_conj = x.conj()
            if not size.all():
                zero = size == 0
                x_conj[zero], size[zero] = 1.0, 1.0
            handed = -1j * x_conj / size
            turned[piece] = handed
    return np.arctan2(turned.imag, turned.real) / 2
