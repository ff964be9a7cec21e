"""Token loaders as unitaries: what they load, for every table, gated or not, and what they cost."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qsac.counting.formulas import op_cost
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Register, Scope
from qsac.ir.table import Table
from qsac.lowering import cascades, tokens
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext
from qsac.numerics.cascade import complex_cascade, real_cascade
from tests.cases import examples
from tests.lowering.states import unitary

ROW_KINDS = ("random", "basis", "tiny", "half-zero", "equal", "negative", "phase")


def _row(rng: np.random.Generator, dimension: int, kind: str, real: bool) -> NDArray[Any]:
    row: Any = rng.normal(size=dimension) + (0 if real else 1j * rng.normal(size=dimension))
    if kind == "basis":
        row = np.eye(dimension)[rng.integers(dimension)] * row[0]
    elif kind == "tiny":
        row[rng.integers(dimension, size=max(1, dimension // 2))] *= 1e-12
    elif kind == "half-zero":
        row[: dimension // 2] = 0
    elif kind == "equal":
        row[:] = row[0]
    elif kind == "negative":
        row = -np.abs(row)
    elif kind == "phase":
        row = np.abs(row) * np.exp(0 if real else 0.25j * np.pi * rng.integers(8))
    return row / np.linalg.norm(row)


@st.composite
def tables(draw: st.DrawFn, controls: int, dimension: int) -> Table:
    """Tables that need exactly so many controls; some with zero, basis, tiny, equal entries."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    rows = draw(st.integers((1 << controls) // 2 + 1 if controls else 1, 1 << controls))
    real = draw(st.booleans())
    kinds = draw(st.lists(st.sampled_from(ROW_KINDS), min_size=rows, max_size=rows))
    values = np.array([_row(rng, dimension, kind, real) for kind in kinds])
    if rows > 1 and draw(st.booleans()):
        values[-1] = values[0]
    return Table(values)


def _place(table: Table, controls: int, size: int, gates: int) -> tuple[LoweringContext, tuple[str, ...]]:
    registers = [Register("data", size), *(Register(f"degree[{gate}]", 1) for gate in range(gates))]
    registers += [Register("key", controls)] if controls else []
    sizes = {register.name: register.size for register in registers}
    qubits = {name: tuple(f"{name}.{bit}" for bit in range(width)) for name, width in sizes.items()}
    order = tuple(qubit for name in reversed(list(sizes)) for qubit in qubits[name])
    return LoweringContext(Scope(sizes, {"context": table}), Allocation(qubits, len(order), {})), order


def _load(controls: int, gates: int, *, adjoint: bool = False, order: tuple[int, ...] = ()) -> LoadTokens:
    index = ("key",) if controls else ()
    powers = tuple(f"degree[{gate}]" for gate in range(gates))
    return LoadTokens("data", index, "context", adjoint, powers, order=order)


CASES = st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 1))


@settings(max_examples=examples(80))
@given(CASES, st.data())
def test_what_is_loaded_and_what_un_loads(case: tuple[int, int, int], data: st.DataObject) -> None:
    controls, size, gates = case
    table = data.draw(tables(controls, 1 << size))
    place, order = _place(table, controls, size, gates)
    orders = [data.draw(st.one_of(st.just(()), st.permutations(range(size)).map(tuple))) for _ in range(2)]
    load, inverse_load = (
        tokens.lower(_load(controls, gates, adjoint=adjoint, order=order), place)
        for adjoint, order in zip((False, True), orders, strict=True)
    )
    width = len(order)
    # order: key, power, data; most significant first
    shape = (1 << controls, 1 << gates, 1 << size)
    loaded = unitary(load, order).reshape(*shape, *shape)
    undone = unitary([*load, *inverse_load], order).reshape(*shape, *shape)
    assert width == sum((controls, gates, size))
    phases = []
    for index, row in enumerate(table.values):
        for gate in range(1 << gates):
            expected = row if gate == (1 << gates) - 1 else np.eye(1 << size)[0]
            column = loaded[index, gate, :, index, gate, 0]
            overlap = np.vdot(expected, column)
            assert abs(overlap) == pytest.approx(1, abs=1e-11)
            np.testing.assert_allclose(column, overlap * expected, atol=1e-11)
            phases.append(overlap)
            assert abs(undone[index, gate, 0, index, gate, 0] - undone[0, 0, 0, 0, 0, 0]) < 1e-11
    # one global phase for all of them: what depends on the controls is part of the meaning
    np.testing.assert_allclose(phases, phases[0], atol=1e-11)


@settings(max_examples=examples(60))
@given(CASES, st.data())
def test_gates_are_what_the_formula_says(case: tuple[int, int, int], data: st.DataObject) -> None:
    controls, size, gates = case
    table = data.draw(tables(controls, 1 << size))
    place, _ = _place(table, controls, size, gates)
    order = data.draw(st.one_of(st.just(()), st.permutations(range(size)).map(tuple)))
    op = _load(controls, gates, order=order)
    for family in ("zzphase", "cz"):
        blocks = tokens.lower(op, place)
        written = sum(op_cost(block, place.scope, family) for block in blocks)  # type: ignore[arg-type]
        assert written == op_cost(op, place.scope, family)  # type: ignore[arg-type]
        if not gates:
            assert written <= (1 << controls) * ((1 << size) - 1) - size


def test_bell_bases_of_a_pair_hold_the_same_cx() -> None:
    """A load on one qubit of a pair and an inverse load on the other: nothing of two qubits is left between them."""
    assert [block.qubits for block in cascades.bell_basis("a", "b") if len(block.qubits) == 2] == [("a", "b")]
    assert [block.qubits for block in cascades.bell_basis("b", "a", turned=True) if len(block.qubits) == 2] == [
        ("a", "b")
    ]
    there, back = (unitary(cascades.bell_basis("b", "a", turned=turned), ("a", "b")) for turned in (False, True))
    between = (back @ there.conj().T).reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    assert np.linalg.matrix_rank(between, tol=1e-12) == 1


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 7, 8, 13, 16])
@pytest.mark.parametrize("dimension", [2, 4, 8])
def test_cascades_are_finite_for_degenerate_rows(rows: int, dimension: int) -> None:
    rng = np.random.default_rng(rows * dimension)
    values = np.array([_row(rng, dimension, str(rng.choice(ROW_KINDS)), real=False) for _ in range(rows)])
    levels, left = complex_cascade(values)
    assert all(np.all(np.isfinite(angles)) for level in levels for angles in (level.theta, level.phi))
    assert np.all(np.isfinite(left))
    for step in real_cascade(np.abs(values)):
        assert all(np.all(np.isfinite(angles)) for angles in step[1:])


def test_equal_ops_share_their_angles() -> None:
    table = Table(np.eye(2))
    place, _ = _place(table, 1, 1, 0)
    first = tokens.lower(_load(1, 0), place)
    count = len(place.derived)
    second = tokens.lower(_load(1, 0, adjoint=True), place)
    assert len(place.derived) == count
    assert [block.name for block in first] == [block.name for block in reversed(second)]
