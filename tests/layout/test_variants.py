"""Variants of a program: whatever is chosen, they mean the same, for generated models of every kind."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.layout.variants import Variant, Variants
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from qsac.pipeline.stages import Ahead
from tests.bench.cases import Case
from tests.cases import seeds
from tests.programs import build
from tests.strategies import random_model

CONTEXT = PassContext(replace(target("aer"), family="cz", qubits=14))


def variants_of(model: object, context: PassContext = CONTEXT) -> tuple[Program, Variants]:
    # A look ahead shows ladders without numbers.
    context = Ahead(step for step in default_pipeline(2) if step.name != "rotate-ladders").at(context)
    program = context.finish(build(load(model)))  # type: ignore[arg-type]
    return program, Variants(program, context)


def assert_same(found: Program, expected: Program) -> None:
    mine, theirs = interpret(found), interpret(expected)
    assert mine.probabilities.keys() == theirs.probabilities.keys()
    for metric, pair in theirs.probabilities.items():
        assert mine.probabilities[metric] == pytest.approx(pair, abs=1e-10)
    for quantity, distribution in theirs.observed.items():
        np.testing.assert_allclose(mine.observed[quantity], distribution, atol=1e-10)


@pytest.mark.parametrize("seed", seeds(60))
def test_variants_mean_the_same(seed: int) -> None:
    program, variants = variants_of(random_model(seed))
    assert variants.possible
    random = Random(seed)
    variant = variants.usual
    for number in range(5):
        variant = variants.changed(variant, random) if number % 2 else variants.drawn(random)
        attention = variants.attention(variant)
        verify(attention)
        assert_same(attention, program)
        blocks = variants.blocks(variant)
        assert blocks is not None
        assert_same(blocks, program)
        assert parse_program(print_program(blocks)) == blocks


@pytest.mark.parametrize("numbers", [False, True])
def test_every_choice_of_a_plain_model_is_reached(numbers: bool) -> None:
    """Two score copies and a value register of two qubits: all directions and orders, diagonals at several places."""
    program, variants = variants_of(Case(4, 4, 2, complex=numbers).model())
    random = Random(1)
    drawn = [variants.drawn(random) for _ in range(200)]
    assert {variant.turned for variant in drawn} == {(a, b) for a in (False, True) for b in (False, True)}
    assert {variant.prefer for variant in drawn} == {"qubits", "depth"}
    assert len({variant.orders for variant in drawn}) == 8
    gates = two_qubit_gates(program, "cz")
    for variant in drawn[:20]:
        assert two_qubit_gates(variants.attention(variant), "cz") == gates
    through = {
        op.through
        for variant in drawn[:40]
        for op in (variants.blocks(variant) or program).ops
        if isinstance(op, Diagonal)
    }
    assert len(through) > 1 if numbers else not through


def test_a_turned_copy_is_loaded_by_query_and_un_loaded_by_key() -> None:
    program, variants = variants_of(Case(4, 4, complex=True).model())
    turned = variants.attention(replace(variants.usual, turned=(True,)))
    loads = [op for op in turned.ops if isinstance(op, LoadTokens)]
    assert [(op.data, op.index, op.inverse) for op in loads] == [
        ("score[0]", ("query",), False),
        ("score[0]", ("key",), True),
        ("value", ("key",), False),
        ("value", ("query",), True),
    ]
    context = program.tables["context"].values
    np.testing.assert_array_equal(turned.tables[loads[0].table].values, context.conj())
    np.testing.assert_array_equal(turned.tables[loads[1].table].values, context.conj())


def test_the_value_register_cannot_be_turned() -> None:
    """Its norm is read between its load and its inverse load."""
    _, variants = variants_of(Case(4, 4, 3).model())
    assert len(variants.usual.turned) == 3


def test_a_change_changes_one_respect() -> None:
    _, variants = variants_of(Case(4, 4, 2, complex=True).model())
    random = Random(2)
    for _ in range(50):
        variant = variants.drawn(random)
        other = variants.changed(variant, random)
        fields = [name for name in Variant.__dataclass_fields__ if getattr(variant, name) != getattr(other, name)]
        assert len(fields) <= 1


def test_widths_keep_to_the_limit() -> None:
    _, variants = variants_of(Case(4, 4).model(), replace(CONTEXT, qubits=6))
    assert variants.width == 6
    assert {variants.drawn(Random(seed)).prefer for seed in range(10)} == {"qubits"}


def test_what_is_pure_keeps_its_order() -> None:
    """Rows that end in zeros would take more gates in another order."""
    tokens = np.zeros((5, 4))
    tokens[:, :3] = np.random.default_rng(0).normal(size=(5, 3))
    model = Case(4, 4, complex=True).model() | {"tokens": {"type": "inline", "values": tokens.tolist()}}
    program, variants = variants_of(model)
    gates = two_qubit_gates(program, "cz")
    for seed in range(20):
        variant = variants.drawn(Random(seed))
        assert two_qubit_gates(variants.attention(variant), "cz") <= gates
