"""The common base of all token loaders."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from qsac.ir.op import Data, Op, Scope, registers_of


class Loader(Op):
    """Prepare a state on ``data``, selected by the control registers; with ``inverse`` the inverse load.

    After an inverse load ``data`` must be projected on zero, so only the first column of each unitary is part of the
    meaning.
    """

    phrase: ClassVar[str] = "load of"

    data: Data
    inverse: bool

    @property
    def targets(self) -> tuple[str, ...]:
        return registers_of(self.data)

    @property
    def requires_zero(self) -> tuple[str, ...]:
        return () if self.inverse else self.targets

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        return self.targets if self.inverse else ()

    @property
    def approximates(self) -> bool:
        """Whether what is loaded stands for something else, :meth:`intended`."""
        return True

    def loaded(self, scope: Scope) -> NDArray[np.complex128]:
        """The state for each value of the control registers, shape (values, d)."""
        raise NotImplementedError

    def intended(self, scope: Scope) -> NDArray[np.complex128]:
        """What the loaded states stand for, shape (values, d or more)."""
        raise NotImplementedError

    def adjoint(self) -> Self:
        return replace(self, inverse=not self.inverse)  # type: ignore[call-arg]  # a field of each loader

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """One unitary a value; its first column is what is loaded, the others complete it (Householder)."""
        matrices = completed(self.loaded(scope))
        return np.conj(matrices.transpose(0, 2, 1)) if self.inverse else matrices


def rows_for(rows: NDArray[np.float64] | NDArray[np.complex128], values: int, first: int = 0) -> NDArray[np.complex128]:
    """``values`` states, shape (values, d): the rows, shape (R, d), from place ``first`` on; else |0...0>."""
    padded = np.zeros((values, rows.shape[1]), dtype=np.complex128)
    padded[:, 0] = 1.0
    padded[first : first + len(rows)] = rows
    return padded


def completed(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Unitaries of shape (R, d, d) whose first columns are the given unit rows, by Householder reflections."""
    lead = rows[:, 0]
    magnitude = np.abs(lead)
    phase = np.where(magnitude > 0, lead / np.where(magnitude > 0, magnitude, 1.0), 1.0)
    # The reflection takes e_0 to -conj(phase) x; the column is then turned back to x.
    vectors = np.conj(phase)[:, None] * rows
    vectors[:, 0] += 1.0
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    reflections = np.eye(rows.shape[1]) - 2 * vectors[:, :, None] * np.conj(vectors[:, None, :])
    return np.asarray(-phase[:, None, None] * reflections, dtype=np.complex128)
