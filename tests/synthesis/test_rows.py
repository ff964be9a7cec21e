"""Tables are loaded exactly: every row with its own phase."""

from __future__ import annotations

import numpy as np
import pytest

from qsac import synthesis
from tests.structured_states import generic, ghz, product
from tests.synthesis.exactness import EXACT, FAMILIES, check, distances

both = pytest.mark.parametrize("target", list(FAMILIES))


def _random(rows: int, qubits: int, *, real: bool = False) -> np.ndarray:
    rng = np.random.default_rng([rows, qubits, real])
    return np.array([generic(rng, qubits, real=real) for _ in range(rows)])


@both
@pytest.mark.parametrize("optimisation", [0, 2])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(("rows", "qubits"), [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 2), (5, 1), (6, 2), (4, 3)])
def test_any_table(target: str, optimisation: int, real: bool, rows: int, qubits: int) -> None:
    table = _random(rows, qubits, real=real)
    block = synthesis.rows(table, target=target, optimisation=optimisation)
    assert np.abs(block.columns[:, :, 0] - table).max() < EXACT
    check(block, target)
    index = (rows - 1).bit_length()
    assert (block.index, block.data) == (tuple(range(index)), tuple(range(index, index + qubits)))
    assert block.exact_on == "data in zero"


@pytest.mark.parametrize(
    ("rows", "qubits", "usual", "most"), [(2, 2, 4, 3), (4, 2, 11, 8), (8, 2, 27, 18), (4, 3, 26, 17)]
)
def test_a_rotated_ladder_with_exact_phases(rows: int, qubits: int, usual: int, most: int) -> None:
    table = _random(rows, qubits)
    assert synthesis.rows(table, optimisation=1).two_qubit_gates == usual
    block = synthesis.rows(table)
    assert block.two_qubit_gates <= most
    check(block, "h2")


@pytest.mark.parametrize(
    ("rows", "qubits", "most"), [(2, 2, 3), (2, 3, 7), (4, 3, 15), (4, 2, 8), (8, 2, 16), (16, 2, 32)]
)
def test_real_tables(rows: int, qubits: int, most: int) -> None:
    block = synthesis.rows(_random(rows, qubits, real=True))
    assert block.two_qubit_gates <= most
    check(block, "h2")


@both
def test_real_rows_with_phases_of_their_own(target: str) -> None:
    real = _random(4, 2, real=True)
    table = real * np.exp(1j * np.array([0.3, -2.0, 1.1, 3.0]))[:, None]
    block = synthesis.rows(table, target=target, optimisation=1)
    check(block, target)
    # The real rows' gates, and those of a diagonal on two qubits.
    assert block.two_qubit_gates <= synthesis.rows(real, target=target).two_qubit_gates + 2


@both
def test_tables_of_structure(target: str) -> None:
    rng = np.random.default_rng(4)
    angles = np.arange(4)[:, None] * [0.3, 0.7, 1.1]
    products = np.array(
        [product([np.array([np.cos(a), np.sin(a)]) for a in row], [(0,), (1,), (2,)]) for row in angles]
    )
    one = generic(rng, 3)
    tables = {
        "products of angles": (products, 3 * 3),
        "the same row": (np.tile(one, (4, 1)), 3),
        "the same row, with phases": (np.exp(1j * np.array([0.0, 0.4, 0.9, 2.0]))[:, None] * one, 3 + 2),
        "opposite rows": (np.outer([1, -1, 1, -1], one), 3),
        "GHZ states of two signs": (np.array([ghz(3), ghz(3) * np.where(np.arange(8), -1, 1)]), 8),
        "basis states": (np.eye(4), 2),
        "basis states in another order": (np.eye(4)[[2, 0, 3, 1]], 2),
        "Hadamard's matrix": (np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2, 2),
        "repeated rows": (_random(2, 2)[[0, 1, 0, 1]], 3),
    }
    for name, (table, most) in tables.items():
        block = synthesis.rows(table, target=target)
        check(block, target)
        assert block.two_qubit_gates <= most, name


def test_a_row_may_be_real_and_another_complex() -> None:
    table = np.array([[1, 0], [np.sqrt(0.5), 1j * np.sqrt(0.5)], [0, -1]])
    assert max(distances(synthesis.rows(table))) < EXACT


def test_same_numbers_same_circuit() -> None:
    one, other = (synthesis.rows(_random(4, 2)) for _ in range(2))
    assert one.phase == other.phase
    assert one.circuit.angles.tobytes() == other.circuit.angles.tobytes()
