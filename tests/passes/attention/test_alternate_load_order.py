"""Staggered loaders: the same meaning and gates, in fewer layers."""

import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.attention import LoadTokens
from qsac.ir.interpreter import interpret
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class
from tests.bench.cases import Case
from tests.cases import some
from tests.programs import build
from tests.strategies import random_model

CONTEXT = PassContext(target("h2"))
STAGGER = pass_class("alternate-load-order")()


# Models with loads of real tables on several qubits that are not uncomputed at once.
SEEDS = (4, 8, 18, 21, 37, 38, 43, 57, 62, 70, 81, 124, 153, 169, 175, 210, 211, 217, 259, 265, 294)


@pytest.mark.parametrize("seed", some(SEEDS, 2))
def test_the_same_meaning_and_as_many_gates(seed: int) -> None:
    program = build(load(random_model(seed)))
    staggered = STAGGER.apply(program, CONTEXT)  # type: ignore[arg-type]
    assert staggered != program
    for family in ("zzphase", "cz"):
        assert two_qubit_gates(staggered, family) == two_qubit_gates(program, family)  # type: ignore[arg-type]
    expected = interpret(program)
    for found in (interpret(staggered), interpret(lower(staggered, CONTEXT))):
        for metric, pair in expected.probabilities.items():
            assert found.probabilities[metric] == pytest.approx(pair, abs=1e-10)


@pytest.mark.parametrize(
    ("case", "saved"), [(Case(8, 4), 20), (Case(8, 4, 3), 40), (Case(16, 8), 50), (Case(8, 4, complex=True), 0)]
)
def test_loads_and_un_loads_run_side_by_side(case: Case, saved: int) -> None:
    names = ",".join(("drop-controls", "drop-diagonals", "merge-diagonals", "merge-rotations"))
    plain = compile(case.model(), "h2", passes=names, verify=False).stats
    staggered = compile(case.model(), "h2", passes=f"alternate-load-order,{names}", verify=True).stats
    assert staggered["two_qubit_gates"] == plain["two_qubit_gates"]
    assert plain["two_qubit_depth"] - staggered["two_qubit_depth"] >= saved


def test_only_un_loads_of_real_tables_on_several_qubits_change() -> None:
    for case, orders in ((Case(4, 4), [(), (1, 0)] * 2), (Case(4, 2), [()] * 4), (Case(4, 4, complex=True), [()] * 4)):
        program = STAGGER.apply(build(load(case.model())), CONTEXT)  # type: ignore[arg-type]
        assert [op.order for op in program.ops if isinstance(op, LoadTokens)] == orders
        assert STAGGER.apply(program, CONTEXT) == program  # type: ignore[arg-type]
