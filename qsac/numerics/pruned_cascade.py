"""Cascades that do without some controls (Construction, section 9).

As :mod:`qsac.numerics.cascade`, a table of unit rows is taken apart from its last data qubit to its first, but a level
looks at some of its controls only: rows that agree in these are one group, and share one gate. Each row's pair of
amplitudes (a, b) is to become (c, 0). One gate for a group leaves least behind if it turns the leading eigenvector of
the group's sum of |a, b><a, b| to zero; what is left behind is the smaller eigenvalue. Real rows take the same step in
the Bell basis, where four real amplitudes are a pair (a, b), or rotations where that takes fewer gates.

A control that a level looks at must be one of the level before as well, unless that is the level's target: what a
ladder leaves on its controls is then the same for all rows of a group, and its part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.numerics.cascade import Complex, Real
from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.plan import pruned_controls

Groups = NDArray[np.intp]


class GateLevel(NamedTuple):
    """Angles of a uniformly controlled gate (see :class:`~qsac.ir.blocks.UniformlyControlledGate`), radians; ``basis``:
    in the Bell basis of its qubit and the one after it."""

    theta: Real
    phi: Real
    basis: bool


class RotationLevel(NamedTuple):
    """Angles of a multiplexed RY that loads, radians."""

    angles: Real


Level = GateLevel | RotationLevel


@dataclass(frozen=True)
class _Step:
    """A level's gate as it acts on the amplitudes: ``vectors`` (rows, 2), one for each row before its level, are what
    it turns to zero; ``phases`` (rows,) what the ladder adds there (none for rotations, where ``vectors`` are real)."""

    vectors: Complex
    phases: Real | None


@dataclass(frozen=True)
class PrunedCascade:
    """Levels that uncompute rows approximately, data qubit r at level r, each with the controls that it looks at.

    ``controls`` are places among the index qubits and then the data qubits. ``left`` (C,) are the phases that are left
    on the index, ``loaded`` (C, d) the rows that the levels do load, phases included: those of the given rows as far as
    that is free. Where rows are real, phases are not.
    """

    levels: tuple[Level, ...]
    controls: tuple[tuple[int, ...], ...]
    left: Real
    loaded: Complex | Real


def pruned_rows(rows: Real | Complex, cutoffs: Sequence[int], weights: Real | None = None) -> Real | Complex:
    """What the levels of :func:`pruned_cascade` load; of complex rows without their ladders, which do not matter."""
    return _taken_apart(rows, cutoffs, weights, ladders=not np.iscomplexobj(rows)).loaded


def pruned_cascade(rows: Real | Complex, cutoffs: Sequence[int], weights: Real | None = None) -> PrunedCascade:
    """Take C unit rows, shape (C, d), apart by levels with the controls that ``cutoffs`` leaves them.

    ``cutoffs`` is as in :class:`~qsac.ir.attention.LoadPruned`; ``weights`` (C,) say how much each row matters.
    """
    return _taken_apart(rows, cutoffs, weights, ladders=True)


def _taken_apart(rows: Real | Complex, cutoffs: Sequence[int], weights: Real | None, *, ladders: bool) -> PrunedCascade:
    count, dimension = rows.shape
    size, bits = dimension.bit_length() - 1, (count - 1).bit_length()
    real = not np.iscomplexobj(rows)
    scale = np.ones(count) if weights is None else np.sqrt(np.maximum(weights, 1e-12))
    values: Real | Complex = rows * scale[:, None]
    levels: list[Level] = []
    steps: list[_Step] = []
    places: list[tuple[int, ...]] = []
    for level in reversed(range(size)):
        basis, controls = pruned_controls(level, bits, cutoffs, count, real=real)
        before = level - 1 if basis else level
        groups = _groups(count, before, bits, controls)
        made, step, values = (
            _turned(values.real.reshape(-1, 2), groups, last=level == 0)
            if real and not basis
            else _gated(_paired(values, basis), groups, basis, ladders)
        )
        levels.append(made)
        steps.append(step)
        places.append(controls)
    last = values.reshape(count) / scale
    loaded = _loaded(steps[::-1], count, real)
    if real:
        return PrunedCascade(tuple(levels[::-1]), tuple(places[::-1]), np.zeros(0), loaded.real)
    overlaps = np.einsum("td,td->t", loaded.conj(), rows)
    size_of = np.abs(overlaps)
    loaded = loaded * np.where(size_of > 0, overlaps / np.where(size_of > 0, size_of, 1.0), 1.0)[:, None]
    return PrunedCascade(tuple(levels[::-1]), tuple(places[::-1]), np.angle(last), loaded)


def _groups(count: int, before: int, bits: int, controls: tuple[int, ...]) -> Groups:
    """For each row of index and data qubits before a level the value of the controls that are looked at."""
    rows = np.arange(count << before)
    groups = np.zeros(len(rows), dtype=np.intp)
    for place in controls:
        groups = 2 * groups + (rows >> (bits + before - 1 - place) & 1)
    return groups


def _paired(values: Complex | Real, basis: bool) -> Complex:
    """The pairs (a, b), shape (rows, 2): of real ones those of the Bell basis."""
    if not basis:
        return np.asarray(values.reshape(-1, 2), dtype=complex)
    four = values.reshape(-1, 4)
    return np.stack((four[:, 0] + 1j * four[:, 2], four[:, 3] + 1j * four[:, 1]), axis=1)


def _gated(pairs: Complex, groups: Groups, basis: bool, ladders: bool) -> tuple[GateLevel, _Step, Complex | Real]:
    vectors = _leading(pairs, groups)
    theta = phi = left = np.zeros(len(vectors))
    if ladders:
        theta, phi, left = up_to_diagonal(vectors[:, 0].conj(), -vectors[:, 1])
    spread = vectors[groups]
    values = np.einsum("ra,ra->r", spread.conj(), pairs) * np.exp(1j * left[groups])
    step = _Step(spread, left[groups])
    if basis:
        return GateLevel(theta, phi, basis), step, np.stack((values.real, values.imag), axis=1).reshape(-1)
    return GateLevel(theta, phi, basis), step, values


def _turned(pairs: Real, groups: Groups, *, last: bool) -> tuple[RotationLevel, _Step, Real]:
    vectors = _leading(pairs, groups).real
    if last:
        # Nothing is left that could make up for a sign.
        count = len(vectors)
        sums = np.stack([np.bincount(groups, column, count) for column in pairs.T], axis=1)
        vectors = np.where(np.einsum("ga,ga->g", vectors, sums) < 0, -1.0, 1.0)[:, None] * vectors
    spread = vectors[groups]
    values = np.einsum("ra,ra->r", spread, pairs)
    return RotationLevel(2 * np.arctan2(vectors[:, 1], vectors[:, 0])), _Step(spread.astype(complex), None), values


def _leading(pairs: Complex | Real, groups: Groups) -> Complex:
    """The leading eigenvector of each group's sum of |a, b><a, b|, shape (groups, 2)."""
    count = int(groups.max()) + 1
    first, second = pairs[:, 0], pairs[:, 1]
    half = np.bincount(groups, np.abs(first) ** 2 - np.abs(second) ** 2, count) / 2
    product = first * second.conj()
    across = np.bincount(groups, product.real, count) + 1j * np.bincount(groups, product.imag, count)
    larger = np.abs(half) + np.hypot(half, np.abs(across))
    forward = half >= 0
    vectors = np.stack((np.where(forward, larger, across), np.where(forward, across.conj(), larger)), axis=1)
    norm = np.linalg.norm(vectors, axis=1)
    vectors = np.where(norm[:, None] > 0, vectors, np.array([1.0, 0.0]))
    vectors = vectors / np.where(norm > 0, norm, 1.0)[:, None]
    # The phase of an eigenvector is free: the first number that is not zero is positive.
    leads = np.where(np.abs(vectors[:, 0]) > 1e-9, vectors[:, 0], vectors[:, 1])
    return np.asarray(vectors * (leads.conj() / np.abs(leads))[:, None])


def _loaded(steps: Sequence[_Step], count: int, real: bool) -> Complex:
    """The rows that the adjoint levels make of zero, shape (count, d)."""
    states: Complex = np.ones(count, dtype=complex)
    for step in steps:
        if step.phases is None:
            states = (step.vectors * states[:, None]).reshape(-1)
        elif real:
            ends = states.real.reshape(-1, 2)
            pairs = ((ends[:, 0] + 1j * ends[:, 1]) * np.exp(-1j * step.phases))[:, None] * step.vectors
            four = (pairs[:, 0].real, pairs[:, 1].imag, pairs[:, 0].imag, pairs[:, 1].real)
            states = np.stack(four, axis=1).reshape(-1).astype(complex)
        else:
            states = (step.vectors * (states * np.exp(-1j * step.phases))[:, None]).reshape(-1)
    return states.reshape(count, -1)
