"""Shots on Aer: order of bits, limits, failures, and seeds that give independent shots."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import BackendError, DoesNotFitError
from qsac.export.tket import to_tket
from qsac.native.circuit import KIND, NativeCircuit
from qsac.runtime.aer import WIDTH_LIMIT, sample
from tests.strategies import random_model

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"


def _circuit(qubits: int, gates: list[tuple[str, int, int]], bits: list[tuple[str, int]]) -> NativeCircuit:
    kind, first, second = zip(*gates, strict=True)
    return NativeCircuit(
        name="test",
        qubits=tuple(("q", index) for index in range(qubits)),
        bits=tuple(bits),
        kind=np.array([KIND[name] for name in kind], dtype=np.int8),
        first=np.array(first, dtype=np.int32),
        second=np.array(second, dtype=np.int32),
        angles=np.zeros((len(gates), 2)),
    )


def test_outcomes_stand_in_the_order_of_bits() -> None:
    bits = [("a", 0), ("a", 1), ("b", 0), ("c", 0)]
    gates = [("X", 1, -1), ("X", 3, -1), *(("Measure", index, index) for index in range(4))]
    assert list(sample(_circuit(4, gates, bits), 9, 0)) == [("0101", 9)]


def test_reset_and_reuse() -> None:
    gates = [("X", 0, -1), ("Measure", 0, 0), ("Reset", 0, -1), ("Measure", 0, 1)]
    assert list(sample(_circuit(1, gates, [("a", 0), ("b", 0)]), 5, 0)) == [("10", 5)]


def test_too_wide() -> None:
    circuit = _circuit(WIDTH_LIMIT + 1, [("Measure", 0, 0)], [("a", 0)])
    with pytest.raises(DoesNotFitError, match="too wide for Aer"):
        list(sample(circuit, 1, 0))


def test_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        success = False
        status = "ERROR"

        def result(self) -> "Failed":
            return self

    monkeypatch.setattr("qiskit_aer.AerSimulator.run", lambda *_, **__: Failed())
    with pytest.raises(BackendError, match="Aer did not run the circuit"):
        list(sample(_circuit(1, [("Measure", 0, 0)], [("a", 0)]), 1, 0))


def test_seeds_give_independent_shots() -> None:
    """Aer seeds shot i with seed + i: handed on as they are, neighbouring seeds share their shots."""
    compiled = qsac.compile(EXAMPLE, "h1", verify=False)
    exact = qsac.run(compiled, "statevector").metrics["success_probability"]
    runs = [qsac.run(compiled, "aer", shots=200, seed=seed) for seed in range(24)]
    scores = []
    for found in runs:
        value, error = found.metrics["success_probability"], found.standard_errors["success_probability"]
        assert exact is not None
        assert value is not None
        assert error is not None
        scores.append((value - exact) / error)
    assert 0.6 < np.std(scores) < 1.4
    assert abs(np.mean(scores)) < 4 / np.sqrt(len(scores))


@pytest.mark.parametrize("seed", [1, 4])
def test_every_circuit_has_the_bits_that_pytket_has(seed: int) -> None:
    circuit = qsac.compile(random_model(seed), "h1", verify=False).circuits[0]
    counts: dict[str, Any] = dict(sample(circuit, 50, 0))
    assert sum(counts.values()) == 50
    assert {len(outcome) for outcome in counts} == {len(to_tket(circuit).bits)}
