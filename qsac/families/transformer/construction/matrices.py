"""Matrices that are not unitary, on a register: scaled so that they lengthen nothing (docs/transformer.md, "The words").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from qsac.families.transformer.construction.affine import Planned, Real, qubits, unit_rows
from qsac.families.transformer.construction.composing import ALIKE, Composition, Names
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
    """The decomposition of a matrix on a register of ``size`` qubits."""
    whole: Numbers = np.zeros((1 << size, 1 << size), dtype=matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    left, values, right = np.linalg.svd(whole)
    length = float(values[0])
    if not length:
        return Contraction(np.eye(1 << size), np.zeros(1 << size), np.eye(1 << size), 0.0)
    ratios = np.where(np.abs(values / length - 1) < ALIKE, 1.0, values / length)
    if np.all(ratios == 1):
        # A unitary up to a factor is one gate.
        return Contraction(whole / length, ratios, np.eye(1 << size), length)
    return Contraction(left, ratios, right, length)


def emit_contraction(composition: Composition, made: Contraction, data: Names, when: Names, origin: str) -> None:
    """Apply it: a qubit is turned by each singular value's ratio to the largest, and projected."""
    composition.unitary(data, made.right, when=when, origin=origin)
    composition.attenuate(data, made.ratios, when=when, origin=origin)
    composition.unitary(data, made.left, when=when, origin=origin)


def applied(composition: Composition, state: Planned, cls: Names, matrices: Sequence[Numbers], origin: str) -> Planned:
    """The state that the matrix of each class makes of a state that no class changes. ``state`` has one length for each
    position; the result for each class and position.

    One matrix is applied in place, a contraction. Of several, columns are loaded by the class and the state's entry,
    which is then undone by the columns' lengths: what is lost is the Frobenius norm.
    """
    rows, columns = matrices[0].shape
    if len(matrices) == 1:
        size = max(state.size, qubits(rows))
        if size <= SYNTHESISED:
            made = contraction(matrices[0], size)
            return Planned(size, state.lengths * made.length, partial(_in_place, composition, state, made, origin))
    padded: Numbers = np.zeros((len(matrices), rows, 1 << state.size), dtype=np.result_type(*matrices))
    padded[:, :, :columns] = np.stack(list(matrices))
    loaded, lengths = unit_rows(np.swapaxes(padded, 1, 2).reshape(-1, rows))
    undone, norms = unit_rows(lengths.reshape(len(matrices), -1))
    emit = partial(_by_columns, composition, state, cls, (loaded, undone), origin)
    return Planned(qubits(rows), (norms[:, None] * state.lengths[None]).reshape(-1), emit)


def _in_place(
    composition: Composition, state: Planned, made: Contraction, origin: str, out: Names, when: Names
) -> None:
    state.emit(out, when)
    emit_contraction(composition, made, out, when, origin)


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
