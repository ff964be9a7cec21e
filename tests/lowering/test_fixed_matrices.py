"""Matrices in templates: the same gates whatever the numbers, and the matrix exactly."""

from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost
from qsac.errors import InvalidInputError
from qsac.ir.op import Scope
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext
from qsac.lowering.fixed_matrices import fixed_gates
from tests.lowering.states import unitary


def drawn(dimension: int, seed: int, *, real: bool = False) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(dimension, dimension))
    matrix = np.linalg.qr(values if real else values + 1j * rng.normal(size=(dimension, dimension)))[0]
    if real and np.linalg.det(matrix) < 0:
        matrix[:, 0] *= -1
    return np.asarray(matrix, np.complex128)


def gates(matrices: NDArray[Any], pattern: NDArray[Any] | None = None) -> tuple[list[str], int]:
    """The kinds of the blocks and their two-qubit gates, once they are the matrices, block by block."""
    whole = np.zeros((len(matrices) * matrices.shape[1],) * 2, np.complex128)
    for place, matrix in enumerate(matrices):
        part = slice(place * len(matrix), (place + 1) * len(matrix))
        whole[part, part] = matrix
    names = tuple(f"q{place}" for place in range(len(whole).bit_length() - 1))
    context = LoweringContext(Scope({}, {}), Allocation({}, 0, {}), numbers=count())
    blocks = fixed_gates(np.asarray(matrices, np.complex128), names, context, pattern)
    found = unitary(blocks, names)
    overlap = np.vdot(whole, found)
    np.testing.assert_allclose(found, whole * overlap / abs(overlap), atol=1e-12)
    slots = [slot for block in blocks for slot in block.slots]
    assert len(slots) == len(set(slots)) > 0
    scope = Scope(dict.fromkeys(names, 1), {})
    costs = {sum(op_cost(block, scope, family) for block in blocks) for family in ("zzphase", "cz")}
    assert len(costs) == 1
    return [block.name for block in blocks], costs.pop()


@pytest.mark.parametrize(("dimension", "wanted"), [(2, 0), (4, 3), (8, 24), (16, 120)])
def test_all_matrices_of_a_size_have_the_same_gates(dimension: int, wanted: int) -> None:
    flip = np.eye(dimension)[::-1]
    tried = [drawn(dimension, 1), drawn(dimension, 2, real=True), np.eye(dimension), flip, np.diag(flip[0] * 2 - 1)]
    found = [gates(matrix[None]) for matrix in tried]
    assert all(one == (found[0][0], wanted) for one in found)


@pytest.mark.parametrize("seed", range(4))
def test_real_matrices_of_two_qubits_take_two_gates(seed: int) -> None:
    pattern = drawn(4, 7, real=True)
    local = np.kron(drawn(2, seed), drawn(2, seed + 10))
    for matrix in (drawn(4, seed, real=True), local, np.eye(4), local @ np.diag([1, 1, 1, -1])):
        assert gates(matrix[None], pattern) == (gates(pattern[None], pattern)[0], 2)
    with pytest.raises(InvalidInputError, match="two CX are enough") as error:
        gates(drawn(4, seed)[None], pattern)
    assert error.value.code == "template.other-circuits"


@pytest.mark.parametrize(("gate", "size", "wanted"), [(1, 4, 10), (2, 4, 28), (2, 8, 128)])
def test_gated_matrices(gate: int, size: int, wanted: int) -> None:
    for seed in (1, 2):
        matrices = np.stack([np.eye(size)] * ((1 << gate) - 1) + [drawn(size, seed)])
        assert gates(matrices)[1] == wanted
