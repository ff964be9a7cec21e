"""Loads as whole unitaries, as their ladders complete them."""

import numpy as np
import pytest

from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.numerics.ladder import ladder_values
from qsac.numerics.whole_loads import uncomputed


@pytest.mark.parametrize(("count", "width"), [(2, 2), (3, 4), (8, 4), (5, 8), (6, 16)])
@pytest.mark.parametrize("real", [True, False])
def test_what_uncomputes_a_table_is_unitary(count: int, width: int, real: bool) -> None:
    rng = np.random.default_rng(count)
    rows = rng.normal(size=(count, width)) + (0 if real else 1j * rng.normal(size=(count, width)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    basis = np.tile(np.eye(width, dtype=np.complex128), (count, 1, 1))
    found = uncomputed(rows, basis)
    np.testing.assert_allclose(found @ found.conj().transpose(0, 2, 1), basis, atol=1e-12)
    np.testing.assert_allclose(np.abs(np.einsum("kij,kj->ki", found, rows)[:, 0]), 1, atol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 7, 8, 11])
def test_a_ladder_by_its_values(rows: int) -> None:
    """As the block multiplies them gate by gate, for values without a row too."""
    rng = np.random.default_rng(rows)
    controls = (rows - 1).bit_length()
    theta, phi = rng.uniform(0, 3, rows), rng.uniform(0, 6, rows)
    names = tuple(f"c{place}" for place in range(controls))
    gate = UniformlyControlledGate(names, "t", Table(theta), Table(phi))
    np.testing.assert_allclose(ladder_values(theta, phi, 1 << controls), gate.matrices(Scope({}, {})), atol=1e-13)
