"""Selected indices: what a pair takes, whole swaps, and pairs within pairs."""

from typing import get_args

import numpy as np
import pytest

from qsac.ir.attention import LoadTokens, PrepareKeys, Project, SelectIndex
from qsac.ir.interpreter import interpret
from qsac.ir.op import Op, Register, Scope
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.native.circuit import GateFamily
from qsac.pipeline.contract import PassContext
from tests.lowering.placed import gates


@pytest.mark.parametrize("family", get_args(GateFamily))
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("swap", [False, True])
def test_gates(size: int, adjoint: bool, family: GateFamily, swap: bool) -> None:
    sizes = {"query": size, "key": size, "degree": 1}
    written, emitted, formula = gates(SelectIndex("query", "key", "degree", adjoint, swap=swap), sizes, family)
    assert written == emitted == formula == size * (4 + swap)


def test_a_swap_gives_each_branch_both_indices() -> None:
    matrices = SelectIndex("query", "key", "degree", swap=True).matrices(Scope({"query": 1, "key": 1, "degree": 1}, {}))
    swapped = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    assert matrices.real.tolist() == [swapped, [[float(i == j) for i in range(4)] for j in range(4)]]


def _nested(*, crossing: bool = False, outer_swap: bool = True, inner_swap: bool = True) -> Program:
    """Two selections with one register in common, the second one opened within the pair of the first."""
    outer = SelectIndex("a", "key", "d", swap=outer_swap)
    inner = SelectIndex("b", "key", "e", swap=inner_swap)
    names = ("a", "b", "key", "d", "e")
    closed = [outer.adjoint(), inner.adjoint()] if crossing else [inner.adjoint(), outer.adjoint()]
    rows = np.linalg.qr(np.random.default_rng(3).normal(size=(8, 8)))[0].reshape(32, 2)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    # Rows that differ for all values of the registers show whether a phase is left.
    between = [LoadTokens("x", ("a", "d", "key"), "x"), LoadTokens("y", ("a", "b", "key", "d", "e"), "y")]
    ops: list[Op] = [LoadTokens(name, (), name) for name in names]
    ops += [outer, between[0], inner, between[1], *closed]
    ops += [LoadTokens(name, (), name, inverse=True) for name in names]
    ops += [Project((*names,)), Project(("x", "y"))]
    tables = {name: Table(rows[place : place + 1]) for place, name in enumerate(names)}
    tables |= {"x": Table(rows[8:16]), "y": Table(rows)}
    registers = tuple(Register(name, 1) for name in (*names, "x", "y"))
    readout = Readout("found", names, ("x", "y"))
    return Program("nested", "attention", registers, tables, tuple(ops), (readout,))


@pytest.mark.parametrize("swap", [False, True])
def test_pairs_may_be_nested(swap: bool) -> None:
    program = _nested(outer_swap=swap)
    verify(program)
    for machine in ("h1", "ibm-fez"):
        blocks = lower(program, PassContext(target(machine)))
        verify(blocks)
        found, expected = interpret(blocks).probabilities["found"], interpret(program).probabilities["found"]
        assert found == pytest.approx(expected, abs=1e-12)
        assert min(found) > 1e-3


def test_what_is_no_whole_swap_is_not_nested() -> None:
    with pytest.raises(ProgramError, match="waits for its adjoint"):
        verify(_nested(inner_swap=False))


def test_pairs_may_not_cross() -> None:
    with pytest.raises(ProgramError, match="closes a pair that is not the last one opened"):
        verify(_nested(crossing=True))


def test_keys_may_be_prepared_by_what_a_pair_holds() -> None:
    """Keys are brought up by CX, written as rotations, which are diagonal on the position that is within the pair."""
    outer = SelectIndex("a", "b", "d", swap=True)
    rows = np.linalg.qr(np.random.default_rng(4).normal(size=(16, 16)))[0][:5, :4]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = ("a", "b", "d")
    ops: list[Op] = [LoadTokens(name, (), name) for name in names]
    keys = PrepareKeys("b", "key", "causal", 4)
    ops += [outer, keys, LoadTokens("x", ("key",), "x"), keys.adjoint(), Project(("key",)), outer.adjoint()]
    ops += [LoadTokens(name, (), name, inverse=True) for name in names]
    ops += [Project(names), Project(("x",))]
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))[0][:, :2]
    tables = {"a": Table(rows[:1]), "b": Table(rows[1:2]), "d": Table([[0.6, 0.8]])}
    tables["x"] = Table(turned / np.linalg.norm(turned, axis=1, keepdims=True))
    registers = tuple(Register(name, size) for name, size in (("a", 2), ("b", 2), ("d", 1), ("key", 2), ("x", 1)))
    program = Program("keys", "attention", registers, tables, tuple(ops), (Readout("found", ("key", *names), ("x",)),))
    verify(program)
    for machine in ("h1", "ibm-fez"):
        blocks = lower(program, PassContext(target(machine)))
        verify(blocks)
        found, expected = interpret(blocks).probabilities["found"], interpret(program).probabilities["found"]
        assert found == pytest.approx(expected, abs=1e-12)
        assert min(found) > 1e-3
