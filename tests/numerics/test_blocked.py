"""Blocked linear algebra against NumPy's."""

import numpy as np
import pytest

from qsac.numerics import blocked

RNG = np.random.default_rng(17)


def full(blocks):
    """A symmetric matrix of its lower blocks."""
    count, _, block, _ = blocks.shape
    lower = np.tril(blocks.transpose(0, 2, 1, 3).reshape(count * block, count * block))
    return lower + np.tril(lower, -1).T


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (40, 100), (64, 64), (150, 70), (200, 193)])
def test_products(rows, columns):
    matrix, vector = RNG.normal(size=(rows, columns)), RNG.normal(size=columns)
    block = blocked.block_size(rows)
    blocks = blocked.in_blocks(matrix, block)
    assert max(blocks.shape[2:]) <= blocked.LARGEST_BLOCK
    np.testing.assert_allclose(full(blocked.gram(blocks))[:rows, :rows], matrix @ matrix.T, atol=1e-12)
    np.testing.assert_allclose(blocked.times_vector(blocks, vector)[:rows], matrix @ vector, atol=1e-12)


@pytest.mark.parametrize("pivots", [1, 2, 4])
def test_a_part_and_then_the_rest_solve_a_system(pivots):
    size, block = 200, 40
    matrix = RNG.normal(size=(size, 2 * size))
    blocks = blocked.gram(blocked.in_blocks(matrix, block))
    vector = RNG.normal(size=size)
    wanted = np.linalg.solve(matrix @ matrix.T, vector)
    first = blocked.PartialCholesky(blocks, pivots)
    reduced = first.reduced(vector)
    rest = blocked.PartialCholesky(first.rest.copy(), len(first.rest))
    reduced[pivots * block :] = rest.solution(rest.reduced(reduced[pivots * block :]))
    np.testing.assert_allclose(first.solution(reduced), wanted, atol=1e-11)


def test_an_indefinite_matrix_is_refused():
    with pytest.raises(blocked.NotPositiveDefiniteError):
        blocked.PartialCholesky(-np.eye(40).reshape(1, 1, 40, 40), 1)


def test_the_block_size_pads_least():
    assert blocked.block_size(130) == 44
    assert blocked.block_size(64, 128) == 64
