"""Signed phases on zero: the op, its block, and what they take."""

import numpy as np
import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.ir.attention import PhaseSignal, PrepareDegree, PrepareIndex, Project
from qsac.ir.interpreter import interpret
from qsac.ir.op import Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import ErrorLedger, PassContext

EVEN = (float(np.sqrt(0.5)), float(np.sqrt(0.5)))


def _program(op: PhaseSignal, data: int) -> Program:
    """The op between preparations and projections that tell any two diagonals apart but for special ones."""
    registers = [Register("real", 1), Register("parity", 1), Register("data", data)]
    ops = [
        PrepareDegree(("real",), EVEN),
        PrepareDegree(("parity",), (0.6, 0.8)),
        PrepareIndex("data", (1 << data) - (data > 1)),
        op,
        Project(("real",), "unary", amplitudes=(0.8, 0.6)),
        Project(("parity",), "unary", amplitudes=EVEN),
        Project(("data",), "uniform", (1 << data) - (data > 1)),
    ]
    given = ("real", "parity", "data")
    return Program("signal", "attention", tuple(registers), {}, tuple(ops), (Readout("found", (), given),))


@pytest.mark.parametrize("data", [1, 2, 3])
@pytest.mark.parametrize("registers", [(), ("data",)])
@pytest.mark.parametrize("given", [(), ("parity",)])
def test_signed_phases(data: int, registers: tuple[str, ...], given: tuple[str, ...]) -> None:
    op = PhaseSignal(registers, "real", (0.7, -0.3)[: 1 << len(given)], given)
    program = _program(op, data)
    verify(program)
    assert parse_program(print_program(program)) == program
    bare = _program(PhaseSignal((), "real", (0.0,)), data)
    context = PassContext(target("h2"), 0, 0, None, "qubits", ErrorLedger(0.0), None)
    found, blocks = interpret(program).probabilities["found"], lower(program, context)
    assert interpret(blocks).probabilities["found"] == pytest.approx(found, abs=1e-12)
    assert abs(found[1] - interpret(bare).probabilities["found"][1]) > 1e-3
    controls = len(given) + len(registers) * data
    taken = two_qubit_gates(program, "zzphase") - two_qubit_gates(bare, "zzphase")
    assert taken == {0: 0, 1: 1}.get(controls, 1 << controls)
    assert emit(blocks, context).two_qubit_gates <= two_qubit_gates(program, "zzphase")
    undone = _program(op.adjoint(), data)
    assert undone != program
    np.testing.assert_allclose(op.matrices(program.scope) * op.adjoint().matrices(program.scope), 1, atol=1e-15)


@pytest.mark.parametrize(("data", "gates"), [(1, 6), (2, 10), (3, 18)])
@pytest.mark.parametrize("family", ["h2", "ibm-fez"])
def test_signs_that_are_turned_over(data: int, gates: int, family: str) -> None:
    """Where two qubits choose the angle: 2 (2^n - 1) + 2^2 gates."""
    registers = (Register("real", 1), Register("head", 2), Register("data", data))
    op = PhaseSignal(("data",), "real", (0.7, -0.3, 1.1, 0.2), ("head",))
    ends = [Project(("real",), "unary", amplitudes=(0.8, 0.6))]
    ends += [Project((name,), "uniform", (1 << size) - (size > 1)) for name, size in (("head", 2), ("data", data))]
    begun = [PrepareDegree(("real",), EVEN), PrepareIndex("head", 4), PrepareIndex("data", 1 << data)]
    readout = Readout("found", (), ("real", "head", "data"))
    program, bare = (
        Program("signal", "attention", registers, {}, (*begun, *ops, *ends), (readout,)) for ops in ([op], [])
    )
    context = PassContext(target(family), 0, 0, None, "qubits", ErrorLedger(0.0), None)
    found, blocks = interpret(program).probabilities["found"], lower(program, context)
    assert interpret(blocks).probabilities["found"] == pytest.approx(found, abs=1e-12)
    assert abs(found[1] - interpret(bare).probabilities["found"][1]) > 1e-3
    taken = two_qubit_gates(program, context.target.family) - two_qubit_gates(bare, context.target.family)
    assert taken == gates
    emitted = emit(blocks, context).two_qubit_gates - emit(lower(bare, context), context).two_qubit_gates
    assert emitted <= gates


@pytest.mark.parametrize(
    "op", [PhaseSignal(("real",), "data", (0.1,)), PhaseSignal(("data",), "real", (0.1,), ("parity",))]
)
def test_wrong_signed_phases(op: PhaseSignal) -> None:
    with pytest.raises(ProgramError, match="breaks a rule"):
        verify(_program(op, 2))
