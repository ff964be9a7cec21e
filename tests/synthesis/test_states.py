"""States are prepared exactly, with their phase, in the gates that their structure takes."""

from __future__ import annotations

import itertools
from itertools import pairwise

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qsac import synthesis
from tests.cases import some
from tests.structured_states import chain, gaussian, generic, ghz, of_rank, on, product, turned, w, wave
from tests.synthesis.exactness import EXACT, FAMILIES, check

both = pytest.mark.parametrize("target", list(FAMILIES))


@both
@pytest.mark.parametrize("qubits", range(1, 7))
@pytest.mark.parametrize("real", [False, True])
def test_any_state(target: str, qubits: int, real: bool) -> None:
    rng = np.random.default_rng([qubits, real])
    for _ in range(3 if qubits < 5 else 1):
        v = generic(rng, qubits, real=real)
        block = synthesis.state(v, target=target)
        check(block, target)
        assert np.abs(block.columns[0, :, 0] - v).max() < EXACT
        assert np.abs(block.to_tket().get_statevector() - v).max() < EXACT
        assert np.abs(Statevector(block.to_qiskit()).data - v).max() < EXACT
        assert block.two_qubit_gates == (1 << (qubits - 1)) - 1
        assert (block.index, block.data, block.exact_on) == ((), tuple(range(qubits)), "data in zero")


def _structured(qubits: int) -> dict[str, tuple[np.ndarray, int]]:
    rng = np.random.default_rng(qubits)
    halves = [generic(rng, 2), generic(rng, qubits - 2)]
    return {
        "uniform": (np.full(1 << qubits, 2 ** (-qubits / 2)), 0),
        "basis": (on(qubits, [5]), 0),
        "product": (product([generic(rng, 1) for _ in range(qubits)], [(place,) for place in range(qubits)]), 0),
        "two parts": (product(halves, [(0, 1), tuple(range(2, qubits))]), 1 + (1 << (qubits - 3)) - 1),
        "ghz": (ghz(qubits), qubits - 1),
        "turned ghz": (turned(rng, ghz(qubits)), qubits - 1),
        "w": (w(qubits), 2 * qubits - 3),
        "cluster": (chain(qubits), qubits - 1),
        "wave": (wave(qubits), 2 * qubits - 3),
        "rank 2": (of_rank(rng, (2, qubits - 2), 2), 5 if qubits == 4 else 9),
        "gaussian": (gaussian(qubits), 6 if qubits == 4 else 11),
    }


@pytest.mark.parametrize(("target", "phase", "qubits"), some(itertools.product(FAMILIES, [0.0, 2.5], [4, 5]), 3))
def test_structure_with_any_phase(target: str, phase: float, qubits: int) -> None:
    for name, (v, most) in _structured(qubits).items():
        block = synthesis.state(v * np.exp(1j * phase), target=target)
        assert np.abs(block.columns[0, :, 0] - v * np.exp(1j * phase)).max() < EXACT
        check(block, target)
        assert block.two_qubit_gates <= most, name


@both
def test_signs_and_denormal_entries(target: str) -> None:
    for v in ([0, -1], [-1j, 0], [0.6, -0.8], [0, 0, 0, 1j], [1, 1e-300, 0, 0], [-1, 0, 0, 1e-13]):
        check(synthesis.state(v, target=target, normalise=True), target)


def test_levels_take_no_more_gates_each() -> None:
    v = generic(np.random.default_rng(3), 5)
    blocks = [synthesis.state(v, optimisation=level) for level in (0, 1, 2)]
    counts = [block.two_qubit_gates for block in blocks]
    assert counts[0] == 26  # 2^n - n - 1
    assert counts[-1] == 15
    assert all(one >= other for one, other in pairwise(counts))
    for block in blocks:
        check(block, "h2")


def test_a_rotated_ladder_of_seven_qubits() -> None:
    v = generic(np.random.default_rng(7), 7)
    block = synthesis.state(v)
    assert block.two_qubit_gates == 63
    assert np.abs(block.to_tket().get_statevector() - v).max() < EXACT


def test_many_qubits() -> None:
    v = np.zeros(1 << 14)
    v[[0, -1]] = np.sqrt(0.5)
    assert synthesis.state(v).two_qubit_gates == 13


def test_normalising() -> None:
    block = synthesis.state([3e200, 4e200j], normalise=True)
    assert np.abs(block.to_tket().get_statevector() - [0.6, 0.8j]).max() < EXACT
    off = np.array([0.6, 0.8]) * (1 + 5e-10)
    assert np.abs(synthesis.state(off).to_tket().get_statevector() - [0.6, 0.8]).max() < EXACT


def test_same_numbers_same_circuit() -> None:
    v = generic(np.random.default_rng(1), 4)
    one, other = (synthesis.state(v) for _ in range(2))
    assert one.phase == other.phase
    assert one.circuit.angles.tobytes() == other.circuit.angles.tobytes()
    assert one.to_tket() == other.to_tket()
