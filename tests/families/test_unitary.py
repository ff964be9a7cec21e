"""Unitaries against independent constructions: products of Kronecker factors, SciPy's polar decomposition."""

import itertools
from functools import reduce
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from qsac.errors import QsacError
from qsac.families.ansatz import Ansatz, entangler_ring
from qsac.families.reading import load
from qsac.families.unitary import Identity, Matrix
from tests.families.models import with_values
from tests.strategies import unitary_entries

PAULI = {
    "rx": np.array([[0, 1], [1, 0]]),
    "ry": np.array([[0, -1j], [1j, 0]]),
    "rz": np.array([[1, 0], [0, -1]]),
}


def _kron(factors: list[np.ndarray]) -> np.ndarray:
    return reduce(np.kron, factors)


def _on(qubits: int, at: dict[int, np.ndarray]) -> np.ndarray:
    return _kron([at.get(q, np.eye(2)) for q in range(qubits)])


def _by_kron(rotations: tuple[str, ...], parameters: np.ndarray) -> np.ndarray:
    layers, n, _ = parameters.shape
    result = np.eye(2**n, dtype=complex)
    for layer, qubit in itertools.product(range(layers), range(n)):
        for axis, angle in zip(rotations, parameters[layer, qubit], strict=True):
            result = _on(n, {qubit: scipy.linalg.expm(-0.5j * angle * PAULI[axis])}) @ result
        if qubit == n - 1:
            ring = [] if n == 1 else [(0, 1)] if n == 2 else [(q, (q + 1) % n) for q in range(n)]
            for control, target in ring:
                zero, one = np.diag([1, 0]), np.diag([0, 1])
                result = (_on(n, {control: zero}) + _on(n, {control: one, target: PAULI["rx"]})) @ result
    return result


@pytest.mark.parametrize("qubits", [1, 2, 3, 4])
@pytest.mark.parametrize("rotations", [("rx", "ry", "rz"), ("ry",), ("rz", "rx"), ("rx", "rx", "ry", "rz")])
def test_ansatz(qubits: int, rotations: tuple[str, ...]) -> None:
    parameters = np.random.default_rng(qubits).normal(size=(3, qubits, len(rotations)))
    ansatz = Ansatz(rotations, parameters)
    matrix = ansatz.matrix(2**qubits)
    np.testing.assert_allclose(matrix, _by_kron(rotations, parameters), atol=1e-13)
    assert ansatz.is_real == (rotations == ("ry",)) == (matrix.dtype == np.float64)
    assert (ansatz.layers, ansatz.qubits) == (3, qubits)
    rows = np.random.default_rng(1).normal(size=(5, 2**qubits, 2)) @ [1, 1j]
    np.testing.assert_allclose(ansatz.apply(rows), rows @ matrix.T, atol=1e-13)


def test_entangler_ring() -> None:
    assert entangler_ring(1) == ()
    assert entangler_ring(2) == ((0, 1),)
    assert entangler_ring(3) == ((0, 1), (1, 2), (2, 0))


def test_wrong_dimension_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no matrix of dimension 8"):
        Ansatz(("ry",), np.zeros((1, 2, 1))).matrix(8)
    with pytest.raises(ValueError, match="dimension 2"):
        Matrix(np.eye(2)).matrix(4)


def _model(dimension: int, value: dict[str, Any]) -> Any:
    return load(with_values(np.eye(dimension).tolist(), value=value))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("given", "size"), [(2, 2), (3, 3), (3, 4), (5, 5), (5, 8)])
def test_matrix_is_padded_by_the_identity(seed: int, given: int, size: int) -> None:
    entries = unitary_entries(np.random.default_rng(seed), size)
    model = _model(given, {"type": "matrix", "entries": entries})
    expected = np.eye(model.dimension, dtype=complex)
    expected[:size, :size] = np.array(entries) @ [1, 1j]
    np.testing.assert_allclose(model.value.matrix(model.dimension), expected, atol=1e-14)
    rows = np.random.default_rng(1).normal(size=(3, model.dimension))
    np.testing.assert_allclose(model.value.apply(rows), rows @ expected.T, atol=1e-14)


def test_nearly_unitary_matrix_is_replaced_by_its_polar_factor() -> None:
    entries = np.array(unitary_entries(np.random.default_rng(0), 4))
    entries += 1e-9 * np.random.default_rng(1).normal(size=entries.shape)
    model = _model(4, {"type": "matrix", "entries": entries.tolist()})
    polar, _ = scipy.linalg.polar(entries @ [1, 1j])
    matrix = model.value.matrix(4)
    np.testing.assert_allclose(matrix, polar, atol=1e-14)
    np.testing.assert_allclose(matrix.conj().T @ matrix, np.eye(4), atol=1e-14)
    # The canonical form keeps what was given, since the polar factor of a polar factor differs in its last digits.
    assert model.canonical["attention"]["value"]["entries"] == entries.tolist()


def test_matrix_beyond_the_tolerance_is_refused() -> None:
    entries = np.array(unitary_entries(np.random.default_rng(0), 4))
    with pytest.raises(QsacError, match="not unitary"):
        _model(4, {"type": "matrix", "entries": (entries * (1 + 1e-8)).tolist()})
    _model(4, {"type": "matrix", "entries": (entries * (1 + 4e-9)).tolist()})
    with pytest.raises(QsacError, match="not unitary"):
        _model(2, {"type": "matrix", "entries": [[[1e200, 0], [0, 0]], [[0, 0], [1e200, 0]]]})


def test_real_matrix_is_real() -> None:
    entries = unitary_entries(np.random.default_rng(0), 4, real=True)
    value = _model(4, {"type": "matrix", "entries": entries}).value
    assert value.is_real
    assert value.matrix(4).dtype == np.float64


def test_identity() -> None:
    rows = np.eye(4)
    assert Identity().apply(rows) is rows
    assert Identity().is_real
    np.testing.assert_array_equal(Identity().matrix(4), np.eye(4))
