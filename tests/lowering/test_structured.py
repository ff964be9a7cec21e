"""Loads by structure: what they load, and what they cost, formula and gates."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.counting.formulas import op_cost
from qsac.emit.emit import EMITTERS
from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, Measure, PauliRotation
from qsac.ir.op import Op, Register, Scope
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering import tokens
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext
from tests import structured_states as states
from tests.cases import seeds, some
from tests.lowering.states import unitary


def placed(rows: np.ndarray, **fields: Any) -> tuple[LoadTokens, LoweringContext, tuple[str, ...]]:
    sizes = {"key": max(1, (len(rows) - 1).bit_length()), "data": rows.shape[1].bit_length() - 1}
    qubits = {name: tuple(f"{name}.{bit}" for bit in range(width)) for name, width in sizes.items()}
    order = (*qubits["key"], *qubits["data"]) if len(rows) > 1 else qubits["data"]
    scope = Scope(sizes, {"table": Table(rows)})
    op = LoadTokens("data", ("key",) if len(rows) > 1 else (), "table", by_structure=True, **fields)
    return op, LoweringContext(scope, Allocation(qubits, len(order), {})), order


def assert_loaded(rows: np.ndarray, **fields: Any) -> list[Op]:
    """What is loaded are the rows, up to one phase, to rounding; its inverse undoes it; formulas count the gates."""
    op, place, order = placed(rows, **fields)
    blocks: list[Op] = [*tokens.lower(op, place)]
    controls = (len(rows) - 1).bit_length()
    whole = unitary(blocks, order).reshape(1 << controls, rows.shape[1], 1 << controls, rows.shape[1])
    found = np.array([whole[value, :, value, 0] for value in range(len(rows))])
    overlap = np.vdot(rows, found) / len(rows)
    assert abs(overlap) == pytest.approx(1, abs=1e-13)
    np.testing.assert_allclose(found * abs(overlap) / overlap, rows, atol=1e-14 * rows.shape[1])
    back = [*blocks, *tokens.lower(op.adjoint(), place)]
    undone = unitary(back, order).reshape(whole.shape)
    kept = np.array([undone[value, 0, value, 0] for value in range(len(rows))])
    np.testing.assert_allclose(kept, kept[0], atol=1e-13)
    assert abs(kept[0]) == pytest.approx(1, abs=1e-13)
    for family in ("zzphase", "cz"):
        wanted = op_cost(op, place.scope, family)
        assert sum(op_cost(block, place.scope, family) for block in blocks) == wanted
        diagonals = sum(isinstance(block, Diagonal) for block in blocks)
        if not diagonals:
            assert emitted(blocks, order, family) == wanted
    return blocks


def emitted(blocks: list[Op], order: tuple[str, ...], family: Any) -> int:
    """Two-qubit gates of the native circuit, with gates around it that keep every qubit in it."""
    ends: list[Op] = [Measure(qubit, "bits", place) for place, qubit in enumerate(order)]
    begins: list[Op] = [PauliRotation("y", (name,), 0.3) for name in order if name.startswith("key")]
    registers = tuple(Register(qubit, 1) for qubit in order)
    return EMITTERS[family](Program("one", "block", registers, {}, (*begins, *blocks, *ends), ()), None)[
        0
    ].two_qubit_gates


def gates(row: np.ndarray) -> int:
    op, place, _ = placed(row[None])
    return op_cost(op, place.scope, "zzphase")


@pytest.mark.parametrize("seed", seeds(60))
def test_products_over_any_partition_take_what_their_parts_take(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qubits, real = int(rng.integers(2, 7)), bool(seed % 2)
    parts = states.partition(rng, qubits, int(rng.integers(1, qubits + 1)))
    factors = [states.generic(rng, len(part), real=real) for part in parts]
    row = states.product(factors, parts)
    assert_loaded(row[None])
    alone = [gates(factor) if len(factor) > 2 else 0 for factor in factors]
    assert gates(row) == sum(alone)
    assert all(few == (1 << len(part) >> 1) - 1 for few, part in zip(alone, parts, strict=True))


STATES: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], Callable[[int], int]]] = {
    "basis": (lambda rng, n: states.on(n, [int(rng.integers(1 << n))]), lambda n: 0),
    "uniform": (lambda rng, n: states.on(n, range(1 << n)), lambda n: 0),
    "uniform over a face": (lambda rng, n: states.on(n, range(1 << (n - 1))), lambda n: 0),
    "W": (lambda rng, n: states.w(n), lambda n: 2 * n - 3),
    "W turned": (lambda rng, n: states.turned(rng, states.w(n)), lambda n: 2 * n - 3),
    "GHZ": (lambda rng, n: states.ghz(n), lambda n: n - 1),
    "GHZ turned": (lambda rng, n: states.turned(rng, states.ghz(n)), lambda n: n - 1),
    "cluster": (lambda rng, n: states.placed(states.chain(n), rng.permutation(n).tolist()), lambda n: n - 1),
    "wave": (lambda rng, n: states.wave(n), lambda n: 2 * n - 3),
    "uniform but for one": (lambda rng, n: states.on(n, range((1 << n) - 1)), lambda n: 2 * n - 3),
    "uniform and one": (lambda rng, n: states.on(n, range((1 << (n - 1)) + 1)), lambda n: n - 1),
    "even": (
        lambda rng, n: states.on(n, np.flatnonzero(np.bitwise_count(np.arange(1 << n)) % 2 == 0).tolist()),
        lambda n: n - 1,
    ),
    "two basis states": (lambda rng, n: states.on(n, rng.choice(1 << n, 2, replace=False).tolist()), lambda n: n - 1),
    "three basis states": (
        lambda rng, n: states.on(n, rng.choice(1 << n, 3, replace=False).tolist()),
        lambda n: 2 * n - 3,
    ),
}


@pytest.mark.parametrize(("name", "qubits"), some(product(STATES, [3, 4, 6]), 2))
def test_states_with_a_name_take_few_gates(name: str, qubits: int) -> None:
    state, most = STATES[name]
    row = state(np.random.default_rng(qubits), qubits)
    assert_loaded(row[None])
    assert gates(row) <= most(qubits)


@pytest.mark.parametrize(("sizes", "most"), [((2, 2), 5), ((2, 3), 11), ((3, 3), 15), ((3, 4), 29)])
@pytest.mark.parametrize("real", [True, False], ids=["real", "complex"])
def test_states_of_schmidt_rank_two(sizes: tuple[int, int], most: int, real: bool) -> None:
    rng = np.random.default_rng(sum(sizes))
    qubits = sum(sizes)
    row = states.placed(states.of_rank(rng, sizes, 2, real=real), rng.permutation(qubits).tolist())
    assert_loaded(row[None])
    assert gates(row) <= most
    # Nothing of it is there where the rank is 4.
    if sizes == (3, 3):
        assert gates(states.of_rank(rng, sizes, 4, real=real)) > most + 10


@pytest.mark.parametrize("seed", seeds(40))
def test_rows_that_are_products_alike(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    qubits, rows, real = int(rng.integers(2, 5)), int(rng.integers(2, 9)), bool(seed % 2)
    parts = states.partition(rng, qubits, int(rng.integers(2, qubits + 1)))
    period = [int(rng.choice([1, 2, rows])) for _ in parts]
    factors = [[states.generic(rng, len(part), real=real) for _ in range(rows)] for part in parts]
    table = np.array(
        [
            states.product([some[row % every] for some, every in zip(factors, period, strict=True)], parts)
            for row in range(rows)
        ]
    )
    if seed % 4 > 1:
        table = table * (rng.choice([-1, 1], size=(rows, 1)) if real else np.exp(1j * rng.normal(size=(rows, 1))))
    order = tuple(rng.permutation(qubits).tolist()) if seed % 3 == 0 else ()
    assert_loaded(table, order=order)
    op, place, _ = placed(table)
    structure = op.structure(place.scope)
    assert structure is not None
    assert {frozenset(part.places) for part in structure.parts} == {frozenset(part) for part in parts}


def test_a_register_that_does_not_depend_on_the_index_takes_no_control() -> None:
    rng = np.random.default_rng(5)
    fixed, other = states.generic(rng, 1), [states.generic(rng, 1) for _ in range(8)]
    table = np.array([np.kron(row, fixed) for row in other])
    blocks = assert_loaded(table)
    ladders = [block for block in blocks if block.targets == ("data.1",)]
    assert ladders
    assert not any(block.controlled_by for block in ladders)
    op, place, _ = placed(table)
    assert op_cost(op, place.scope, "zzphase") == 7


def test_without_structure_a_table_is_loaded_as_it_is_without_being_asked() -> None:
    rng = np.random.default_rng(6)
    table = np.array([states.generic(rng, 2) for _ in range(5)])
    op, place, _ = placed(table)
    plain = LoadTokens("data", ("key",), "table")
    assert op.structure(place.scope) is None
    assert tokens.lower(op, place) == tokens.lower(plain, place)
    assert op_cost(op, place.scope, "cz") == op_cost(plain, place.scope, "cz")


@pytest.mark.parametrize("error", [1e-12, 1e-9])
def test_what_is_a_product_but_for_more_than_rounding_is_none(error: float) -> None:
    rng = np.random.default_rng(7)
    row = np.kron(states.generic(rng, 2), states.generic(rng, 2))
    row = row + error * states.generic(rng, 4)
    row /= np.linalg.norm(row)
    assert_loaded(row[None])
    assert gates(row) > 2
