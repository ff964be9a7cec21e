from dataclasses import replace

import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import Multiply, PhaseTable, PrepareDegree, Project
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.merge_degrees import MergeDegrees
from qsac.passes.attention.stage_degree import StageDegree
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from tests.copied_programs import Choices, program_of
from tests.passes.attention.test_select_indices import assert_same_probabilities

CONTEXT = PassContext(target("h1"))


def polynomial(*terms: float, rows: int = 5) -> Program:
    """Copies of which one more is multiplied in each term."""
    return program_of(Choices(rows=rows, size=1, copies=len(terms), powers=True, terms=terms))


def merged(program: Program) -> Program:
    after = MergeDegrees().apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)
    return after


def degrees(program: Program) -> tuple[str, ...]:
    return next((op.degree for op in program.ops if isinstance(op, PrepareDegree)), ())


def gates_of(program: Program) -> list[tuple[str, ...]]:
    return [op.when for op in program.ops if isinstance(op, Multiply)]


def test_copies_that_come_together_share_a_register() -> None:
    after = merged(polynomial(0.6, 0.0, -0.8))
    assert degrees(after) == ("degree[0]",)
    assert gates_of(after) == [("degree[0]",), ("degree[0]",)]
    assert "degree[1]" not in after.scope.sizes
    assert not any("degree[1]" in (*readout.given, *readout.success) for readout in after.readouts)


def test_copies_of_every_term_need_no_register() -> None:
    after = merged(polynomial(0.0, 0.6, 0.8))
    assert degrees(after) == ("degree[1]",)
    assert gates_of(after) == [(), ("degree[1]",)]
    only = merged(polynomial(0.0, 0.0, -1.0))
    assert degrees(only) == ()
    assert gates_of(only) == [(), ()]
    assert not any(isinstance(op, Project) and op.state == "unary" for op in only.ops)


def test_the_state_waits_for_the_first_copy_that_it_gates() -> None:
    """So that it can be staged."""
    after = merged(polynomial(0.0, 0.6, 0.0, 0.8, rows=2))
    place = next(place for place, op in enumerate(after.ops) if isinstance(op, PrepareDegree))
    assert "degree[1]" in after.ops[place + 1].controlled_by
    staged = StageDegree().apply(after, CONTEXT)
    assert staged != after
    assert_same_probabilities(after, staged)


def test_several_gaps() -> None:
    after = merged(polynomial(0.0, 0.6, 0.0, 0.0, 0.8, rows=2))
    assert degrees(after) == ("degree[1]",)
    assert gates_of(after) == [(), ("degree[1]",), ("degree[1]",), ("degree[1]",)]


def test_terms_that_are_there_keep_their_registers() -> None:
    program = polynomial(0.6, 0.64, -0.48)
    assert MergeDegrees().apply(program, CONTEXT) == program


def test_fewer_gates_where_a_gate_goes() -> None:
    program = polynomial(0.0, 0.6, 0.8)
    assert two_qubit_gates(merged(program), "zzphase") < two_qubit_gates(program, "zzphase")


def test_a_state_stays_where_merging_it_does_not_pay() -> None:
    """By the gates after the remaining passes, which here make the same of either program."""
    program = polynomial(0.0, 0.6, 0.8)
    assert MergeDegrees().apply(program, replace(CONTEXT, rest=lambda _program, _context: program)) == program


def test_it_is_for_levels_that_compare_costs() -> None:
    for level in range(4):
        assert ("merge-degrees" in {step.name for step in default_pipeline(level)}) == (level >= 2)


@pytest.mark.parametrize("barrier", [False, True])
def test_registers_that_do_more_than_gate_stay(barrier: bool) -> None:
    program = polynomial(0.6, 0.0, 0.8)
    ops = list(program.ops)
    if barrier:
        place = next(place for place, op in enumerate(ops) if "degree[1]" in op.controlled_by)
        ops[place] = replace(ops[place], barrier=True)
    else:
        place = next(place for place, op in enumerate(ops) if isinstance(op, PrepareDegree))
        ops.insert(place + 1, PhaseTable("degree[1]", Table([0.0, 0.5])))
    program = program.with_ops(ops)
    assert MergeDegrees().apply(program, CONTEXT) == program


def test_merged_registers_can_be_staged() -> None:
    program = merged(polynomial(0.6, 0.0, -0.48, 0.64, rows=2))
    staged = StageDegree().apply(program, CONTEXT)
    assert staged != program
    assert_same_probabilities(program, staged)
