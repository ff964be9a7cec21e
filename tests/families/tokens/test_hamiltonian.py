"""Tokens of a given Hamiltonian, against SciPy's matrix exponential and against Ising tokens."""

from functools import reduce
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from qsac.families.reading import load

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]]),
}
ATTENTION = {
    "type": "overlap",
    "kernel": {"type": "monomial", "degree": 1},
    "value": {"type": "identity"},
    "score": {"type": "identity"},
}
KETS = {"0": [1, 0], "1": [0, 1], "+": [1, 1], "-": [1, -1], "r": [1, 1j], "l": [1, -1j]}


def hamiltonian(terms: dict[str, float], initial: Any, context: int = 5, dt: float = 0.3) -> dict[str, Any]:
    listed = [{"paulis": paulis, "coefficient": coefficient} for paulis, coefficient in terms.items()]
    tokens = {"type": "hamiltonian", "terms": listed, "initial": initial, "context": context, "dt": dt}
    return {"qsac": 1, "tokens": tokens, "attention": ATTENTION}


@pytest.mark.parametrize("seed", range(8))
def test_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qubits = int(rng.integers(1, 5))
    terms = {"".join(rng.choice(list("IXYZ"), qubits)): float(rng.normal()) for _ in range(rng.integers(1, 7))}
    letters = "".join(rng.choice(list(KETS), qubits))
    model = load(hamiltonian(terms, letters, dt=float(rng.normal())))
    matrix = sum(c * reduce(np.kron, [PAULIS[letter] for letter in term]) for term, c in terms.items())
    state = reduce(np.kron, [np.array(KETS[letter]) for letter in letters])
    state = state / np.linalg.norm(state)
    assert model.evolution is not None
    assert model.evolution.terms == tuple(terms)
    for t, token in enumerate(model.tokens):
        expected = scipy.linalg.expm(-1j * t * model.evolution.dt * matrix) @ state
        np.testing.assert_allclose(token, expected, atol=1e-12)


def test_angles_are_those_of_the_bloch_sphere() -> None:
    model = load(hamiltonian({"ZZ": 1.0}, [[0.7, 0.4], [np.pi, 0.0]]))
    expected = np.kron([np.cos(0.35), np.exp(0.4j) * np.sin(0.35)], [0, 1])
    np.testing.assert_allclose(model.tokens[0], expected, atol=1e-15)


@pytest.mark.parametrize("boundary", ["open", "periodic"])
def test_an_ising_chain_written_as_a_hamiltonian(boundary: str) -> None:
    fields = {"sites": 3, "context": 6, "dt": 0.4, "coupling": 1.2, "field": 0.7, "boundary": boundary}
    ising = load({"qsac": 1, "tokens": {"type": "tfim", "initial": "plus", **fields}, "attention": ATTENTION})
    assert ising.evolution is not None
    terms = dict(zip(ising.evolution.terms, ising.evolution.coefficients, strict=True))
    assert len(terms) == (6 if boundary == "periodic" else 5)
    same = load(hamiltonian(terms, "+++", 6, 0.4))
    np.testing.assert_allclose(same.tokens, ising.tokens, atol=1e-13)
    assert same.evolution == ising.evolution


def test_the_canonical_model_holds_the_states_only() -> None:
    model = load(hamiltonian({"XX": 1.0, "ZI": 0.3}, "0+"))
    again = load(model.canonical)
    assert again.canonical == model.canonical
    assert again.sha256 == model.sha256
    assert again.evolution is None
