"""Which ops use a register, and the patterns that they are in."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qsac.families.reading import load
from qsac.ir.matching import Maybe, ends_in_zero, is_load, is_unitary, is_unload, matched
from qsac.ir.program import Program
from tests.programs import build
from tests.strategies import attention_programs, block_programs, random_model


@given(st.one_of(attention_programs(), block_programs()))
def test_uses_are_what_a_scan_finds(program: Program) -> None:
    for register in program.registers:
        name = register.name
        found = [place for place, op in enumerate(program.ops) if name in (*op.targets, *op.borrows)]
        assert list(program.uses(name)) == found
        assert list(program.targeting(name)) == [place for place in found if name in program.ops[place].targets]
    assert program.uses("nowhere") == program.targeting("nowhere") == ()


def test_what_may_be_there_is_found_or_not() -> None:
    with_unitary = without = 0
    for seed in range(40):
        program = build(load(random_model(seed)))
        for register in (one.name for one in program.registers if one.name.startswith("score")):
            uses = program.uses(register)
            found = matched(program, uses, is_load, Maybe(is_unitary), is_unload, ends_in_zero)
            assert found is not None
            assert [place for place in found if place >= 0] == list(uses)
            with_unitary += found[1] >= 0
            without += found[1] < 0
            assert matched(program, uses, is_load, is_unload, ends_in_zero) == (
                None if found[1] >= 0 else [*found[:1], *found[2:]]
            )
            first = matched(program, uses, is_load, Maybe(is_unitary), whole=False)
            assert first == found[:2]
            assert matched(program, uses, is_load) is None, "the rest is not accounted for"
            assert matched(program, uses[1:], is_load, whole=False) is None
            barred = program.with_ops(
                replace(op, barrier=True) if place == uses[-1] else op for place, op in enumerate(program.ops)
            )
            assert matched(barred, uses, is_load, Maybe(is_unitary), is_unload, ends_in_zero) is None
    assert min(with_unitary, without) > 10
