"""Angles of token loaders, level by level, for whole tables at once.

A table of unit rows over ``C`` control values is uncomputed from its last data qubit to its first. Every level is one
ladder (:mod:`qsac.numerics.ladder`) over the rows of controls and data bits before it.

**Complex** tables: at level r the amplitudes of each prefix of r data bits are pairs (a, b), which a uniformly
controlled gate turns into (r, 0). It is found up to a diagonal, whose phases are part of the level before: in the end
one diagonal on the controls is left (Construction, section 2). 2^r C - 1 entangling gates a level.

**Real** tables: a real state of two qubits is, in a Bell basis, one qubit's SU(2) matrix on a Bell state, its four
amplitudes a quaternion. The inverse matrix, uniformly controlled up to a diagonal diag(e^(i t), e^(-i t)), leaves in
the old basis cos(t) |00> + sin(t) |10>: the second qubit is uncomputed, and the first holds real amplitudes as before,
with 2^(r-1) C - 1 entangling gates and two for the basis, instead of the 2^r C - 1 of a multiplexed RY. In all
C d/2 + n - 2 instead of C (d - 1) - n: each gate of the ladder carries two angles, where a rotation has one.

Columns at the end that are zero in every row cost nothing: the rows of a ladder are those that occur (``plan``). A row
that is a basis state has one prefix on every level. Where it is the last one, the ladder is shorter by the others;
where it stands beside one other row, both have one ladder over the prefixes, before which one gate makes the
difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder import beside, up_to_diagonals
from qsac.numerics.plan import Beside, Level, Lone, occupied_columns, plan

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Rows = NDArray[np.intp]
"""For each row of a ladder, which row of the usual order it is (:meth:`~qsac.ir.blocks.multiplexor.LadderOrder.rows`).
"""


class GateLevel(NamedTuple):
    """Angles of a uniformly controlled gate (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians; first of
    them those of the extra gate, if the level has one."""

    level: Level
    theta: Real
    phi: Real


class RotationLevel(NamedTuple):
    """Angles of a multiplexed RY that loads, radians; first of them that of the extra rotation, if there is one."""

    level: Level
    angles: Real


def real_cascade(
    rows: Real, columns: int | None = None, orders: Sequence[Rows | None] = ()
) -> list[GateLevel | RotationLevel]:
    """What uncomputes each of C real unit rows of length d = 2^n, shape (C, d), in time order.

    Of the rows the first ``columns`` entries may differ from zero: those that do, unless given. ``orders`` gives the
    order of the rows of each level's ladder, where it is not the usual one.
    """
    return real_cascades(rows[None], occupied_columns(rows) if columns is None else columns, orders)[0]


def real_cascades(
    tables: Real, columns: int, orders: Sequence[Rows | None] = (), lone: Lone | None = None
) -> list[list[GateLevel | RotationLevel]]:
    """:func:`real_cascade` of each of some tables, shape (tables, C, d): the same numbers, in less time."""
    count, rows, size = tables.shape
    levels: list[list[GateLevel | RotationLevel]] = [[] for _ in range(count)]
    values = tables[:, :, :columns]
    for place, level in enumerate(plan(rows, columns, size.bit_length() - 1, real=True, lone=lone)):
        if level.beside is not None:
            steps, values = _beside(values, level, level.beside, orders[place] if orders else None)
            for found, step in zip(levels, steps, strict=True):
                found.append(step)
        elif level.kind == "bell":
            amplitudes = _laid_out(values, 4, level)
            theta, phi, pairs = _quaternions(amplitudes, orders[place] if orders else None)
            values = _read_back(pairs, rows, level)
            for found, *angles in zip(levels, theta, phi, strict=True):
                found.append(GateLevel(level, *angles))
        else:
            pairs = _laid_out(values, 2, level)
            for found, turned in zip(levels, 2 * np.arctan2(pairs[..., 1], pairs[..., 0]), strict=True):
                found.append(RotationLevel(level, turned))
            values = _read_back(np.hypot(pairs[..., 0], pairs[..., 1])[..., None], rows, level)
    return levels


def complex_cascade(
    rows: Complex, columns: int | None = None, orders: Sequence[Rows | None] = ()
) -> tuple[list[GateLevel], Real]:
    """What uncomputes each of C unit rows of length d = 2^n, shape (C, d), in time order; options as for real ones.

    Returns the levels and the phases delta, shape (C,): running the levels takes |c>|row c> to exp(i delta_c) |c>|0>,
    up to one global phase.
    """
    return complex_cascades(rows[None], occupied_columns(rows) if columns is None else columns, orders)[0]


def complex_cascades(
    tables: Complex, columns: int, orders: Sequence[Rows | None] = (), lone: Lone | None = None
) -> list[tuple[list[GateLevel], Real]]:
    """:func:`complex_cascade` of each of some tables, shape (tables, C, d): the same numbers, in less time."""
    count, rows, size = tables.shape
    levels: list[list[GateLevel]] = [[] for _ in range(count)]
    values = tables[:, :, :columns]
    for place, level in enumerate(plan(rows, columns, size.bit_length() - 1, real=False, lone=lone)):
        pairs = _laid_out(values, 2, level)
        norm = np.hypot(np.abs(pairs[..., 0]), np.abs(pairs[..., 1]))
        safe = np.where(norm > 0, norm, 1.0)
        diagonal = np.where(norm > 0, np.conj(pairs[..., 0]) / safe, 1.0)
        q = np.asarray(-pairs[..., 1] / safe, dtype=np.complex128)
        theta, phi, left = _ordered(diagonal, q, orders[place] if orders else None)
        values = _read_back((norm * np.exp(1j * left))[..., None], rows, level)
        for found, *angles in zip(levels, theta, phi, strict=True):
            found.append(GateLevel(level, *angles))
    return list(zip(levels, np.angle(values[..., 0]), strict=True))


def _laid_out(values: NDArray[Any], group: int, level: Level) -> NDArray[Any]:
    """Groups of amplitudes, shape (tables, level.rows, group), in the order of the ladders' rows: those of ``values``,
    shape (tables, controls, columns), and zeros where nothing is."""
    count, controls, columns = values.shape
    filled = np.zeros((count, controls, level.prefixes * group), dtype=values.dtype)
    filled[..., :columns] = values
    grouped = filled.reshape(count, controls, level.prefixes, group)
    if level.prefix_first:
        padded = np.zeros((count, level.prefixes, 1 << (controls - 1).bit_length(), group), dtype=values.dtype)
        padded[:, :, :controls] = grouped.transpose(0, 2, 1, 3)
    else:
        padded = np.zeros((count, controls, 1 << level.prefix_bits, group), dtype=values.dtype)
        padded[:, :, : level.prefixes] = grouped
    return np.ascontiguousarray(padded.reshape(count, -1, group)[:, : level.rows])


def _read_back(groups: NDArray[Any], controls: int, level: Level) -> NDArray[Any]:
    """Amplitudes by control value, shape (tables, controls, columns), from groups in the order of the ladders' rows."""
    count, rows, group = groups.shape
    outer, inner = (level.prefixes, 1 << (controls - 1).bit_length())
    if not level.prefix_first:
        outer, inner = controls, 1 << level.prefix_bits
    padded = np.zeros((count, outer * inner, group), dtype=groups.dtype)
    padded[:, :rows] = groups
    by_value = padded.reshape(count, outer, inner, group)
    if level.prefix_first:
        by_value = by_value.transpose(0, 2, 1, 3)
    return by_value[:, :controls, : level.prefixes].reshape(count, controls, level.prefixes * group)


def _ordered(p: Complex, q: Complex, order: Rows | None) -> tuple[Real, Real, Real]:
    """:func:`~qsac.numerics.ladder.up_to_diagonals` with the ladders' rows in an order of their own."""
    if order is None:
        return up_to_diagonals(p, q)
    theta, phi, ordered = up_to_diagonals(p[:, order], q[:, order])
    left = np.empty_like(ordered)
    left[:, order] = ordered
    return theta, phi, left


def _quaternions(amplitudes: Real, order: Rows | None) -> tuple[Real, Real, Real]:
    """The ladders for real amplitudes of |00>, |01>, |10>, |11>, shape (tables, rows, 4): theta, phi, and the pairs
    that they leave."""
    p, q, norm = _spins(amplitudes)
    theta, phi, left = _ordered(p, q, order)
    return theta, phi, norm[..., None] * _pairs(left)


def _spins(amplitudes: Real) -> tuple[Complex, Complex, Real]:
    """What uncomputes real amplitudes of |00>, |01>, |10>, |11>, shape (.., 4), in the Bell basis: p and q of the
    inverse matrices, the identity for zeros, and the lengths."""
    a = amplitudes[..., 0] + 1j * amplitudes[..., 2]
    b: Complex = amplitudes[..., 3] + 1j * amplitudes[..., 1]
    norm = np.linalg.norm(amplitudes, axis=-1)
    safe = np.where(norm > 0, norm, 1.0)
    p: Complex = np.where(norm > 0, a.conj() / safe, 1.0)
    return p, -b / safe, norm


def _pairs(left: Real) -> Real:
    """The amplitudes of |00> and |10> that phases of a ladder leave."""
    return np.stack((np.cos(left), np.sin(left)), axis=-1)


def _beside(
    values: Real, level: Level, at: Beside, order: Rows | None
) -> tuple[Sequence[GateLevel | RotationLevel], Real]:
    """A level of two rows, shape (tables, 2, columns), of which one has one prefix, and the amplitudes it leaves."""
    group = 4 if level.kind == "bell" else 2
    count, _, columns = values.shape
    filled = np.zeros((count, 2, level.prefixes * group))
    filled[..., :columns] = values
    grouped = filled.reshape(count, 2, level.prefixes, group)
    lengths = np.linalg.norm(grouped, axis=-1)
    rows, other = grouped[:, 1 - at.row].copy(), grouped[:, at.row, at.place]
    if not at.extra:
        # What is there of the row beside it is in proportion.
        rows[:, at.place] = other
    if level.kind == "bell":
        theta, phi, left, alone = _beside_spins(rows, other, at, order)
        pairs = np.stack((_pairs(left), _pairs(left)), axis=1)
        pairs[:, at.row, at.place] = _pairs(alone)
        left_over = (lengths[..., None] * pairs).reshape(count, 2, -1)
        return [GateLevel(level, *angles) for angles in zip(theta, phi, strict=True)], left_over
    turned = 2 * np.arctan2(rows[..., 1], rows[..., 0])
    if at.extra:
        # RY(b) Z RY(a) = Z RY(a - b) for the row beside: the sum of both for the others, the difference for it.
        first = (turned[:, at.place] + 2 * np.arctan2(other[:, 1], other[:, 0])) / 2
        turned = np.concatenate((first[:, None], turned - first[:, None]), axis=1)
    return [RotationLevel(level, angles) for angles in turned], lengths


def _beside_spins(rows: Real, other: Real, at: Beside, order: Rows | None) -> tuple[Real, Real, Real, Real]:
    """The ladders in a Bell basis: theta, phi, the phases left of the rows, and that of the other one."""
    p, q, _ = _spins(rows)
    if not at.extra:
        theta, phi, left = _ordered(p, q, order)
        return theta, phi, left, left[:, at.place]
    other_p, other_q, _ = _spins(other)
    taken = np.arange(p.shape[1]) if order is None else order
    place = int(np.flatnonzero(taken == at.place)[0])
    theta, phi, ordered = beside(p[:, taken], q[:, taken], (other_p, other_q), place)
    left = np.empty(p.shape)
    left[:, taken] = ordered[:, :-1]
    return theta, phi, left, ordered[:, -1]
