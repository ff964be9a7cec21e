"""Selected indices: exact half by half where they are to be, and what that takes."""

from typing import get_args

import pytest

from qsac.ir.attention import PrepareIndex, Project, SelectIndex
from qsac.ir.interpreter import interpret
from qsac.ir.op import Op, Register, Scope
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.native.circuit import GateFamily
from qsac.pipeline.contract import PassContext
from tests.lowering.placed import agree, gates, lowered


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("size", [1, 2])
def test_an_exact_half_is_what_it_means(size: int, adjoint: bool) -> None:
    scope = Scope({"query": size, "key": size, "degree": 1}, {})
    op = SelectIndex("query", "key", "degree", adjoint, exact=True)
    agree(lowered(op, scope), op.matrices(scope))


@pytest.mark.parametrize("family", get_args(GateFamily))
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_gates(size: int, adjoint: bool, family: GateFamily) -> None:
    sizes = {"query": size, "key": size, "degree": 1}
    written, emitted, formula = gates(SelectIndex("query", "key", "degree", adjoint, exact=True), sizes, family)
    assert written == emitted == formula == size * {"zzphase": 6, "cz": 7}[family]


def _nested(*, exact: bool) -> Program:
    """Two selections with one register in common, the second one within the pair of the first."""
    outer, inner = (SelectIndex(query, "key", degree, exact=exact) for query, degree in (("a", "d"), ("b", "e")))
    names = ("a", "b", "key", "d", "e")
    ops: list[Op] = [PrepareIndex(name, 2) for name in names]
    ops += [outer, inner, inner.adjoint(), Project(("b",)), outer.adjoint()]
    ops += [Project((name,), "uniform", 2) for name in ("a", "key", "d", "e")]
    registers = tuple(Register(name, 1) for name in names)
    readout = Readout("found", (), ("b", "a", "key", "d", "e"))
    return Program("nested", "attention", registers, {}, tuple(ops), (readout,))


def test_exact_selections_may_be_nested() -> None:
    with pytest.raises(ProgramError, match="waits for its adjoint"):
        verify(_nested(exact=False))
    program = _nested(exact=True)
    verify(program)
    assert print_program(program).count("exact=true") == 4
    for machine in ("h1", "ibm-fez"):
        blocks = lower(program, PassContext(target(machine)))
        verify(blocks)
        found, expected = interpret(blocks).probabilities, interpret(program).probabilities
        assert found["found"] == pytest.approx(expected["found"], abs=1e-12)


def test_the_text_of_other_selections_is_as_before() -> None:
    assert "exact" not in print_program(_nested(exact=False))
