"""Folding unitaries into tables: what it takes away, and when it must not."""

from typing import Any

import numpy as np
import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.attention import ApplyUnitary, LoadTokens, PrepareDegree, PrepareIndex, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class
from tests.cases import seeds
from tests.passes.test_registry_wide import assert_same_meaning
from tests.programs import build
from tests.shares import Share
from tests.strategies import random_model, random_unitary, unitary_entries

FoldUnitaries: Any = pass_class("fold-unitaries")
CONTEXT = PassContext(target("h1"))
REAL = [[1.0, 0.5], [0.2, -1.0], [0.3, 0.3], [2.0, 0.1], [-1.0, 0.4]]


def _unitaries(program: Program) -> list[str]:
    return [op.table for op in program.ops if isinstance(op, ApplyUnitary)]


def _tables(program: Program) -> set[str]:
    return {op.table for op in program.ops if isinstance(op, LoadTokens)}


def _model(**attention: Any) -> Program:
    fields = {"kernel": {"type": "monomial", "degree": 2}, "value": {"type": "identity"}, "score": {"type": "identity"}}
    tokens = {"type": "inline", "values": REAL}
    return build(load({"qsac": 1, "tokens": tokens, "attention": {"type": "overlap", **fields, **attention}}))


def _matrix(real: bool) -> dict[str, Any]:
    return {"type": "matrix", "entries": unitary_entries(np.random.default_rng(1), 2, real)}


@pytest.mark.parametrize("seed", seeds(30, one_of=3))
def test_the_unitaries_of_a_model(seed: int) -> None:
    program = build(load(random_model(seed)))
    folded = FoldUnitaries().apply(program, CONTEXT)
    assert (folded == program) == (len(_unitaries(folded)) == len(_unitaries(program)))
    assert two_qubit_gates(folded, "zzphase") <= two_qubit_gates(program, "zzphase")
    assert set(folded.tables) == _tables(folded) | set(_unitaries(folded))
    assert_same_meaning(program, folded)


def test_most_models_have_unitaries_that_are_folded() -> None:
    with Share(0.7) as share:
        for seed in range(30):
            program = build(load(random_model(seed)))
            share.saw(FoldUnitaries().apply(program, CONTEXT) != program)


def test_real_unitaries_go_into_real_tables() -> None:
    folded = FoldUnitaries().apply(_model(value=_matrix(real=True), score=_matrix(real=True)), CONTEXT)
    assert _unitaries(folded) == []
    assert all(table.real for table in folded.tables.values())


def test_a_complex_unitary_is_kept_where_the_diagonals_it_brings_cost_more() -> None:
    program = _model(value=_matrix(real=False))
    folded = FoldUnitaries().apply(program, CONTEXT)
    assert _unitaries(folded) == ["value"]
    assert folded == program


def test_programs_without_unitaries_stay_as_they_are() -> None:
    program = _model()
    assert FoldUnitaries().apply(program, CONTEXT) == program


def _two_copies(first: ApplyUnitary, second: ApplyUnitary, tables: dict[str, Table]) -> Program:
    ops: list[Op] = []
    for data, unitary in (("a", first), ("b", second)):
        ops += [LoadTokens(data, (), "row"), unitary, LoadTokens(data, (), "row", True), Project((data,))]
    registers = (Register("a", 1), Register("b", 1))
    everything = {"row": Table([[0.6, 0.8]]), **tables}
    return Program("two", "attention", registers, everything, tuple(ops), (Readout("fidelity", (), ("a", "b")),))


def test_a_table_that_two_kinds_of_unitary_share() -> None:
    """The angles are the same, what they mean is not: each is folded as what it is."""
    tables = {"angles": Table([[[0.7]]])}
    program = _two_copies(
        ApplyUnitary("a", "hardware-efficient", "angles", ("ry",)),
        ApplyUnitary("b", "hardware-efficient", "angles", ("rx",)),
        tables,
    )
    folded = FoldUnitaries().apply(program, CONTEXT)
    assert len(_unitaries(folded)) < 2
    assert_same_meaning(program, folded)


def test_a_table_that_has_the_name_of_a_folded_one() -> None:
    matrix = Table(random_unitary(np.random.default_rng(0), 2))
    tables = {"u": matrix, "row.u": Table(np.eye(2))}
    program = _two_copies(ApplyUnitary("a", "matrix", "u"), ApplyUnitary("b", "matrix", "row.u"), tables)
    folded = FoldUnitaries().apply(program, CONTEXT)
    assert len(_unitaries(folded)) < 2
    assert_same_meaning(program, folded)


def _tested(following: bool, length: int = 3, size: int = 1) -> Program:
    """A Hadamard test: one load, and a unitary where ``branch`` is 1; ``following``: its register is projected."""
    rng = np.random.default_rng(length)
    rows = rng.normal(size=(length, 1 << size))
    tables = {
        "context": Table(rows / np.linalg.norm(rows, axis=1, keepdims=True)),
        "score": Table(random_unitary(rng, 1 << size)),
    }
    ops: list[Op] = [
        PrepareIndex("key", length),
        PrepareDegree(("branch",), (0.6, 0.8)),
        LoadTokens("data", ("key",), "context"),
        ApplyUnitary("data", "matrix", "score", (), ("branch",)),
        *([Project(("data",))] if following else []),
        SaveProbabilities(("key",), "weights"),
        Project(("branch",), "unary", amplitudes=(0.8, 0.6)),
        SaveProbabilities(("key",), "overlaps"),
        Project(("key",)),
    ]
    given = ("data",) if following else ()
    registers = (Register("key", (length - 1).bit_length()), Register("branch", 1), Register("data", size))
    return Program("test", "attention", registers, tables, tuple(ops), (Readout("overlaps", given, ("branch",)),))


@pytest.mark.parametrize("following", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_gated_unitary_after_a_load_without_a_gate(size: int, following: bool) -> None:
    program = _tested(following, size=size)
    folded = FoldUnitaries().apply(program, CONTEXT)
    verify(folded)
    assert_same_meaning(program, folded)
    before, after = (two_qubit_gates(one, "zzphase") for one in (program, folded))
    # A gate on two and three qubits is synthesised with about as few gates as the rows of its second branch take.
    assert after < before if size == 3 else after <= before
    forms = [op.form for op in folded.ops if isinstance(op, ApplyUnitary)]
    # Only where nothing follows may the basis of the loaded state be another one.
    assert forms in (([], ["matrix"]) if following else ([], ["matrix"], ["diagonal"]))
    if size == 3:
        assert forms == ([] if following else ["diagonal"])


def test_the_rows_of_both_branches_stand_side_by_side() -> None:
    program = _tested(following=True, size=3)
    (load_op,) = (op for op in FoldUnitaries().apply(program, CONTEXT).ops if isinstance(op, LoadTokens))
    assert load_op.index == ("key", "branch")
    rows = FoldUnitaries().apply(program, CONTEXT).tables[load_op.table].values
    plain = program.tables["context"].values
    np.testing.assert_allclose(rows[0::2], plain, atol=1e-15)
    np.testing.assert_allclose(rows[1::2], plain @ program.tables["score"].values.T, atol=1e-14)


def test_a_gate_that_is_prepared_after_the_load_is_left_where_it_is() -> None:
    program = _tested(following=True, size=3)
    index, branch, loaded, *rest = program.ops
    later = program.with_ops((index, loaded, branch, *rest))
    verify(later)
    assert _unitaries(FoldUnitaries().apply(later, CONTEXT)) == ["score"]
