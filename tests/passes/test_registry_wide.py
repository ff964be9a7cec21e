"""What holds for every pass that the registry finds, whoever wrote it."""

import dataclasses
import re
from functools import cache
from itertools import chain, count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import BY_NAME, CircuitPass, Pass, PassContext
from qsac.pipeline.registry import parse_pipeline, pass_class, pass_names, print_pipeline
from tests.cases import examples
from tests.copied_programs import copied_programs
from tests.families.qsa.drawn_heads import heads_model
from tests.programs import build
from tests.strategies import attention_programs, block_programs, models

EVERY = {name: pass_class(name) for name in pass_names()}
ON_PROGRAMS = {name: kind for name, kind in EVERY.items() if issubclass(kind, Pass)}
TARGETS = ("h1", "ibm-fez")
BUILT = st.one_of(models(max_context=8, max_dimension=4), st.integers(0, 999).map(heads_model)).map(
    lambda model: build(load(model))
)
KINDS = {
    "attention": (attention_programs(), copied_programs(), BUILT),
    "block": (block_programs(), BUILT.map(lambda program: lower(program, PassContext(target("h1"))))),
}
"""Ops in any order, and those that are compiled: some passes have something to do in the one kind only."""

PROGRAMS = {
    "attention": st.one_of(attention_programs(), BUILT, BUILT),
    "block": st.one_of(*KINDS["block"]),
}

names = pytest.mark.parametrize("name", EVERY)
program_names = pytest.mark.parametrize("name", ON_PROGRAMS)


def assert_same_meaning(before: Program, after: Program) -> None:
    found, expected = interpret(after), interpret(before)
    scale = (before.subnormalisation / after.subnormalisation) ** 2
    assert list(found.probabilities) == list(expected.probabilities)
    for metric, pair in expected.probabilities.items():
        assert found.probabilities[metric] == pytest.approx([scale * value for value in pair], abs=1e-10), metric
    assert list(found.observed) == list(expected.observed)
    for quantity, values in expected.observed.items():
        np.testing.assert_allclose(found.observed[quantity], scale * values, atol=1e-10, err_msg=quantity)


def test_there_are_passes_of_every_level() -> None:
    assert {kind.level for kind in EVERY.values()} == {"attention", "block", "circuit"}


@names
def test_it_is_described(name: str) -> None:
    kind = EVERY[name]
    assert kind.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert kind.optimisation in (0, 1, 2, 3, BY_NAME)
    assert kind.__doc__
    assert "Guarantees" in kind.__doc__
    assert issubclass(kind, CircuitPass) == (kind.level == "circuit")
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().name = "other"  # type: ignore[misc]


def _other_values(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(1, 1 << 40)
    if isinstance(value, float):
        return st.floats(allow_nan=False)
    return st.just(value)


@names
@given(data=st.data())
def test_its_options_come_back_from_a_pipelines_text(name: str, data: st.DataObject) -> None:
    default = EVERY[name]()
    values = {field.name: getattr(default, field.name) for field in dataclasses.fields(default)}
    changed = {key: data.draw(_other_values(value)) for key, value in values.items()}
    try:
        step = EVERY[name](**changed)
    except ValueError:
        reject()  # values that the pass refuses; if it refuses nearly all, the test fails
    assert parse_pipeline(print_pipeline([step, default])) == [step, default]


@program_names
@given(data=st.data())
def test_it_keeps_the_rules_and_the_meaning(name: str, data: st.DataObject) -> None:
    step = ON_PROGRAMS[name]()
    program = data.draw(PROGRAMS[step.level])
    context = PassContext(target(data.draw(st.sampled_from(TARGETS))))
    after = step.apply(program, context)
    verify(after)
    assert_same_meaning(program, after)
    assert context.ledger.spent == {}
    # What is there to accept more shots may take more gates, but no more for an accepted one.
    shots = min(1.0, (after.subnormalisation / program.subnormalisation) ** 2) if name == "amplify" else 1.0
    gates = [two_qubit_gates(one, context.target.family) for one in (program, after)]
    assert gates[1] * shots <= gates[0] * (1 + 1e-12)


def _hundred(kind: st.SearchStrategy[Program]) -> list[Program]:
    programs: list[Program] = []

    @settings(max_examples=100, derandomize=True)
    @given(kind)
    def sees(program: Program) -> None:
        programs.append(program)

    sees()
    return programs


@cache
def _drawn(level: str) -> list[list[Program]]:
    """A hundred generated programs of each kind, always the same ones."""
    return [_hundred(kind) for kind in KINDS[level]]


@program_names
def test_it_has_something_to_do(name: str) -> None:
    """Else the tests above and below say nothing. What spends an error budget does so only where one is given.

    The programs are always the same ones: Hypothesis draws many that resemble each other, so that of other 100 a pass
    may happen to change one or thirty.
    """
    step = ON_PROGRAMS[name]()
    programs = chain.from_iterable(_drawn(step.level))
    changes = (step.apply(program, PassContext(target("h1"))) != program for program in programs)
    assert any(changes) == (step.optimisation != 3)


@program_names
@given(data=st.data())
def test_what_it_returns_can_be_written_and_read(name: str, data: st.DataObject) -> None:
    step = ON_PROGRAMS[name]()
    after = step.apply(data.draw(PROGRAMS[step.level]), PassContext(target("h1")))
    assert parse_program(print_program(after)) == after


@program_names
@given(data=st.data())
def test_its_result_depends_on_nothing_but_the_program(name: str, data: st.DataObject) -> None:
    step = ON_PROGRAMS[name]()
    program = data.draw(PROGRAMS[step.level])
    context = PassContext(target("h1"))
    text = print_program(program)
    first = step.apply(program, context)
    assert print_program(program) == text
    assert print_program(step.apply(parse_program(text), context)) == print_program(first)


@pytest.mark.parametrize("level", sorted(PROGRAMS))
@given(data=st.data())
def test_all_passes_of_a_level_in_any_order_keep_the_meaning(level: str, data: st.DataObject) -> None:
    program = data.draw(PROGRAMS[level])
    steps = [kind() for kind in ON_PROGRAMS.values() if kind.level == level]
    after = program
    for step in data.draw(st.permutations(steps)):
        after = step.apply(after, PassContext(target("h1")))
    verify(after)
    assert_same_meaning(program, after)


@pytest.mark.parametrize(
    "name", [name for name, kind in ON_PROGRAMS.items() if kind.templates and kind.level == "block"]
)
@settings(max_examples=examples(30))
@given(block_programs())
def test_passes_of_templates_keep_every_op_with_slots(name: str, program: Program) -> None:
    """Whatever their numbers, zeros included: none is dropped, and none loses a qubit that it acts on."""
    kinds = (Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary)
    numbers = count()
    slotted = program.with_ops(
        dataclasses.replace(op, slots=(next(numbers),)) if isinstance(op, kinds) else op for op in program.ops
    )
    after = ON_PROGRAMS[name]().apply(slotted, PassContext(target("h1"), template=True))
    assert sorted(slot for op in after.ops for slot in op.slots) == list(range(next(numbers)))
    by_slot = {op.slots[0]: op for op in slotted.ops if op.slots}
    for op in after.ops:
        for slot in op.slots:
            assert {*by_slot[slot].targets, *by_slot[slot].controlled_by} <= {*op.targets, *op.controlled_by}
