"""Matrices that are not unitary, on a register: scaled so that they lengthen nothing (docs/transformer.md, "Words")."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from qsac.families.transformer.closed_form import check_finite
from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
from qsac.families.transformer.construction.narrowing import LEAST, narrow
from qsac.families.transformer.construction.planned import Planned, qubits, unit_rows
from qsac.families.transformer.lengths import Real
from qsac.files.numbers import Numbers

SYNTHESISED = 5
"""Most qubits on which a matrix is applied by its singular value decomposition."""


class Contraction(NamedTuple):
    """A matrix over its largest singular value, as U diag(ratios) V*."""

    left: Numbers
    ratios: Real
    right: Numbers
    length: float


def contraction(matrix: Numbers, size: int) -> Contraction:
    """The decomposition of a matrix (M, D) whose images are read on a register of ``size`` qubits, M of its values.

    ``right`` is on as many qubits as the states have, of which those before the last ``size`` are zero afterwards, or
    the state is given up.
    """
    rows, columns = matrix.shape
    wide = max(size, qubits(columns))
    whole: Numbers = np.zeros((1 << size, 1 << wide), dtype=matrix.dtype)
    whole[:rows, :columns] = matrix
    left, values, right = np.linalg.svd(whole)
    length = float(values[0])
    if not length:
        return Contraction(np.eye(1 << size), np.zeros(1 << size), np.eye(1 << wide), 0.0)
    ratios = np.where(np.abs(values / length - 1) < ALIKE, 1.0, values / length)
    if np.all(ratios == 1):
        # Orthonormal rows up to a factor are part of one unitary.
        whole = np.concatenate([whole / length, right[len(whole) :]])
        return Contraction(np.eye(1 << size), ratios, _proper(whole) if wide > size else whole, length)
    if wide == size and _columns_are_orthogonal(whole, length):
        # Nothing has to be turned before each column is shortened by itself.
        norms = np.linalg.norm(whole, axis=0)
        kept = norms > ALIKE * length
        left = np.concatenate([whole[:, kept] / norms[kept], left[:, np.count_nonzero(kept) :]], axis=1)
        left = left[:, np.argsort(np.concatenate([np.flatnonzero(kept), np.flatnonzero(~kept)]))]
        free = np.flatnonzero(~kept)
        if free.size and not np.iscomplexobj(left) and np.linalg.det(left) < 0:
            left[:, free[-1]] *= -1
        ratios = np.where(np.abs(norms / length - 1) < ALIKE, 1.0, np.where(kept, norms / length, 0.0))
        return Contraction(left, ratios, np.eye(1 << wide), length)
    if not np.iscomplexobj(whole):
        # A sign of both factors that belong to one value takes fewer gates where it makes a rotation of one.
        if np.linalg.det(left) < 0:
            left[:, -1] *= -1
            right[len(left) - 1] *= -1
        # A row that is not read, or is shortened to nothing, has any sign.
        right = _proper(right) if wide > size or ratios[-1] < ALIKE else right
    return Contraction(left, ratios, right, length)


def _columns_are_orthogonal(matrix: Numbers, length: float) -> bool:
    """Whether no column of a matrix, of which ``length`` is the largest singular value, overlaps with another."""
    scaled = matrix / length
    product = scaled.conj().T @ scaled
    return bool(np.abs(product - np.diag(np.diag(product))).max() <= ALIKE)


def _proper(unitary: Numbers) -> Numbers:
    """A real unitary with the sign of its last row chosen so that it is a rotation, where that row is free."""
    if not np.iscomplexobj(unitary) and np.linalg.det(unitary) < 0:
        unitary = unitary.copy()
        unitary[-1] *= -1
    return unitary


def applied(composition: Composition, state: Planned, cls: Names, matrices: Sequence[Numbers], origin: str) -> Planned:
    """The state that the matrix of each class makes of a state that no class changes. ``state`` has one length for each
    position; the result for each class and position.

    One matrix is applied in place, a contraction. Of several, columns are loaded by the class and the state's entry,
    which is then undone by the columns' lengths: what is lost is the Frobenius norm. Raises
    :class:`~qsac.errors.InvalidInputError` for numbers that are too large.
    """
    for matrix in matrices:
        check_finite(matrix, origin)
    rows, columns = matrices[0].shape
    if len(matrices) == 1:
        size = qubits(rows)
        if max(state.size, size) <= SYNTHESISED:
            whole = np.pad(matrices[0], ((0, 0), (0, (1 << state.size) - columns)))
            lengths = state.lengths * contraction(whole, size).length
            return Planned(size, lengths, partial(_in_place, composition, state, whole, origin))
    padded: Numbers = np.zeros((len(matrices), rows, 1 << state.size), dtype=np.result_type(*matrices))
    padded[:, :, :columns] = np.stack(list(matrices))
    loaded, lengths = unit_rows(np.swapaxes(padded, 1, 2).reshape(-1, rows))
    undone, norms = unit_rows(lengths.reshape(len(matrices), -1))
    emit = partial(_by_columns, composition, state, cls, (loaded, undone), origin)
    return Planned(qubits(rows), (norms[:, None] * state.lengths[None]).reshape(-1), emit)


def _in_place(composition: Composition, state: Planned, matrix: Numbers, origin: str, out: Names, when: Names) -> None:
    """A qubit is turned by each singular value's ratio to the largest, and projected."""
    made = contraction(matrix, composition.width(out))
    spare = qubits(len(made.right)) - composition.width(out)
    if spare and not when and spare + composition.width(out) >= LEAST:
        going = [composition.register("rest", 1) for _ in range(spare)]
        state.emit(composition.joined("whole", *going, out), when)
        narrow(composition, going, out, made.right[: 1 << composition.width(out)], origin)
    else:
        rest = composition.register("rest", spare)
        whole = composition.joined("whole", rest, out) if rest else out
        state.emit(whole, when)
        composition.unitary(whole, made.right, when=when, ending=bool(rest), origin=origin)
        composition.project(rest, origin=origin)
    composition.attenuate(out, made.ratios, when=when, origin=origin)
    composition.unitary(out, made.left, when=when, origin=origin)


def _by_columns(
    composition: Composition,
    state: Planned,
    cls: Names,
    tables: tuple[Numbers, Numbers],
    origin: str,
    out: Names,
    when: Names,
) -> None:
    loaded, undone = tables
    entry = composition.register("entry", state.size)
    state.emit(entry, when)
    composition.load(out, (*cls, *composition.parts(entry)), "columns", loaded, when=when, origin=origin)
    composition.load(entry, cls, "lengths", undone, when=when, inverse=True, origin=origin)
