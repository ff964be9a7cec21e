"""Cascades against what they promise: they take every row to |0>, degenerate and partly empty tables included."""

from itertools import product

import numpy as np
import pytest

from qsac.counting.formulas import loader_cost, op_cost
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.lowering import tokens
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext
from qsac.numerics.plan import without_repetition
from tests.cases import some
from tests.lowering.states import applied

SHAPES = [(1, 2), (1, 8), (2, 4), (3, 8), (5, 16), (8, 4), (64, 4), (4, 64), (256, 8)]
KINDS = [
    "generic",
    "half padded",
    "small numbers",
    "basis states",
    "equal rows",
    "few columns",
    "first column",
    "alternating",
]


def rows_of(kind: str, shape: tuple[int, int], real: bool) -> np.ndarray:
    rng = np.random.default_rng([*shape, KINDS.index(kind)])
    rows = rng.normal(size=shape) + (0 if real else 1j * rng.normal(size=shape))
    if kind == "half padded":
        rows[shape[0] // 2 :] = np.eye(shape[1])[0]
    elif kind == "small numbers":
        # Many zeros and equal numbers: pairs of norm zero, and diagonals that are not determined.
        rows = np.round(rows)
    elif kind == "basis states":
        rows = rows[:, :1] * np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
    elif kind == "equal rows":
        rows[:] = rows[0]
    elif kind == "alternating":
        rows[2::2], rows[3::2] = rows[0], rows[min(1, shape[0] - 1)]
    elif kind == "few columns":
        rows[:, rng.integers(1, shape[1]) :] = 0
    elif kind == "first column":
        rows[:, 1:] = 0
    rows[~rows.any(axis=1)] = np.eye(shape[1])[0]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def uncomputed(rows: np.ndarray) -> tuple[LoadTokens, LoweringContext, list]:
    controls, size = (len(rows) - 1).bit_length(), rows.shape[1].bit_length() - 1
    sizes = {"key": controls, "data": size}
    qubits = {name: tuple(f"{name}.{bit}" for bit in range(width)) for name, width in sizes.items()}
    place = LoweringContext(Scope(sizes, {"context": Table(rows)}), Allocation(qubits, controls + size, {}))
    op = LoadTokens("data", ("key",) if controls else (), "context", inverse=True)
    return op, place, tokens.lower(op, place)


@pytest.mark.parametrize(("shape", "kind", "real"), some(product(SHAPES, KINDS, [True, False]), 5), ids=str)
def test_every_row_is_unloaded_with_its_phase(kind, shape, real):
    rows = rows_of(kind, shape, real)
    op, place, blocks = uncomputed(rows)
    names = (*place.allocation.qubits["key"], *place.allocation.qubits["data"])
    state = np.zeros((1 << (shape[0] - 1).bit_length(), shape[1]), complex)
    state[: shape[0]] = rows / np.sqrt(shape[0])
    state = applied(blocks, names, state.reshape(-1, 1)).reshape(state.shape)
    np.testing.assert_allclose(state[:, 1:], 0, atol=1e-11)
    np.testing.assert_allclose(state[: shape[0], 0], state[0, 0], atol=1e-11)
    assert abs(state[0, 0]) * np.sqrt(shape[0]) == pytest.approx(1, abs=1e-11)
    written = sum(op_cost(block, place.scope, "cz") for block in blocks)
    assert written == op_cost(op, place.scope, "cz")


LONE = [
    # rows, entries, those of the other rows, which row is a basis state, which one
    (2, 32, 17, 0, 17),
    (2, 32, 17, 1, 17),
    (2, 32, 17, 0, 3),
    (2, 32, 17, 1, 16),
    (2, 16, 8, 0, 8),
    (2, 16, 9, 1, 9),
    (2, 16, 16, 0, 0),
    (2, 16, 12, 1, 14),
    (2, 4, 4, 0, 2),
    (2, 64, 61, 0, 5),
    (18, 16, 16, 17, 0),
    (17, 16, 16, 16, 0),
    (10, 16, 16, 9, 5),
    (7, 8, 5, 6, 6),
    (3, 8, 8, 2, 0),
    (33, 32, 30, 32, 0),
]
"""Tables in which one row is a basis state, beside another one or after the others."""


@pytest.mark.parametrize("real", [True, False], ids=["real", "complex"])
@pytest.mark.parametrize(("rows", "entries", "used", "row", "column"), LONE)
def test_a_row_that_is_a_basis_state_takes_few_gates(
    rows: int, entries: int, used: int, row: int, column: int, real: bool
) -> None:
    values = rows_of("generic", (rows, entries), real)
    values[:, used:] = 0
    values[row] = np.eye(entries)[column]
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    op, place, blocks = uncomputed(values)
    names = (*place.allocation.qubits["key"], *place.allocation.qubits["data"])
    state = np.zeros((1 << (rows - 1).bit_length(), entries), complex)
    state[:rows] = values / np.sqrt(rows)
    state = applied(blocks, names, state.reshape(-1, 1)).reshape(state.shape)
    np.testing.assert_allclose(state[:, 1:], 0, atol=1e-11)
    np.testing.assert_allclose(state[:rows, 0], state[0, 0], atol=1e-11)
    written = sum(op_cost(block, place.scope, "zzphase") for block in blocks)
    assert written == op_cost(op, place.scope, "zzphase")
    size, most = entries.bit_length() - 1, max(used, column + 1)
    if (real and rows == 2 and entries > 4) or (rows > 2 and column + 1 < most):
        assert written < loader_cost(rows, most, size, real=real)
    # Beside another row it takes one gate more a level at most.
    if real and rows == 2:
        assert written <= loader_cost(1, most, size, real=True) + size


@pytest.mark.parametrize(
    ("shape", "gates"), [((8, 4), 8 + 1 + 7), ((32, 16), 32 * 8 + 2), ((2, 4), 2 + 2), ((1, 8), 4)]
)
def test_real_rows_take_half_the_gates(shape, gates):
    op, place, _ = uncomputed(rows_of("generic", shape, real=True))
    assert op_cost(op, place.scope, "cz") == gates


@pytest.mark.parametrize("real", [True, False], ids=["real", "complex"])
def test_gates_grow_with_the_columns_in_use(real):
    costs = [loader_cost(8, columns, 5, real=real) for columns in range(1, 33)]
    assert costs == sorted(costs)
    assert costs[-1] == (8 * 16 + 5 - 2 if real else 8 * 31 - 5)
    # Columns are paid by the pair (complex) or by four (real), not up to the next power of two.
    assert costs[19] < 0.8 * costs[-1]


@pytest.mark.parametrize(("rows", "period", "kept"), [(8, 2, 1), (8, 4, 2), (7, 2, 1), (6, 4, 2), (5, 1, 0), (6, 3, 3)])
def test_repeated_rows_are_loaded_once(rows, period, kept):
    few = rows_of("generic", (period, 8), real=False)
    repeated = few[np.arange(rows) % period]
    op, place, blocks = uncomputed(repeated)
    bits, left = without_repetition(repeated)
    assert len(bits) == kept
    controls = {name for block in blocks for name in block.controlled_by if name.startswith("key")}
    assert len(controls) == kept
    assert op_cost(op, place.scope, "zzphase") == loader_cost(len(left), 8, 3, real=False)
