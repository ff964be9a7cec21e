"""Passes on programs that are given as text do what they do within a compilation, and keep the meaning."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qsac
from qsac.compiler.options import Options
from qsac.compiler.rewriting import rewrite
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.ir.program import Program
from qsac.machine.registry import target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import ErrorLedger, Pass, PassContext
from qsac.pipeline.registry import pass_class, pass_names
from tests.cases import examples
from tests.passes.test_registry_wide import assert_same_meaning
from tests.pipelines import CASCADES
from tests.strategies import attention_programs, block_programs, random_model

ON_PROGRAMS = {name: kind for name in pass_names() if issubclass(kind := pass_class(name), Pass)}
PROGRAMS = {"attention": attention_programs(), "block": block_programs()}
TARGETS = ("h1", "ibm-fez")


def stages_of(seed: int, machine: str, optimisation: int, passes: str = "default") -> list[tuple[str, Program]]:
    """The programs of a compilation, stage by stage."""
    found: list[tuple[str, Program]] = []

    def keep(name: str, result: Program | NativeCircuit) -> None:
        if isinstance(result, Program):
            found.append((name, result))

    qsac.compile(random_model(seed), machine, optimisation=optimisation, passes=passes, verify=False, after=keep)
    return found


def test_every_stage_of_a_compilation_follows_from_the_text_of_the_one_before() -> None:
    changed: Counter[str] = Counter()
    passes = CASCADES
    for seed in range(16):
        # What is chosen with a view to the ladders to come is chosen otherwise by a pass alone.
        stages = stages_of(seed, "h1", 2, passes)
        assert stages[0][0] == "build"
        for (_, before), (name, after) in pairwise(stages):
            given_text = qsac.ir.print(before)
            lowered = name == "lower"
            options = Options(passes="" if lowered else name)
            found = rewrite(qsac.ir.parse(given_text), "h1", options, lower=lowered)
            assert qsac.ir.print(found.program) == qsac.ir.print(after), name
            changed[name] += qsac.ir.print(after) != given_text
    assert set(changed) == {"lower", *(step.name for step in Options(2, passes).pipeline() if isinstance(step, Pass))}
    assert {name for name, count in changed.items() if count} >= {
        "compress-tokens",
        "fold-unitaries",
        "lower",
        "merge-diagonals",
        "select-indices",
        "stage-degree",
        "alternate-load-order",
    }


@pytest.mark.parametrize("optimisation", range(4))
def test_lowered_with_a_levels_passes_it_is_what_compile_emits_from(optimisation: int) -> None:
    for seed in range(4):
        stages = stages_of(seed, "h2", optimisation)
        found = rewrite(stages[0][1], "h2", Options(optimisation), lower=True)
        assert found.program == stages[-1][1]
        assert found.pipeline == ",".join(name for name, _ in stages if name not in ("build", "lower"))
        assert [entry["name"] for entry in found.counts] == [name for name in found.pipeline.split(",") if name]


@pytest.mark.parametrize("name", ON_PROGRAMS)
@settings(max_examples=examples(20))
@given(data=st.data())
def test_one_pass_by_its_name_is_that_pass(name: str, data: st.DataObject) -> None:
    step, machine = ON_PROGRAMS[name](), data.draw(st.sampled_from(TARGETS))
    budget = data.draw(st.sampled_from([0.0, 0.01]))
    program = data.draw(PROGRAMS[step.level])
    context = PassContext(target(machine), 2, ledger=ErrorLedger(budget))
    found = rewrite(qsac.ir.parse(qsac.ir.print(program)), machine, Options(2, name, error_budget=budget))
    assert found.program == step.apply(program, context)
    assert found.spent == context.ledger.spent
    assert found.pipeline == name


@pytest.mark.parametrize("level", PROGRAMS)
@settings(max_examples=examples(40))
@given(data=st.data())
def test_the_meaning_is_the_same_before_and_after(level: str, data: st.DataObject) -> None:
    program = data.draw(PROGRAMS[level])
    lower = level == "attention" and data.draw(st.booleans())
    machine, optimisation = data.draw(st.sampled_from(TARGETS)), data.draw(st.integers(0, 3))
    found = rewrite(program, machine, Options(optimisation), lower=lower).program
    assert found.level == ("block" if lower else level)
    assert_same_meaning(program, found)


def test_without_options_nothing_is_done() -> None:
    (_, program), *_ = stages_of(0, "h1", 0)
    found = rewrite(program)
    assert found.program is program
    assert (found.pipeline, list(found.counts), found.spent) == ("", [], {})


@pytest.mark.parametrize(
    ("level", "text", "lower", "said"),
    [
        ("attention", "merge-rotations", False, "merge-rotations does not run on this program"),
        ("attention", "default,+merge-rotations", False, "merge-rotations does not run on this program"),
        ("attention", "route", True, "route does not run on this program"),
        ("block", "fold-unitaries", False, "fold-unitaries does not run on this program"),
        ("block", "", True, "only an attention program can be lowered"),
        ("block", "default,-fold-unitaries", False, "no pass fold-unitaries to leave out"),
        ("attention", "default,-merge-rotations", False, "no pass merge-rotations to leave out"),
    ],
)
def test_passes_of_another_level_are_refused(level: str, text: str, lower: bool, said: str) -> None:
    programs = {program.level: program for _, program in stages_of(0, "h1", 0)}
    with pytest.raises(InvalidInputError, match=said):
        rewrite(programs[level], "h1", Options(passes=text), lower=lower)


def test_default_is_of_the_levels_that_run() -> None:
    programs = {program.level: program for _, program in stages_of(0, "h1", 0)}
    whole = [step.name for step in Options(2).pipeline() if isinstance(step, Pass)]
    attention = [name for name in whole if ON_PROGRAMS[name].level == "attention"]
    blocks = [name for name in whole if ON_PROGRAMS[name].level == "block"]
    options = Options(passes="default")
    assert rewrite(programs["attention"], "h1", options).pipeline.split(",") == attention
    assert rewrite(programs["block"], "h1", options).pipeline.split(",") == blocks
    assert rewrite(programs["attention"], "h1", options, lower=True).pipeline.split(",") == whole
    edited = Options(passes="default,-merge-rotations")
    assert rewrite(programs["block"], "h1", edited).pipeline.split(",") == blocks[:-1]


POWER = json.dumps([f"degree[{place}]" for place in range(60)])
SMALL_TEXTS_OF_LARGE_PROGRAMS = {
    "many controls": f"""{"".join(f"register degree[{place}] 1{chr(10)}" for place in range(60))}register key 1
