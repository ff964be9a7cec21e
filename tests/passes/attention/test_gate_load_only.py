from dataclasses import replace

import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import LoadTokens, Project
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.gate_load_only import GateLoadOnly
from qsac.passes.attention.stage_degree import StageDegree
from qsac.pipeline.contract import PassContext
from tests.copied_programs import Choices, program_of
from tests.passes.attention.test_select_indices import assert_same_probabilities

CONTEXT = PassContext(target("h1"))


def kernel(*, rows: int = 5, real: bool = True, fused: bool = False) -> Program:
    """Score copies gated by degree registers, at a known position."""
    return program_of(
        Choices(rows=rows, size=1, copies=3, powers=True, terms=(0.6, -0.48, 0.64), real=real, fused=fused), 2
    )


def inverse_gates(program: Program) -> set[tuple[str, ...]]:
    return {op.when for op in program.ops if isinstance(op, LoadTokens) and op.inverse and op.targets[0][:5] == "score"}


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("rows", [2, 5, 8])
def test_the_inverse_load_takes_no_gate(rows: int, real: bool, staged: bool) -> None:
    program = kernel(rows=rows, real=real)
    program = StageDegree().apply(program, CONTEXT) if staged else program
    after = GateLoadOnly().apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)
    assert inverse_gates(program) == {(), ("degree[0]",), ("degree[1]",)}
    assert inverse_gates(after) == {()}
    loads = {op.index for op in after.ops if isinstance(op, LoadTokens) and op.data == "score[2]" and not op.inverse}
    assert loads == {("key[2]", "degree[1]")}
    assert two_qubit_gates(after, "zzphase") < two_qubit_gates(program, "zzphase")


def test_inverse_loads_by_an_index_stay_gated() -> None:
    program = kernel(fused=True, rows=3)
    assert inverse_gates(program) == {(), ("degree[0]",), ("degree[1]",)}
    assert GateLoadOnly().apply(program, CONTEXT) == program


def test_what_is_of_another_form_is_left_alone() -> None:
    program = kernel()
    kept = [replace(op, when=()) if _is_gated_inverse(op) else op for op in program.ops]
    other = program.with_ops(kept)
    scores = [op for op in GateLoadOnly().apply(other, CONTEXT).ops if "score" in str(op.targets)]
    assert scores == [op for op in other.ops if "score" in str(op.targets)]
    assert any(isinstance(op, Project) for op in scores)


def test_what_a_load_depends_on_may_change_behind_a_barrier() -> None:
    program = kernel()
    fenced = program.with_ops(replace(op, barrier=True) if _is_gated_inverse(op) else op for op in program.ops)
    after = GateLoadOnly().apply(fenced, CONTEXT)
    assert_same_probabilities(program, after)
    assert inverse_gates(after) == {()}
    assert sum(op.barrier for op in after.ops) == sum(op.barrier for op in fenced.ops) > 0


def _is_gated_inverse(op: Op) -> bool:
    return isinstance(op, LoadTokens) and bool(op.when) and op.inverse and op.data != "key[1]"


@pytest.mark.parametrize("real", [False, True])
def test_tables_without_numbers(real: bool) -> None:
    program = kernel(real=real)
    tables = {
        name: ShapedTable(table.shape, real=table.real, spans=[Span(name, 0, table.shape[0])])
        if name in ("scores", "queries")
        else table
        for name, table in program.tables.items()
    }
    known, outlined = (GateLoadOnly().apply(one, CONTEXT) for one in (program, replace(program, tables=tables)))
    assert known != program
    assert known.ops == outlined.ops
    assert two_qubit_gates(known, "zzphase") == two_qubit_gates(outlined, "zzphase")
