"""Registers to qubits: no two live ones share any, and no more are taken than are needed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from qsac.families.reading import load
from qsac.ir.blocks import Reset
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.lowering.allocation import allocate
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from tests.cases import examples, seeds
from tests.passes.test_registry_wide import assert_same_meaning
from tests.programs import build
from tests.strategies import attention_programs, random_model

RESETTING = PassContext(target("h1"))
PLAIN = PassContext(replace(target("h1"), reset=False))


def _lives(program: Program) -> dict[str, tuple[int, int]]:
    """First and last op that targets each register."""
    lives: dict[str, tuple[int, int]] = {}
    for place, op in enumerate(program.ops):
        for name in op.targets:
            first, _ = lives.get(name, (place, place))
            lives[name] = (first, place if name in op.releases else len(program.ops))
    return lives


def _widest(program: Program) -> int:
    lives = _lives(program)
    return max(
        sum(program.scope.sizes[name] for name, (first, last) in lives.items() if first <= place <= last)
        for place in range(len(program.ops))
    )


def _check(program: Program) -> None:
    allocation = allocate(program, RESETTING)
    lives = _lives(program)
    assert set(allocation.qubits) == set(lives)
    for name, qubits in allocation.qubits.items():
        assert len(set(qubits)) == len(qubits) == program.scope.sizes[name]
        for other, others in allocation.qubits.items():
            together = lives[name][0] <= lives[other][1] and lives[other][0] <= lives[name][1]
            assert name == other or not together or not set(qubits) & set(others)
    assert allocation.width == len({qubit for qubits in allocation.qubits.values() for qubit in qubits})
    assert allocation.width == _widest(program)


@settings(max_examples=examples(40))
@given(attention_programs())
def test_generated_programs(program: Program) -> None:
    _check(program)


@pytest.mark.parametrize("seed", seeds(40, one_of=3))
def test_models(seed: int) -> None:
    _check(build(load(random_model(seed))))


@settings(max_examples=examples(40))
@given(attention_programs())
def test_without_reset_every_register_has_its_own_qubits(program: Program) -> None:
    allocation = allocate(program, PLAIN)
    assert allocation.width == sum(program.scope.sizes[name] for name in allocation.qubits)
    assert allocation.reused == {}
    assert not any(isinstance(op, Reset) for op in lower(program, PLAIN).ops)


@settings(max_examples=examples(40))
@given(attention_programs())
def test_lowering_keeps_the_rules_and_the_meaning(program: Program) -> None:
    for context in (RESETTING, PLAIN):
        blocks = lower(program, context)
        verify(blocks)
        assert_same_meaning(program, blocks)


@settings(max_examples=examples(40))
@given(attention_programs())
def test_a_reused_qubit_is_reset_before_it_is_used_again(program: Program) -> None:
    allocation = allocate(program, RESETTING)
    resets = [op.qubit for op in lower(program, RESETTING).ops if isinstance(op, Reset)]
    assert sorted(resets) == sorted(qubit for names in allocation.reused.values() for qubit in names)


def test_a_monomial_of_any_degree_takes_the_same_qubits() -> None:
    widths = set()
    for degree in (1, 2, 5):
        model = random_model(1)
        model["attention"]["kernel"] = {"type": "monomial", "degree": degree}
        loaded = load(model)
        widths.add(allocate(build(loaded), RESETTING).width)
        assert widths == {2 * loaded.index_qubits + loaded.data_qubits}


def test_depth_is_preferred_where_there_are_qubits() -> None:
    model = random_model(1)
    model["attention"]["kernel"] = {"type": "monomial", "degree": 3}
    program = build(load(model))
    narrow, wide = (allocate(program, PassContext(target("h1"), prefer=prefer)) for prefer in ("qubits", "depth"))
    assert narrow.width < wide.width <= 20
    assert len(wide.reused) < len(narrow.reused)
