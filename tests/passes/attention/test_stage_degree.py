import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.families.reading import load
from qsac.ir.attention import PrepareDegree, RotateDegree
from qsac.ir.verifier import verify
from qsac.lowering.allocation import allocate
from qsac.machine.registry import target
from qsac.passes.attention.stage_degree import StageDegree
from qsac.pipeline.contract import PassContext
from tests.passes.attention.test_select_indices import GATED, assert_same_probabilities, model
from tests.programs import build
from tests.shares import Share
from tests.strategies import random_model

CONTEXT = PassContext(target("statevector"))


@pytest.mark.parametrize("seed", GATED)
def test_the_meaning_is_unchanged(seed):
    program = build(load(random_model(seed)))
    after = StageDegree().apply(program, CONTEXT)
    verify(after)
    assert not any(isinstance(op, PrepareDegree) for op in after.ops)
    assert_same_probabilities(program, after)


def test_most_models_are_changed():
    with Share(0.6) as share:
        for seed in GATED:
            program = build(load(random_model(seed)))
            share.saw(StageDegree().apply(program, CONTEXT) != program)


def test_one_power_register_is_alive_beside_a_score_copy():
    program = StageDegree().apply(build(model(8, 4, {"type": "softmax-taylor", "degree": 5})), CONTEXT)
    assert allocate(program, CONTEXT).width == 2 * 3 + 2 + 1
    assert sum(isinstance(op, RotateDegree) for op in program.ops) == 2 * 5


@pytest.mark.parametrize(("kind", "qubits"), [("monomial", 14), ("softmax-taylor", 15)])
def test_any_degree_takes_the_same_qubits(kind, qubits):
    compiled = compile(model(32, 16, {"type": kind, "degree": 6}), "h1", verify=False)
    assert compiled.stats["qubits"] == qubits


def test_ops_in_another_order_are_left_alone():
    program = build(model(4, 2, {"type": "polynomial", "coefficients": [1.0, -0.5, 0.25]}))
    first = [op for op in program.ops if "degree[0]" in op.controlled_by or "score[0]" in op.targets]
    second = [op for op in program.ops if "degree[1]" in op.controlled_by or "score[1]" in op.targets]
    head = program.ops[: program.ops.index(first[0])]
    tail = program.ops[program.ops.index(second[-1]) + 1 :]
    swapped = program.with_ops((*head, *second, *first, *tail))
    verify(swapped)
    assert StageDegree().apply(swapped, CONTEXT) == swapped
