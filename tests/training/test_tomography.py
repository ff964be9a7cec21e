"""A pure state from few bases."""

from typing import Any

import numpy as np
import pytest

from qsac.training.tomography import bases, state_of

SIZES = [(qubits, real) for qubits in (1, 2, 3, 4) for real in (False, True)]


def _drawn(rng: np.random.Generator, dimension: int, *, real: bool) -> np.ndarray[Any, Any]:
    state = rng.normal(size=dimension) + (0 if real else 1j * rng.normal(size=dimension))
    return state / np.linalg.norm(state)


@pytest.mark.parametrize(("qubits", "real"), SIZES)
def test_exact_probabilities_give_the_state(qubits: int, real: bool) -> None:
    rng = np.random.default_rng(qubits)
    chosen = bases(qubits, real=real)
    assert len(chosen) == (qubits + 1 if real else 2 * qubits + 1)
    for basis in chosen:
        assert basis.conj() @ basis.T == pytest.approx(np.eye(2**qubits))
    for _ in range(10):
        state = _drawn(rng, 2**qubits, real=real)
        found = state_of([np.abs(basis.conj() @ state) ** 2 for basis in chosen], real=real)
        assert abs(np.vdot(found, state)) == pytest.approx(1, abs=1e-12)
        assert np.linalg.norm(found) == pytest.approx(1)
        largest = found[np.argmax(np.abs(found))]
        assert largest.real > 0
        assert abs(largest.imag) < 1e-12
        if real:
            assert np.abs(found.imag).max() < 1e-12


def test_counted_probabilities_give_it_nearly() -> None:
    rng = np.random.default_rng(5)
    chosen, fidelities = bases(3), {1_000: [], 100_000: []}
    for _ in range(20):
        state = _drawn(rng, 8, real=False)
        for shots, found in fidelities.items():
            shares = [rng.multinomial(shots, np.abs(basis.conj() @ state) ** 2) / shots for basis in chosen]
            found.append(abs(np.vdot(state_of(shares), state)) ** 2)
    assert np.mean(fidelities[1_000]) > 0.98
    assert np.mean(fidelities[100_000]) > 0.9995


def test_amplitudes_that_vanish_leave_no_trace() -> None:
    state = np.array([0.6, 0, 0.8j, 0])
    found = state_of([np.abs(basis.conj() @ state) ** 2 for basis in bases(2)])
    assert abs(np.vdot(found, state)) == pytest.approx(1, abs=1e-12)
    basis_state = np.eye(4)[2]
    found = state_of([np.abs(basis.conj() @ basis_state) ** 2 for basis in bases(2)])
    assert found == pytest.approx(basis_state)
