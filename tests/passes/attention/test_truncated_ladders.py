"""Rotated ladders for tables that approximate others: what they stand for comes along."""

from dataclasses import replace

import numpy as np
import pytest

from qsac.checking.artifacts import check_artifact
from qsac.compiler.compilation import compile  # noqa: A004
from qsac.errors import QsacError
from qsac.ir.approximation import exactly, infidelity
from qsac.ir.attention import LoadRotated, LoadTokens
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.rotate_ladders import RotateLadders
from qsac.passes.attention.truncate_tokens import TruncateTokens
from qsac.pipeline.contract import ErrorLedger, PassContext
from tests.cases import seeds
from tests.passes.attention.test_truncate_tokens import MONOMIAL, SOFTMAX, nearly
from tests.pipelines import CASCADES
from tests.programs import build

LADDERS, MULTIPLEXORS = (f"{passes},-prune-loaders" for passes in ("default", CASCADES))
"""Truncation alone spends the budget, with and without ladders."""


def _truncated(seed: int, context: int = 5, dimension: int = 8, rank: int = 2) -> Program:
    kernel, mask = (MONOMIAL, SOFTMAX)[seed % 2], ("causal", "full")[seed // 2 % 2]
    model = nearly(context, dimension, rank, 0.02, real=False, kernel=kernel, mask=mask, seed=seed)
    program = TruncateTokens().apply(
        build(model), PassContext(target("statevector"), optimisation=3, ledger=ErrorLedger(0.1))
    )
    assert any(isinstance(op, LoadTokens) and op.exact for op in program.ops)
    return program


def _rotated(program: Program) -> Program:
    after = RotateLadders().apply(program, PassContext(target("h1"), optimisation=3))
    verify(after)
    assert any(isinstance(op, LoadRotated) and op.exact for op in after.ops)
    return after


@pytest.mark.parametrize("seed", seeds(8))
def test_ladders_are_as_far_from_the_exact_rows_as_the_tables_that_they_load(seed: int) -> None:
    program = _truncated(seed, context=4 + seed % 3)
    after = _rotated(program)
    wanted, found = infidelity(program), infidelity(after)
    assert wanted is not None
    assert found == pytest.approx(wanted, abs=1e-11)
    assert found > 1e-7
    exact = exactly(after)
    for one, other in ((exactly(program), exact), (interpret(program), interpret(after))):
        assert one.probabilities.keys() == other.probabilities.keys()
        for metric, values in one.probabilities.items():
            assert np.allclose(other.probabilities[metric], values, atol=1e-10)
    moved = [abs(exact.value(metric) - interpret(after).value(metric)) for metric in exact.probabilities]
    assert max(moved) > 1e-6


def test_the_text_form_holds_what_is_approximated() -> None:
    after = _rotated(_truncated(1))
    text = print_program(after)
    assert ' exact="' in text
    assert parse_program(text) == after


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ((33, 8), "33 rows"),
        ((3, 6), "no power of two"),
        ((3, 1), "is not what"),
    ],
)
def test_tables_that_are_not_approximated_are_refused(shape: tuple[int, int], problem: str) -> None:
    after = _rotated(_truncated(0))
    place = next(place for place, op in enumerate(after.ops) if isinstance(op, LoadRotated))
    op = after.ops[place]
    assert isinstance(op, LoadRotated)
    ops = [*after.ops[:place], replace(op, exact="other"), *after.ops[place + 1 :]]
    with pytest.raises(QsacError, match=problem):
        verify(after.with_ops(ops, dict(after.tables) | {"other": Table(np.full(shape, 1 / np.sqrt(shape[1])))}))


def test_truncated_tables_take_the_gates_of_ladders_and_artifacts_say_what_is_exact() -> None:
    model = nearly(4, 8, 2, 0.01, real=False)
    options = {"optimisation": 3, "error_budget": 0.01}
    found, cascades = (compile(model, "h2", passes=passes, **options) for passes in (LADDERS, MULTIPLEXORS))
    assert found.stats["loads"]["ladders_in_pairs"] > 0
    assert found.stats["two_qubit_gates"] < 0.8 * cascades.stats["two_qubit_gates"]
    report, other = (one.stats["error_budget"] for one in (found, cascades))
    assert report["infidelity"] == pytest.approx(other["infidelity"], abs=1e-10)
    assert report["loss_deviation"] == pytest.approx(other["loss_deviation"], abs=1e-10)
    assert check_artifact(found.to_json().encode(), "file").ok
