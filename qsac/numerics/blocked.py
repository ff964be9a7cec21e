"""Products and Cholesky factors of real matrices, block by block: the same bytes with any number of BLAS threads.

A BLAS library that splits a product or a factorisation among threads may add in another order, so the last bits depend
on the number of threads. OpenBLAS does no such thing where m n k <= 64^3, so nothing larger is asked of it at a time;
on small and middle-sized matrices this also takes less time than threads do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

LARGEST_BLOCK = 64
SMALLEST_BLOCK = 32


class NotPositiveDefiniteError(Exception):
    """A pivot of a Cholesky factorisation is not positive."""


def block_size(*sizes: int) -> int:
    """The size of blocks with which matrices of these sizes need the least padding."""
    return min(
        range(LARGEST_BLOCK, SMALLEST_BLOCK - 1, -4), key=lambda block: sum(padded_size(size, block) for size in sizes)
    )


def padded_size(size: int, block: int) -> int:
    """The next multiple of ``block``."""
    return -(-size // block) * block


class Padded:
    """A matrix of zeros, shape (rows, columns), to be filled: :attr:`rows`, padded with zeros."""

    def __init__(self, count: int, columns: int, block: int) -> None:
        self._block, self._pieces = block, -(-columns // LARGEST_BLOCK)
        self._width = -(-columns // self._pieces)
        self._padded = np.zeros((padded_size(count, block), self._pieces * self._width))
        self.rows: Real = self._padded[:count, :columns]

    def in_blocks(self) -> Real:
        """As blocks (row blocks, column blocks, block, width), columns split evenly into widths of at most
        :data:`LARGEST_BLOCK`."""
        shape = len(self._padded) // self._block, self._block, self._pieces, self._width
        return np.ascontiguousarray(self._padded.reshape(shape).transpose(0, 2, 1, 3))


def in_blocks(rows: Real, block: int) -> Real:
    """A matrix as blocks (:meth:`Padded.in_blocks`)."""
    count, columns = rows.shape
    padded = Padded(count, columns, block)
    padded.rows[...] = rows
    return padded.in_blocks()


def gram(blocks: Real) -> Real:
    """J J^T of a matrix as :func:`in_blocks`: its lower blocks, shape (row blocks, row blocks, block, block); the upper
    ones are zero."""
    count, pieces, block, _ = blocks.shape
    transposed = blocks.transpose(0, 1, 3, 2)
    product = np.zeros((count, count, block, block))
    for row in range(count):
        np.matmul(blocks[row, 0], transposed[: row + 1, 0], out=product[row, : row + 1])
        for piece in range(1, pieces):
            product[row, : row + 1] += np.matmul(blocks[row, piece], transposed[: row + 1, piece])
    return product


def times_vector(blocks: Real, vector: Real) -> Real:
    """The product of a matrix as :func:`in_blocks` with a vector of its columns' length; padded, shape (row blocks x
    block,)."""
    count, pieces, block, width = blocks.shape
    padded = np.zeros((pieces, width, 1))
    padded.reshape(-1)[: len(vector)] = vector
    return np.asarray(np.matmul(blocks, padded).sum(axis=1).reshape(count * block), dtype=np.float64)


class PartialCholesky:
    """The first ``pivots`` block columns of a positive definite matrix, factored: A = L L^T there, and what is left of
    the other block columns is :attr:`rest`, their Schur complement.

    ``matrix``: lower blocks, shape (n, n, block, block); overwritten.
    Raises :class:`NotPositiveDefiniteError`.
    """

    def __init__(self, matrix: Real, pivots: int) -> None:
        block = matrix.shape[-1]
        self.pivots = pivots
        self.factor = matrix
        self.inverses = np.empty((pivots, block, block))
        for pivot in range(pivots):
            try:
                self.inverses[pivot] = np.linalg.inv(np.linalg.cholesky(matrix[pivot, pivot]))
            except np.linalg.LinAlgError:
                raise NotPositiveDefiniteError from None
            below = matrix[pivot + 1 :, pivot]
            below[...] = np.matmul(below, self.inverses[pivot].T)
            for column in range(pivot + 1, len(matrix)):
                matrix[column:, column] -= np.matmul(matrix[column:, pivot], matrix[column, pivot].T)

    @property
    def rest(self) -> Real:
        """The Schur complement's lower blocks."""
        return self.factor[self.pivots :, self.pivots :]

    def reduced(self, vector: Real) -> Real:
        """L^-1 b in the pivots, and b less what the pivots take from it in the rest; shape as ``vector``, padded."""
        values = vector.reshape(len(self.factor), -1, 1).copy()
        for pivot in range(self.pivots):
            values[pivot] = np.matmul(self.inverses[pivot], values[pivot])
            values[pivot + 1 :] -= np.matmul(self.factor[pivot + 1 :, pivot], values[pivot])
        return values.reshape(-1)

    def solution(self, reduced: Real) -> Real:
        """The solution, where ``reduced`` has the reduced vector in the pivots and the solution in the rest."""
        values = reduced.reshape(len(self.factor), -1, 1).copy()
        for pivot in reversed(range(self.pivots)):
            above = np.matmul(self.factor[pivot + 1 :, pivot].transpose(0, 2, 1), values[pivot + 1 :]).sum(axis=0)
            values[pivot] = np.matmul(self.inverses[pivot].T, values[pivot] - above)
        return values.reshape(-1)
