"""Loaders without some of their controls: what they load, and that it is loaded by as many gates as said."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qsac.counting.formulas import loader_cost, op_cost, pruned_cost, two_qubit_gates
from qsac.emit.emit import emit
from qsac.ir.attention import LoadPruned, LoadTokens, Project
from qsac.ir.interpreter import interpret
from qsac.ir.op import Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.numerics.pruned_cascade import pruned_cascade, pruned_rows
from qsac.pipeline.contract import PassContext

SHAPES = [(count, size) for count in (1, 2, 3, 5, 6, 8, 9, 12) for size in (1, 2, 3, 4)]


def rows_of(rng: np.random.Generator, count: int, size: int, real: bool) -> NDArray[Any]:
    rows = rng.normal(size=(count, 1 << size)) + (0 if real else 1j * rng.normal(size=(count, 1 << size)))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def least_reach(count: int, size: int, real: bool) -> list[int]:
    return [*[0] * (count - 1).bit_length(), *(min(low, size) for low in range(1 + real, size + real))]


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize(("count", "size"), SHAPES)
def test_with_all_controls_nothing_is_lost(count: int, size: int, real: bool) -> None:
    rows = rows_of(np.random.default_rng(count), count, size, real)
    reach = [size] * ((count - 1).bit_length() + size - 1)
    assert np.max(np.abs(pruned_cascade(rows, reach).loaded - rows)) < 1e-10
    assert pruned_cost(count, size, reach, real=real) == loader_cost(count, 1 << size, size, real=real)


@given(st.sampled_from(SHAPES), st.booleans(), st.integers(0, 2**20), st.booleans())
def test_what_is_loaded_can_be_taken_apart_without_loss(
    shape: tuple[int, int], real: bool, seed: int, weighted: bool
) -> None:
    count, size = shape
    rng = np.random.default_rng(seed)
    rows = rows_of(rng, count, size, real)
    reach = [int(rng.integers(low, size + 1)) for low in least_reach(count, size, real)]
    weights = rng.uniform(0.1, 1, count) if weighted else None
    found = pruned_cascade(rows, reach, weights)
    np.testing.assert_allclose(np.linalg.norm(found.loaded, axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(pruned_rows(rows, reach, weights), found.loaded, atol=1e-9)
    np.testing.assert_allclose(pruned_cascade(found.loaded, reach).loaded, found.loaded, atol=1e-9)
    if not real:
        overlaps = np.einsum("td,td->t", found.loaded.conj(), rows)
        np.testing.assert_allclose(overlaps.imag, 0, atol=1e-9)


def test_rows_that_do_not_depend_on_a_bit_are_loaded_without_it() -> None:
    for real in (True, False):
        for bit in range(3):
            half = rows_of(np.random.default_rng(7), 4, 3, real)
            index = np.arange(8)
            rows = half[(index >> (3 - bit) << (2 - bit)) | index & ((1 << (2 - bit)) - 1)]
            reach = [3, 3, 3, 3, 3]
            reach[bit] = 0
            assert np.max(np.abs(pruned_cascade(rows, reach).loaded - rows)) < 1e-10
            assert pruned_cost(8, 3, reach, real=real) == loader_cost(4, 8, 3, real=real)


def test_one_gate_for_two_rows_leaves_the_least_behind() -> None:
    """Two states of one qubit at an angle a: the state between them is a/2 from both."""
    angles = np.array([0.3, 0.5])
    rows = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    middle = [np.cos(0.4), np.sin(0.4)]
    np.testing.assert_allclose(pruned_cascade(rows, [0]).loaded, [middle, middle], atol=1e-12)
    weighted = pruned_cascade(rows, [0], np.array([1.0, 0.0])).loaded
    np.testing.assert_allclose(weighted, np.tile(rows[:1], (2, 1)), atol=1e-6)


def loading(rows: NDArray[Any], other: NDArray[Any], reach: list[int]) -> Program:
    """`rows` loaded by a full register of an index, `other` un-loaded, pruned both."""
    count, dimension = rows.shape
    bits, size = (count - 1).bit_length(), dimension.bit_length() - 1
    index = ("index",) if bits else ()
    tables = {"exact": Table(rows), "table": Table(pruned_rows(rows, reach))}
    tables |= {"other": Table(other), "other-pruned": Table(pruned_rows(other, reach))}
    ops = [
        LoadPruned("data", index, "table", "exact", tuple(reach)),
        LoadPruned("data", index, "other-pruned", "other", tuple(reach), True),
        Project(("data",)),
    ]
    registers = [Register("data", size)]
    if bits:
        tables["uniform"] = Table([[1.0] * count + [0.0] * ((1 << bits) - count)] / np.sqrt(count))
        ops = [LoadTokens("index", (), "uniform"), *ops, Project(("index",))]  # type: ignore[list-item]
        registers.append(Register("index", bits))
    names = tuple(register.name for register in registers)
    return Program("p", "attention", tuple(registers), tables, tuple(ops), (Readout("fidelity", ("data",), names[1:]),))


@given(st.sampled_from(SHAPES), st.booleans(), st.integers(0, 2**20), st.sampled_from(["h1", "ibm-fez"]))
def test_blocks_and_gates_do_what_the_op_says(shape: tuple[int, int], real: bool, seed: int, machine: str) -> None:
    count, size = shape
    rng = np.random.default_rng(seed)
    reach = [int(rng.integers(low, size + 1)) for low in least_reach(count, size, real)]
    program = loading(rows_of(rng, count, size, real), rows_of(rng, count, size, real), reach)
    verify(program)
    assert parse_program(print_program(program)) == program
    context = PassContext(target(machine))
    blocks = lower(program, context)
    verify(blocks)
    for metric, pair in interpret(program).probabilities.items():
        assert interpret(blocks).probabilities[metric] == pytest.approx(pair, abs=1e-10)
    family = context.target.family
    loaders = [op for op in program.ops if isinstance(op, LoadPruned)]
    expected = sum(op_cost(op, program.scope, family) for op in loaders)
    counted = sum(op_cost(op, blocks.scope, family) for op in blocks.ops if op.name != "diagonal")
    prepared = sum(op_cost(op, program.scope, family) for op in program.ops if isinstance(op, LoadTokens))
    assert counted == expected + prepared
    assert emit(blocks, context).two_qubit_gates <= two_qubit_gates(blocks, family)


def test_rules() -> None:
    rows = rows_of(np.random.default_rng(1), 4, 2, False)
    program = loading(rows, rows, [2, 1, 2])
    for wrong in (
        {"reach": (2, 1)},
        {"reach": (2, 1, 0)},
        {"reach": (3, 1, 2)},
        {"exact": "uniform"},
        {"exact": "nothing"},
    ):
        ops = list(program.ops)
        ops[1] = LoadPruned(
            **{"data": "data", "index": ("index",), "table": "table", "exact": "exact", "reach": (2, 1, 2), **wrong}
        )  # type: ignore[arg-type]
        with pytest.raises(ProgramError):
            verify(program.with_ops(ops))


def test_rows_that_need_a_control_are_not_lowered_without_it() -> None:
    rows = rows_of(np.random.default_rng(2), 4, 2, False)
    program = loading(rows, rows, [2, 1, 2])
    lying = {**program.tables, "table": Table(rows)}
    with pytest.raises(RuntimeError, match="cannot be loaded"):
        lower(
            Program("p", "attention", program.registers, lying, program.ops, program.readouts),
            PassContext(target("h1")),
        )
