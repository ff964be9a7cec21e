"""Ising tokens against SciPy's matrix exponential of a Hamiltonian built from Kronecker products."""

from functools import reduce

import numpy as np
import pytest
import scipy.linalg

from qsac.families.reading import load
from qsac.families.tokens.tfim import bonds
from tests.families.models import tfim

X = np.array([[0, 1], [1, 0]])
Z = np.array([[1, 0], [0, -1]])


def _on(sites: int, *at: int, gate: np.ndarray) -> np.ndarray:
    return reduce(np.kron, [gate if q in at else np.eye(2) for q in range(sites)])


def _hamiltonian(sites: int, coupling: float, field: float, boundary: str) -> np.ndarray:
    chain = [(q, q + 1) for q in range(sites - 1)] + ([(sites - 1, 0)] if boundary == "periodic" and sites > 2 else [])
    terms = [-field * _on(sites, q, gate=X) for q in range(sites)]
    return sum(terms + [-coupling * _on(sites, *bond, gate=Z) for bond in chain])


@pytest.mark.parametrize("sites", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("boundary", ["open", "periodic"])
@pytest.mark.parametrize("initial", ["zero", "plus", "haar"])
def test_states(sites: int, boundary: str, initial: str) -> None:
    fields = {"coupling": 1.3, "field": -0.7, "dt": 0.41, "context": 5, "seed": 11}
    model = load(tfim(sites=sites, boundary=boundary, initial=initial, **fields))
    if initial == "haar":
        rng = np.random.default_rng(11)
        state = rng.normal(size=2**sites) + 1j * rng.normal(size=2**sites)
    else:
        state = np.eye(2**sites)[0] if initial == "zero" else np.ones(2**sites)
    state = state / np.linalg.norm(state)
    hamiltonian = _hamiltonian(sites, 1.3, -0.7, boundary)
    for t, token in enumerate(model.tokens):
        expected = scipy.linalg.expm(-0.41j * t * hamiltonian) @ state
        np.testing.assert_allclose(token, expected, atol=1e-12)


def test_bonds() -> None:
    assert bonds(1, "periodic") == []
    assert bonds(2, "periodic") == [(0, 1)]
    assert bonds(3, "open") == [(0, 1), (1, 2)]
    assert bonds(3, "periodic") == [(0, 1), (1, 2), (2, 0)]


def test_long_times_keep_their_digits() -> None:
    model = load(tfim(sites=3, context=2000, dt=7.5))
    np.testing.assert_allclose(np.linalg.norm(model.tokens, axis=1), 1, rtol=1e-14)
    energy = [np.vdot(x, _hamiltonian(3, 1, 0.8, "open") @ x).real for x in model.tokens[::500]]
    np.testing.assert_allclose(energy, energy[0], rtol=1e-11)