register value 1
table t [[1.0,0.0],[0.0,1.0]]
op prepare-index index="key" length=2
op prepare-degree degree={POWER} amplitudes={[1.0, *[0.0] * 60]}
op load-tokens data="value" index=["key"] table="t" when={POWER}
op project registers=["value"]
readout fidelity given=[] success=["value"]
""",
    "many steps": f"""register key 40
register value 2
table t [[1.0,0.0,0.0,0.0]]
op prepare-index index="key" length={1 << 40}
op load-evolution data="value" index=["key"] table="t" terms={json.dumps(["zz"] * 100)} coefficients={[0.5] * 100} \
dt=0.1 formulas={json.dumps(["strang"] * 40)} steps={[1 << 14] * 40}
op project registers=["value"]
readout fidelity given=[] success=["value"]
""",
    "a long diagonal": f"""register key 40
op prepare-index index="key" length={1 << 40}
op phase-table index="key" phases=[1.0]
op project registers=["key"] state="uniform" length={1 << 40}
readout fidelity given=[] success=["key"]
""",
}


@pytest.mark.parametrize("name", SMALL_TEXTS_OF_LARGE_PROGRAMS)
@pytest.mark.parametrize("lower", [False, True])
def test_small_texts_of_large_programs_are_refused_at_once(name: str, lower: bool) -> None:
    program = qsac.ir.parse(f'qsac-ir 2\nprogram "large" attention\n{SMALL_TEXTS_OF_LARGE_PROGRAMS[name]}')
    for machine in ("h2", "statevector"):
        with pytest.raises(DoesNotFitError, match="too large"):
            rewrite(program, machine, Options(2), lower=lower)


WIDE = f"""qsac-ir 2
program "wide" attention
register key 40
register other 40
op prepare-index index="key" length={1 << 40}
op prepare-index index="other" length={1 << 40}
op project registers=["key"] state="uniform" length={1 << 40}
op project registers=["other"] state="uniform" length={1 << 40}
readout fidelity given=["key"] success=["other"]
"""


def test_what_does_not_fit_the_target_is_lowered_for_none() -> None:
    program = qsac.ir.parse(WIDE)
    assert rewrite(program, "h2", Options(2)).program == program
    with pytest.raises(DoesNotFitError, match="does not fit h2: 24 qubits too many"):
        rewrite(program, "h2", Options(2), lower=True)
