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

Columns at the end that are zero in every row cost nothing: the rows of a ladder are those that occur (``plan``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.plan import Level, occupied_columns, plan

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Rows = NDArray[np.intp]
"""For each row of a ladder, which row of the usual order it is (:meth:`~qsac.ir.blocks.multiplexor.LadderOrder.rows`).
"""


class GateLevel(NamedTuple):
    """Angles of a uniformly controlled gate (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians."""

    level: Level
    theta: Real
    phi: Real


class RotationLevel(NamedTuple):
    """Angles of a multiplexed RY that loads, radians."""

    level: Level
    angles: Real


def real_cascade(
    rows: Real, columns: int | None = None, orders: Sequence[Rows | None] = ()
) -> list[GateLevel | RotationLevel]:
    """What uncomputes each of C real unit rows of length d = 2^n, shape (C, d), in time order.

    Of the rows the first ``columns`` entries may differ from zero: those that do, unless given. ``orders`` gives the
    order of the rows of each level's ladder, where it is not the usual one.
    """
    columns = occupied_columns(rows) if columns is None else columns
    levels: list[GateLevel | RotationLevel] = []
    values = rows[:, :columns]
    for place, level in enumerate(plan(len(rows), columns, rows.shape[1].bit_length() - 1, real=True)):
        if level.kind == "bell":
            amplitudes = _laid_out(values, 4, level)
            gate, pairs = _quaternions(level, amplitudes, orders[place] if orders else None)
            values = _read_back(pairs, len(rows), level)
            levels.append(gate)
        else:
            pairs = _laid_out(values, 2, level)
            levels.append(RotationLevel(level, 2 * np.arctan2(pairs[:, 1], pairs[:, 0])))
            values = _read_back(np.hypot(pairs[:, 0], pairs[:, 1])[:, None], len(rows), level)
    return levels


def complex_cascade(
    rows: Complex, columns: int | None = None, orders: Sequence[Rows | None] = ()
) -> tuple[list[GateLevel], Real]:
    """What uncomputes each of C unit rows of length d = 2^n, shape (C, d), in time order; options as for real ones.

    Returns the levels and the phases delta, shape (C,): running the levels takes |c>|row c> to exp(i delta_c) |c>|0>,
    up to one global phase.
    """
    columns = occupied_columns(rows) if columns is None else columns
    levels = []
    values = rows[:, :columns]
    for place, level in enumerate(plan(len(rows), columns, rows.shape[1].bit_length() - 1, real=False)):
        pairs = _laid_out(values, 2, level)
        norm = np.hypot(np.abs(pairs[:, 0]), np.abs(pairs[:, 1]))
        safe = np.where(norm > 0, norm, 1.0)
        diagonal = np.where(norm > 0, np.conj(pairs[:, 0]) / safe, 1.0)
        q = np.asarray(-pairs[:, 1] / safe, dtype=np.complex128)
        theta, phi, left = _ordered(diagonal, q, orders[place] if orders else None)
        levels.append(GateLevel(level, theta, phi))
        values = _read_back((norm * np.exp(1j * left))[:, None], len(rows), level)
    return levels, np.angle(values[:, 0])


def _laid_out(values: NDArray[Any], group: int, level: Level) -> NDArray[Any]:
    """Groups of amplitudes, shape (level.rows, group), in the order of the ladder's rows: those of ``values``, shape
    (controls, columns), and zeros where nothing is."""
    controls = len(values)
    filled = np.zeros((controls, level.prefixes * group), dtype=values.dtype)
    filled[:, : values.shape[1]] = values
    grouped = filled.reshape(controls, level.prefixes, group)
    if level.prefix_first:
        padded = np.zeros((level.prefixes, 1 << (controls - 1).bit_length(), group), dtype=values.dtype)
        padded[:, :controls] = grouped.transpose(1, 0, 2)
    else:
        padded = np.zeros((controls, 1 << level.prefix_bits, group), dtype=values.dtype)
        padded[:, : level.prefixes] = grouped
    return padded.reshape(-1, group)[: level.rows]


def _read_back(groups: NDArray[Any], controls: int, level: Level) -> NDArray[Any]:
    """Amplitudes by control value, shape (controls, columns), from groups in the order of the ladder's rows."""
    group = groups.shape[1]
    outer, inner = (level.prefixes, 1 << (controls - 1).bit_length())
    if not level.prefix_first:
        outer, inner = controls, 1 << level.prefix_bits
    padded = np.zeros((outer * inner, group), dtype=groups.dtype)
    padded[: level.rows] = groups
    by_value = padded.reshape(outer, inner, group)
    if level.prefix_first:
        by_value = by_value.transpose(1, 0, 2)
    return by_value[:controls, : level.prefixes].reshape(controls, level.prefixes * group)


def _ordered(p: Complex, q: Complex, order: Rows | None) -> tuple[Real, Real, Real]:
    """:func:`~qsac.numerics.ladder.up_to_diagonal` with the ladder's rows in an order of their own."""
    if order is None:
        return up_to_diagonal(p, q)
    theta, phi, ordered = up_to_diagonal(p[order], q[order])
    left = np.empty_like(ordered)
    left[order] = ordered
    return theta, phi, left


def _quaternions(level: Level, amplitudes: Real, order: Rows | None) -> tuple[GateLevel, Real]:
    """The ladder for real amplitudes of |00>, |01>, |10>, |11>, shape (rows, 4), and the pairs that it leaves."""
    a = amplitudes[:, 0] + 1j * amplitudes[:, 2]
    b: Complex = amplitudes[:, 3] + 1j * amplitudes[:, 1]
    norm = np.linalg.norm(amplitudes, axis=1)
    safe = np.where(norm > 0, norm, 1.0)
    p: Complex = np.where(norm > 0, a.conj() / safe, 1.0)
    theta, phi, left = _ordered(p, -b / safe, order)
    return GateLevel(level, theta, phi), norm[:, None] * np.stack((np.cos(left), np.sin(left)), axis=1)
