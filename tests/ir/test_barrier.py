"""Ops with a barrier are done as they stand, whatever passes there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import pi
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qsac
from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.emit.shape_emitter import tally
from qsac.families.reading import load
from qsac.ir.attention import ApplyUnitary, LoadRotated, LoadTokens
from qsac.ir.blocks import Diagonal, Measure, PauliRotation
from qsac.ir.interpreter import interpret
from qsac.ir.op import Op, Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import ErrorLedger, Pass, PassContext
from qsac.pipeline.registry import default_pipeline, pass_class, pass_names
from qsac.pipeline.stages import Ahead
from tests.cases import seeds
from tests.programs import build
from tests.strategies import attention_programs, block_programs, random_model

KINDS = {name: kind for name in pass_names() if issubclass(kind := pass_class(name), Pass)}
MOVING = {"gate-load-only"}
"""Passes that change what a load depends on: it stays a load of its own rows."""

FOLDING = {"fold-scores"}
"""Passes that are named to work tables out together."""

PROGRAMS = {"attention": attention_programs(), "block": block_programs()}


def barred(program: Program, chosen: Any) -> Program:
    """The program with barriers on the ops that ``chosen`` says; a pair keeps its halves alike."""
    return program.with_ops(
        replace(op, barrier=True) if chosen(op) and not (op.computes_pair or op.uncomputes_pair) else op
        for op in program.ops
    )


def barriers(program: Program) -> list[Op]:
    return [op for op in program.ops if op.barrier]


def own_tables(op: Op) -> tuple[str, ...]:
    """The tables that an op still has; a ladder has its own."""
    return () if isinstance(op, LoadRotated) else op.tables


def assert_as_they_are(program: Program, after: Program) -> None:
    """The ops with barriers are those of the program, or ladders of their own for the very same rows."""
    for before, op in zip(barriers(program), barriers(after), strict=True):
        if not isinstance(op, LoadRotated):
            # How a load is carried out by itself is left to it.
            assert op == before or (isinstance(op, LoadTokens) and replace(op, by_structure=False) == before)
            continue
        assert isinstance(before, LoadTokens)
        assert (op.targets, op.index, op.inverse) == (before.targets, (*before.index, *before.when), before.inverse)
        rows = program.tables[before.table].values
        assert not op.phases.shape[0]
        if not before.when and after.tables[op.table].known:
            loaded = op.loaded(after.scope)[: len(rows)]
            np.testing.assert_allclose(np.abs(np.vdot(rows, loaded)), len(rows), atol=1e-10)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
def test_passes_leave_them_as_they_are(name: str, data: st.DataObject) -> None:
    step = KINDS[name]()
    program = barred(data.draw(PROGRAMS[step.level]), lambda op: data.draw(st.booleans()))
    assert parse_program(print_program(program)) == program
    after = step.apply(program, PassContext(target("h1")))
    verify(after)
    if name in MOVING:
        assert len(barriers(after)) == len(barriers(program))
    elif name not in FOLDING:
        assert_as_they_are(program, after)
    expected, found = interpret(program), interpret(after)
    scale = (program.subnormalisation / after.subnormalisation) ** 2
    for metric, pair in expected.probabilities.items():
        assert found.probabilities[metric] == pytest.approx([scale * value for value in pair], abs=1e-10)


SEEDS = seeds(90, one_of=12)


@pytest.mark.parametrize("kind", [LoadTokens, ApplyUnitary])
def test_nothing_is_folded_compressed_or_selected_where_loads_or_unitaries_have_one(kind: type[Op]) -> None:
    """All attention passes together, with an error budget for those that approximate."""
    changed = 0
    for seed in SEEDS:
        plain = build(load(random_model(seed)))
        program = barred(plain, lambda op: isinstance(op, kind))
        context = PassContext(target("h2"), 3, ledger=ErrorLedger(1e-2))
        finished = [Ahead(default_pipeline(3)).at(context).finish(one, 0.0) for one in (plain, program)]
        kept = [[op for op in one.ops if isinstance(op, kind)] for one in (plain, finished[0])]
        changed += kept[0] != kept[1]
        assert_as_they_are(program, finished[1])
        assert {name: finished[1].tables[name] for op in barriers(finished[1]) for name in own_tables(op)} == {
            name: program.tables[name] for op in barriers(finished[1]) for name in own_tables(op)
        }
    assert changed > len(SEEDS) / 3, "without a barrier, passes do change them"


def rotations(*ops: Op) -> Program:
    registers = tuple(Register(name, 1) for name in ("a", "b"))
    start = tuple(PauliRotation("y", (name,), 0.7) for name in ("a", "b"))
    end = tuple(Measure(name, name, 0) for name in ("a", "b"))
    return Program("test", "block", registers, {}, (*start, *ops, *end), (Readout("fidelity", (), ("a[0]", "b[0]")),))


ZZ = PauliRotation("zz", ("a", "b"), 0.3)
DIAGONAL = Diagonal(("a", "b"), Table([0.0, 0.1, 0.2, 0.9]))


@pytest.mark.parametrize(
    ("name", "op", "fence", "left"),
    [
        ("merge-rotations", ZZ, PauliRotation("z", ("a",), 0.4), (1, 2, 2)),
        ("merge-diagonals", DIAGONAL, Diagonal(("a",), Table([0.0, 0.4])), (1, 3, 2)),
        ("drop-diagonals", DIAGONAL, Diagonal(("a",), Table([0.0, 0.4])), (0, 2, 1)),
    ],
)
def test_nothing_is_merged_across_or_with_one(name: str, op: Op, fence: Op, left: tuple[int, int, int]) -> None:
    """``left``: such ops without a barrier, with one between two that could join, with one on the first of them."""
    step, context = KINDS[name](), PassContext(target("h1"))

    def count(*ops: Op) -> int:
        found = step.apply(rotations(*ops), context).ops
        return sum(one.targets == op.targets and isinstance(one, type(op)) for one in found)

    assert count(op, fence, op) == left[0]
    assert count(op, replace(fence, barrier=True), op) == left[1]
    assert count(replace(op, barrier=True), fence, op) == left[2]


def test_elsewhere_it_is_in_nobodys_way() -> None:
    one, other = PauliRotation("z", ("a",), 0.2), PauliRotation("z", ("b",), 0.4, barrier=True)
    found = KINDS["merge-rotations"]().apply(rotations(one, other, one), PassContext(target("h1")))
    assert sum(isinstance(op, PauliRotation) and op.qubits == ("a",) and op.paulis == "z" for op in found.ops) == 1


@pytest.mark.parametrize("name", ["h2", "ibm-fez"])
def test_emission_merges_no_gates_with_theirs(name: str) -> None:
    turn = PauliRotation("x", ("a",), 0.3)
    context = PassContext(target(name))
    counts = []
    for barrier in (False, True):
        program = rotations(turn, replace(turn, barrier=barrier), turn)
        circuit = emit(program, context)
        counts.append(circuit.one_qubit_gates)
        assert tally(program, context.target.family).one_qubit_gates == circuit.one_qubit_gates
    # Two SX each, where all four rotations of the qubit were two before.
    assert counts[1] - counts[0] == 2 * (1 if name == "h2" else 2)


@pytest.mark.parametrize("name", ["h2", "ibm-fez"])
@pytest.mark.parametrize("seed", seeds(12, one_of=3))
def test_lowering_hands_them_on_and_the_cost_is_what_is_emitted(seed: int, name: str) -> None:
    """A complex loader's diagonal is its own then: it is not one with those of others."""
    source = random_model(seed)
    source["attention"]["value"] = source["attention"]["score"] = {"type": "identity"}
    source["attention"].pop("phases", None)
    plain = build(load(source))
    program = barred(plain, lambda op: isinstance(op, LoadTokens))
    context = PassContext(target(name))
    context = Ahead([step for step in default_pipeline(2) if step.level == "block"]).at(context)
    blocks = lower(program, context)
    verify(blocks)
    assert {op.barrier for op in blocks.ops} == {False, True}
    wanted, found = interpret(program).probabilities, interpret(blocks).probabilities
    assert found == {metric: pytest.approx(pair, abs=1e-10) for metric, pair in wanted.items()}
    gates = two_qubit_gates(program, context.target.family)
    assert gates >= two_qubit_gates(plain, context.target.family)
    circuit = emit(context.finish(blocks), context)
    assert circuit.two_qubit_gates <= gates
    if all(table.real for table in program.tables.values()):
        return
    diagonals = Counter(op.barrier for op in context.finish(blocks).ops if isinstance(op, Diagonal))
    assert set(diagonals) <= {True}


def test_a_quarter_turn_with_a_barrier_is_one_gate_all_the_same() -> None:
    program = rotations(PauliRotation("zz", ("a", "b"), pi / 2, barrier=True))
    assert emit(program, PassContext(target("ibm-fez"))).two_qubit_gates == 1


def test_it_is_no_part_of_what_a_model_is_built_of() -> None:
    compiled = qsac.compile(random_model(3), "h2", verify=False)
    assert "barrier" not in compiled.ir
