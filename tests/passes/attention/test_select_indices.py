import numpy as np
import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.attention import ApplyUnitary, LoadTokens, SelectIndex
from qsac.ir.interpreter import interpret
from qsac.ir.verifier import ProgramError, verify
from qsac.machine.registry import target
from qsac.passes.attention.fold_unitaries import FoldUnitaries
from qsac.passes.attention.select_indices import SelectIndices
from qsac.pipeline.contract import PassContext
from tests.cases import some
from tests.programs import build
from tests.shares import Share
from tests.strategies import random_model

CONTEXT = PassContext(target("h2"))


def model(context, dimension, kernel, *, seed=0, complex_tokens=False, layers=2):
    generator = np.random.default_rng(seed)
    shape = (context + 1, dimension, 2) if complex_tokens else (context + 1, dimension)
    rotations = ["rx", "ry", "rz"] if complex_tokens else ["ry"]

    def ansatz(number):
        drawn = {"init": "normal", "scale": 1.0, "seed": number}
        return {"type": "hardware-efficient", "rotations": rotations, "layers": layers, "parameters": drawn}

    return load(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": generator.normal(size=shape).tolist()},
            "attention": {"type": "overlap", "kernel": kernel, "value": ansatz(seed), "score": ansatz(seed + 1)},
        }
    )


def gated(seed):
    return random_model(seed)["attention"]["kernel"]["type"] != "monomial"


GATED = some([seed for seed in range(120) if gated(seed)], 3)


def assert_same_probabilities(program, after):
    wanted, found = interpret(program), interpret(after)
    for metric, pair in wanted.probabilities.items():
        assert found.probabilities[metric] == pytest.approx(pair, abs=1e-12)
    for quantity, values in wanted.observed.items():
        np.testing.assert_allclose(found.observed[quantity], values, atol=1e-12)


@pytest.mark.parametrize("seed", GATED)
def test_the_meaning_is_unchanged(seed):
    program = build(load(random_model(seed)))
    after = SelectIndices().apply(program, CONTEXT)
    verify(after)
    assert_same_probabilities(program, after)


def test_many_models_are_changed():
    with Share(0.3) as share:
        for seed in GATED:
            program = build(load(random_model(seed)))
            share.saw(SelectIndices().apply(program, CONTEXT) != program)


def test_loads_are_no_longer_gated():
    after = SelectIndices().apply(build(model(16, 8, {"type": "softmax-taylor", "degree": 3})), CONTEXT)
    assert all(not op.when for op in after.ops if isinstance(op, LoadTokens))
    assert sum(isinstance(op, SelectIndex) for op in after.ops) == 6
    assert all(len(op.when) == 1 for op in after.ops if isinstance(op, ApplyUnitary) and op.data != "value")


@pytest.mark.parametrize(("complex_tokens", "form"), [(True, "diagonal"), (False, "hardware-efficient")])
def test_a_unitary_is_gated_by_its_diagonal_where_that_is_cheaper(complex_tokens, form):
    kernel = {"type": "softmax-taylor", "degree": 2}
    after = SelectIndices().apply(build(model(32, 8, kernel, complex_tokens=complex_tokens, layers=4)), CONTEXT)
    # The basis of a real unitary is complex: it would make complex tables of real ones, which cost twice as much.
    assert {op.form for op in after.ops if isinstance(op, ApplyUnitary) and op.when} == {form}


def test_small_tables_keep_the_published_gating():
    program = build(model(2, 2, {"type": "polynomial", "coefficients": [0.5, 1.0]}))
    assert SelectIndices().apply(program, CONTEXT) == program


@pytest.mark.parametrize(
    ("context", "dimension", "most", "complex_tokens"),
    some([(32, 8, 1.3, False), (32, 8, 1.3, True), (128, 16, 1.12, False), (128, 16, 1.12, True)], 3),
)
def test_a_polynomial_costs_about_what_a_monomial_does(context, dimension, most, complex_tokens):
    def gates(kind):
        kernel = {"type": kind, "degree": 3}
        compiled = compile(model(context, dimension, kernel, complex_tokens=complex_tokens), "h2", verify=False)
        return compiled.stats["two_qubit_gates"]

    assert gates("softmax-taylor") <= most * gates("monomial")


def test_registers_of_a_selection_are_only_controls_until_its_adjoint():
    program = SelectIndices().apply(build(model(16, 8, {"type": "softmax-taylor", "degree": 1})), CONTEXT)
    closing = next(op for op in program.ops if isinstance(op, SelectIndex) and op.adjoint_select)
    with pytest.raises(ProgramError, match=r"waits for its adjoint|opens a pair"):
        verify(program.with_ops(op for op in program.ops if op is not closing))


def test_real_unitaries_go_into_a_second_table():
    """The eigenbasis of a real W is complex, and would make the loaders of real tokens twice as dear."""
    program = build(model(16, 8, {"type": "softmax-taylor", "degree": 1}, layers=6))
    after = SelectIndices().apply(program, CONTEXT)
    loads = [op for op in after.ops if isinstance(op, LoadTokens) and op.data == "score[0]"]
    assert [op.index for op in loads] == [("key", "degree[0]"), ("query",)]
    assert all(after.tables[op.table].real for op in loads)
    published = FoldUnitaries().apply(program, CONTEXT)
    assert two_qubit_gates(after, "zzphase") < two_qubit_gates(published, "zzphase")
    assert_same_probabilities(program, after)
