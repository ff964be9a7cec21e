"""Ladders so large that their pieces are computed as arrays, pairs of rows without an angle of their own among them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.numerics.ladder import up_to_diagonal, up_to_diagonals


def _rows(rows: int, seed: int, opposite: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Random SU(2) rows; ``opposite`` of the pairs that differ in the first control are the identity and Y."""
    generator = np.random.default_rng(seed)
    pairs = generator.normal(size=(rows, 2)) + 1j * generator.normal(size=(rows, 2))
    pairs /= np.linalg.norm(pairs, axis=1, keepdims=True)
    half = 1 << ((rows - 1).bit_length() - 1)
    chosen = generator.permutation(rows - half)[:opposite]
    pairs[chosen], pairs[half + chosen] = (1, 0), (0, 1)
    return pairs[:, 0], pairs[:, 1]


@pytest.mark.parametrize("opposite", [0, 5, 32])
@pytest.mark.parametrize("rows", [64, 100, 128, 256])
def test_a_large_gate_up_to_a_diagonal(rows: int, opposite: int) -> None:
    p, q = _rows(rows, rows, opposite)
    theta, phi, left = up_to_diagonal(p, q)
    controls = tuple(f"c{place}" for place in range((rows - 1).bit_length()))
    found = UniformlyControlledGate(controls, "t", Table(theta), Table(phi)).matrices(Scope({}, {}))[:rows]
    wanted = np.array([[p, -q.conj()], [q, p.conj()]]).transpose(2, 0, 1)
    rest = found @ wanted.conj().transpose(0, 2, 1)
    np.testing.assert_allclose(rest[:, 0, 1], 0, atol=1e-12)
    phases = rest[:, 0, 0] * np.exp(-1j * left)
    np.testing.assert_allclose(phases, phases[0], atol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 7, 64, 100])
def test_several_gates_at_once_are_what_each_is_alone(rows: int) -> None:
    gates = [_rows(rows, seed, 0) for seed in range(3)] if rows > 1 else [(np.ones(1, complex), np.zeros(1, complex))]
    p, q = (np.stack(parts) for parts in zip(*gates, strict=True))
    together = up_to_diagonals(p, q)
    for place, gate in enumerate(gates):
        for found, wanted in zip(together, up_to_diagonal(*gate), strict=True):
            assert found[place].tobytes() == wanted.tobytes()
