"""Gates on one qubit under another one, however near they are to the identity: as exact as rounding allows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from qsac.ir.blocks import Diagonal, Multiplexor
from qsac.ir.op import Scope
from qsac.lowering.unitary import _controlled


def _drawn(size: float, seed: int) -> NDArray[np.complex128]:
    """A unitary about so far from the identity, with a phase."""
    rng = np.random.default_rng(seed)
    hermitian = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    values, vectors = np.linalg.eigh(size * (hermitian + hermitian.conj().T))
    found: NDArray[np.complex128] = vectors * np.exp(1j * values) @ vectors.conj().T
    return found


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-7, 1e-9])
def test_they_are_exact(size: float) -> None:
    scope = Scope({"when": 1, "target": 1}, {})
    for seed in range(20):
        matrix = _drawn(size, seed)
        found = np.eye(2, dtype=np.complex128)
        other = np.eye(2, dtype=np.complex128)
        for block in _controlled(matrix, ("when",), "target"):
            if isinstance(block, Multiplexor):
                other, found = (one @ two for one, two in zip(block.matrices(scope), (other, found), strict=True))
            else:
                assert isinstance(block, Diagonal)
                found = found * np.exp(1j * block.phases.values[1])
        assert np.abs(found - matrix).max() < 1e-14
        assert np.abs(other - np.eye(2)).max() < 1e-14
        assert np.abs(matrix - np.eye(2)).max() > size / 10
