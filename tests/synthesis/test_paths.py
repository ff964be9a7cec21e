"""States and tables whose two-qubit gates are all between neighbours, exactly, in as few gates as without that."""

from __future__ import annotations

import numpy as np
import pytest

from qsac.synthesis import Block
from qsac.synthesis.paths import path_block
from tests.structured_states import generic, ghz
from tests.synthesis.exactness import FAMILIES, check


def _table(rows: int, qubits: int, real: bool) -> np.ndarray:
    rng = np.random.default_rng([rows, qubits, real])
    return np.array([generic(rng, qubits, real=real) for _ in range(rows)])


@pytest.mark.parametrize("target", list(FAMILIES))
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(
    ("rows", "qubits", "gates", "pairs"),
    [
        (1, 2, 1, "01"),
        (1, 3, 3, "01 12"),
        (1, 5, 15, "01 12 23 34"),
        (2, 3, 7, "01 12 23"),
        (3, 2, 6, "02 13 23"),
        (4, 2, 8, "02 13 23"),
        (8, 2, 16, "03 14 24 34"),
    ],
)
def test_gates_between_neighbours(target: str, real: bool, rows: int, qubits: int, gates: int, pairs: str) -> None:
    table = _table(rows, qubits, real)
    block = path_block(table, target=target)
    assert block is not None
    check(block, target)
    assert np.abs(block.columns[:, :, 0] - table).max() == 0
    assert block.two_qubit_gates <= gates
    assert _met(block) == set(pairs.split())


def _met(block: Block) -> set[str]:
    """The pairs of qubits that a block's gates are on."""
    entangling = block.circuit.second >= 0
    found = zip(block.circuit.first[entangling].tolist(), block.circuit.second[entangling].tolist(), strict=True)
    return {"".join(map(str, sorted(pair))) for pair in found}


SPOKES = {1: "01", 2: "02 12", 3: "03 13 23", 4: "04 14 24 03", 5: "05 15 25 03 14", 6: "06 16 26 03 14 25"}
"""The pairs that meet where one data qubit has three neighbours at most."""


@pytest.mark.parametrize("target", list(FAMILIES))
@pytest.mark.parametrize(
    ("rows", "real", "gates"),
    [
        *((rows, True, rows - 1) for rows in (2, 4, 8)),
        (11, True, 17),
        (16, True, 17),
        (32, True, 37),
        (64, True, 77),
        (2, False, 2),
        (3, False, 4),
        (4, False, 4),
        (8, False, 9),
        (13, False, 25),
        (16, False, 25),
        (32, False, 53),
    ],
)
def test_one_data_qubit(target: str, rows: int, real: bool, gates: int) -> None:
    table = _table(rows, 1, real)
    block = path_block(table, target=target)
    assert block is not None
    check(block, target)
    assert np.abs(block.columns[:, :, 0] - table).max() == 0
    assert block.two_qubit_gates <= gates
    assert _met(block) <= set(SPOKES[(rows - 1).bit_length()].split())


def test_a_state_with_structure() -> None:
    block = path_block(ghz(4)[None], target="h2")
    assert block is not None
    check(block, "h2")
    assert block.two_qubit_gates <= 7


def test_what_is_not_solved() -> None:
    assert path_block(_table(64, 1, False), target="h2") is None
    assert path_block(_table(65, 1, True), target="h2") is None
    assert path_block(_table(1, 8, True), target="h2") is None
    assert path_block(_table(32, 2, True), target="h2") is None


def test_same_numbers_same_circuit() -> None:
    from qsac.numerics.path_tables import path_circuit

    one, other = (path_circuit(_table(2, 2, False)) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.gates.tobytes() == other.gates.tobytes()
