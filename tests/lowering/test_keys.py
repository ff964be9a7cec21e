"""The keys that a position sees: states, signs and gates for every length."""

from itertools import product
from typing import get_args

import numpy as np
import pytest

from qsac.counting.formulas import op_cost
from qsac.emit.shape_emitter import tally
from qsac.ir.attention import LoadTokens, PrepareKeys
from qsac.ir.blocks import Multiplexor
from qsac.ir.op import Op, Register, Scope
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable
from qsac.ir.table import Table
from qsac.lowering.allocation import Allocation
from qsac.lowering.context import LoweringContext, lowering
from qsac.lowering.indices import WRITTEN, seen_keys
from qsac.native.circuit import GateFamily
from tests.cases import some
from tests.lowering.placed import agree, gates, lowered

LENGTHS = (*range(2, 18), 23, 31)


def _sizes(length: int) -> dict[str, int]:
    size = (length - 1).bit_length()
    return {"query": size, "key": size}


def _seen(length: int, mask: str) -> np.ndarray:
    size = 1 << (length - 1).bit_length()
    rows = np.array([[mask == "full" or i <= j for i in range(size)] for j in range(length)], dtype=float)
    rows[:, length:] = 0
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize(("length", "mask"), some(product(LENGTHS, ["causal", "full"]), 3))
def test_the_states_are_those_of_the_keys(length: int, mask: str) -> None:
    """Of all positions with one phase, which is part of the meaning; and the inverse load keeps the same."""
    scope = Scope(_sizes(length), {})
    op = PrepareKeys("query", "key", mask, length)  # type: ignore[arg-type]
    expected = _seen(length, mask)[: length if mask == "causal" else 1]
    np.testing.assert_allclose(op.matrices(scope)[: len(expected), :, 0], expected, atol=1e-12)
    agree(lowered(op, scope)[: len(expected), :, 0], expected)
    agree(lowered(op.adjoint(), scope)[: len(expected), 0], expected)


@pytest.mark.parametrize("family", get_args(GateFamily))
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("mask", ["causal", "full"])
@pytest.mark.parametrize("length", [2, 3, 4, 5, 7, 8, 11, 16])
def test_gates(length: int, mask: str, adjoint: bool, family: GateFamily) -> None:
    op = PrepareKeys("query", "key", mask, length, adjoint)  # type: ignore[arg-type]
    written, emitted, formula = gates(op, _sizes(length), family)
    assert written == emitted == formula
    if mask == "causal":
        assert formula == {2: 1, 3: 6, 4: 8, 5: 18, 7: 23, 8: 25, 11: 55, 16: 66}[length]


@pytest.mark.parametrize("length", range(2, 70))
def test_no_table_takes_fewer(length: int) -> None:
    scope = Scope(
        _sizes(length), {"seen": ShapedTable((length, 1 << (length - 1).bit_length()), real=True, columns=length)}
    )
    table = op_cost(LoadTokens("key", ("query",), "seen"), scope, "zzphase")
    assert op_cost(PrepareKeys("query", "key", "causal", length), scope, "zzphase") <= table


@pytest.mark.parametrize("length", [7, 8, 20])
@pytest.mark.parametrize("family", get_args(GateFamily))
def test_ladders_without_numbers_are_those_with_them(length: int, family: GateFamily) -> None:
    sizes = _sizes(length)
    query, key = (tuple(f"{name}.{bit}" for bit in range(size)) for name, size in sizes.items())
    registers = tuple(Register(name, 1) for name in (*query, *key))
    live: list[Op] = [Multiplexor("y", (), name, Table([0.3])) for name in query]
    counts = []
    for outlined in (False, True):
        blocks = seen_keys(query, key, length, outlined=outlined)
        assert any(isinstance(block, Multiplexor) and not block.angles.known for block in blocks) == outlined
        counts.append(tally(Program("keys", "block", registers, {}, (*live, *blocks), ()), family).two_qubit_gates)
    assert counts[0] == counts[1]


def test_a_large_program_without_numbers_has_keys_without_numbers() -> None:
    length = WRITTEN + 1
    sizes = _sizes(length)
    qubits = {name: tuple(f"{name}.{bit}" for bit in range(size)) for name, size in sizes.items()}
    op = PrepareKeys("query", "key", "causal", length)
    for table, known in ((ShapedTable((1, 2), real=True), False), (Table([[1.0, 0.0]]), True)):
        place = LoweringContext(Scope(sizes, {"context": table}), Allocation(qubits, 22, {}))
        blocks = [block for block in lowering.of(op)(op, place) if isinstance(block, Multiplexor)]
        assert {block.angles.known for block in blocks} == {known}
