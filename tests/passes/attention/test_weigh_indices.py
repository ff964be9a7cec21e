from dataclasses import replace

import numpy as np
import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import LoadTokens, PrepareIndex
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.passes.attention.weigh_indices import WeighIndices
from qsac.pipeline.contract import PassContext
from tests.copied_programs import Choices, program_of
from tests.passes.test_registry_wide import assert_same_meaning

CONTEXT = PassContext(target("h1"))
LOSSLESS = PassContext(replace(target("h1"), errors=None))


def sums(*, rows: int = 8, spread: float = 0.05, copies: int = 1, given: int = 99) -> Program:
    return program_of(Choices(rows=rows, size=1, copies=copies, spread=spread), given)


def indices(program: Program) -> list[str]:
    return [op.index for op in program.ops if isinstance(op, PrepareIndex)]


@pytest.mark.parametrize("context", [CONTEXT, LOSSLESS], ids=["rates", "no rates"])
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("rows", [2, 6, 8])
def test_weights_that_are_nearly_equal_are_of_the_inverse_load_alone(
    rows: int, copies: int, context: PassContext
) -> None:
    program = sums(rows=rows, copies=copies, spread=0.01)
    after = WeighIndices().apply(program, context)
    verify(after)
    assert indices(after) == (["key", "key[1]"][:copies] if rows > 2 else [])
    assert_same_meaning(program, after)
    if rows > 2:
        weights = program.tables["weights"].values[0, :rows] ** 2
        loss = np.sqrt(rows) * np.linalg.norm(weights) / np.sum(weights)
        assert after.subnormalisation == pytest.approx(loss**copies, abs=1e-14)
        assert after.subnormalisation > 1
        assert two_qubit_gates(after, "zzphase") < two_qubit_gates(program, "zzphase")
        assert_same_meaning(program, lower(after, context))


def test_weights_that_differ_stay_on_both_sides() -> None:
    program = sums(spread=0.9)
    assert WeighIndices().apply(program, CONTEXT) == program


def test_a_factor_of_the_program_is_kept() -> None:
    program = replace(sums(spread=0.01), subnormalisation=0.5)
    after = WeighIndices().apply(program, CONTEXT)
    assert 0.5 < after.subnormalisation < 0.51
    assert_same_meaning(program, after)


def _other_table(program: Program) -> Program:
    """Un-loaded from other weights than it is loaded from."""
    values = program.tables["weights"].values[:, ::-1]
    ops: list[Op] = [
        replace(op, table="others") if isinstance(op, LoadTokens) and op.data == "key" and op.inverse else op
        for op in program.ops
    ]
    return program.with_ops(ops, {**program.tables, "others": Table(values)})


def _observed(program: Program) -> Program:
    """The probabilities of the index are read while it is there."""
    return program.with_ops([program.ops[0], SaveProbabilities(("key",), "weights"), *program.ops[1:]])


def _barred(program: Program) -> Program:
    return program.with_ops([replace(program.ops[0], barrier=True), *program.ops[1:]])


@pytest.mark.parametrize("change", [_other_table, _observed, _barred])
def test_what_is_of_another_form_is_left_alone(change: object) -> None:
    program = sums(spread=0.01)
    assert WeighIndices().apply(program, CONTEXT) != program
    other = change(program)  # type: ignore[operator]
    verify(other)
    assert WeighIndices().apply(other, CONTEXT) == other


def test_a_readout_before_the_index_is_projected_would_not_shrink() -> None:
    program = sums(spread=0.01, given=1)
    assert program.readouts[0].given == ("score[0]",)
    assert WeighIndices().apply(program, CONTEXT) == program
