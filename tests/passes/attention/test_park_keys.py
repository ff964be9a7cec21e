from dataclasses import replace

import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import ApplyUnitary, LoadTokens, Multiply, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.shaped_table import ShapedTable, Span
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.merge_degrees import MergeDegrees
from qsac.passes.attention.park_keys import ParkKeys
from qsac.passes.attention.stage_degree import StageDegree
from qsac.pipeline.contract import PassContext
from tests.copied_programs import Choices, program_of
from tests.passes.attention.test_select_indices import assert_same_probabilities

CONTEXT = PassContext(target("h1"))


def polynomial(*terms: float, rows: int = 5, size: int = 2, split: bool = False, real: bool = True) -> Program:
    choices = Choices(rows=rows, size=size, copies=len(terms), powers=True, terms=terms, split=split, real=real)
    return program_of(choices, 2)


def parked(program: Program) -> Program:
    after = ParkKeys().apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)
    assert two_qubit_gates(after, "zzphase") <= two_qubit_gates(program, "zzphase")
    return after


def gated(program: Program) -> set[str]:
    return {op.name for op in program.ops if isinstance(op, LoadTokens | ApplyUnitary | Multiply) and op.when}


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize(
    ("rows", "real"), [(3, True), (5, True), (6, True), (7, True), (3, False), (4, False), (7, False)]
)
def test_only_products_stay_gated(rows: int, split: bool, real: bool) -> None:
    program = polynomial(0.6, -0.8, rows=rows, split=split, real=real)
    assert gated(program) == {"load-tokens", "multiply"}
    after = parked(program)
    assert gated(after) == {"multiply"}
    keys = [op for op in after.ops if isinstance(op, LoadTokens) and op.data == "key[1]"]
    assert [op.index for op in keys] == [("degree[0]",), ("degree[0]",)]
    # Where a power of two is filled, the parked value takes another qubit; what is not gated keeps its registers.
    assert after.scope.sizes["key[1]"] == rows.bit_length()
    assert after.scope.sizes["key"] == program.scope.sizes["key"]


def test_copies_of_several_terms() -> None:
    after = parked(polynomial(0.6, 0.48, -0.64, rows=3, size=1))
    assert gated(after) == {"multiply"}
    merged = parked(MergeDegrees().apply(polynomial(0.6, 0.0, 0.8, rows=3, size=1), CONTEXT))
    assert {op.index for op in merged.ops if isinstance(op, LoadTokens) and op.data in ("key[1]", "key[2]")} == {
        ("degree[0]",)
    }


def test_staged_registers() -> None:
    program = StageDegree().apply(polynomial(0.6, 0.48, -0.64, rows=3, size=1), CONTEXT)
    assert gated(parked(program)) == {"multiply"}


def test_what_is_of_another_form_is_left_alone() -> None:
    program = polynomial(0.6, 0.8)
    assert parked(program) != program
    ops = list(program.ops)
    place = next(place for place, op in enumerate(ops) if isinstance(op, LoadTokens) and op.data == "key[1]")
    # The keys of the copy are looked at, without the gate, by something else.
    extra: list[Op] = [LoadTokens("extra", ("key[1]",), "scores"), Project(("extra",))]
    looked = replace(program, registers=(*program.registers, Register("extra", 1)))
    looked = looked.with_ops([*ops[: place + 1], *extra, *ops[place + 1 :]])
    looked = replace(looked, readouts=(Readout("fidelity", (), tuple(n for op in looked.ops for n in op.outcomes)),))
    verify(looked)
    assert ParkKeys().apply(looked, CONTEXT) == looked
    barred = program.with_ops([*ops[:place], replace(ops[place], barrier=True), *ops[place + 1 :]])
    assert ParkKeys().apply(barred, CONTEXT) == barred
    # A register between the load and the inverse load of a score is turned, so that it does not come back.
    score = next(place for place, op in enumerate(ops) if isinstance(op, LoadTokens) and op.data == "score[1]")
    tables = {**program.tables, "flip": Table([[0.0, 1.0], [1.0, 0.0]])}
    turned = replace(program, tables=tables).with_ops(
        [*ops[: score + 1], ApplyUnitary("score[1]", "matrix", "flip"), *ops[score + 1 :]]
    )
    verify(turned)
    assert ParkKeys().apply(turned, CONTEXT) == turned


def test_what_does_not_pay_is_left_alone() -> None:
    """A single key has no gates that its parking could save."""
    program = polynomial(0.6, 0.8, rows=1)
    assert ParkKeys().apply(program, CONTEXT) == program


def test_a_parked_key_may_take_another_qubit() -> None:
    """Four keys fill two qubits; beside a row that is a basis state they take few gates more."""
    after = parked(polynomial(0.6, 0.8, rows=4))
    assert gated(after) == {"multiply"}
    assert after.scope.sizes["key[1]"] == 3


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("rows", [3, 5, 7])
def test_tables_without_numbers_are_parked_alike(rows: int, split: bool) -> None:
    program = polynomial(0.6, 0.8, rows=rows, split=split)
    shaped = replace(
        program,
        tables={
            name: table
            if name in ("branch", "matrix")
            else ShapedTable(
                table.shape,
                real=table.real,
                columns=rows if name == "weights" else None,
                spans=[Span(name, 0, table.shape[0])],
            )
            for name, table in program.tables.items()
        },
    )
    known, outlined = (ParkKeys().apply(one, CONTEXT) for one in (program, shaped))
    assert [replace(op, table="") for op in known.ops if isinstance(op, LoadTokens)] == [
        replace(op, table="") for op in outlined.ops if isinstance(op, LoadTokens)
    ]
    assert two_qubit_gates(known, "zzphase") == two_qubit_gates(outlined, "zzphase")
