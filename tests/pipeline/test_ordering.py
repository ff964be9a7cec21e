"""Pipelines that are edited, and the order that passes want."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.errors import InvalidInputError
from qsac.pipeline.contract import Pass
from qsac.pipeline.ordering import LEVELS, Draft, check_order, ordered
from qsac.pipeline.registry import AnyPass, default_pipeline, parse_pipeline, pass_class, pass_names, print_pipeline

RUN = [(level, step.name) for level in range(4) for step in default_pipeline(level)]


def edited(text: str, level: int = 2) -> str:
    return print_pipeline(parse_pipeline(text, partial(default_pipeline, level)))


def made(called: str, on: Literal["attention", "block"] = "block", *behind: str) -> Pass:
    class Made(Pass):
        name: ClassVar[str] = called
        level: ClassVar[Literal["attention", "block"]] = on
        optimisation: ClassVar[int] = 1
        after: ClassVar[tuple[str, ...]] = behind

    return Made()


@pytest.mark.parametrize("level", range(4))
def test_default_is_the_levels_own(level: int) -> None:
    assert edited("default", level) == print_pipeline(default_pipeline(level))


@pytest.mark.parametrize(("level", "name"), RUN)
def test_a_pass_that_is_left_out_and_put_in_is_where_it_was(level: int, name: str) -> None:
    whole = print_pipeline(default_pipeline(level))
    without = edited(f"default,-{name}", level).split(",")
    assert without == [one for one in whole.split(",") if one != name]
    assert edited(f"default,-{name},+{name}", level) == whole


@pytest.mark.parametrize("low", range(3))
def test_the_passes_of_a_higher_level_go_where_that_level_has_them(low: int) -> None:
    here, there = default_pipeline(low), default_pipeline(low + 1)
    more = [step.name for step in there if step not in here]
    for order in list(permutations(more))[:24]:
        text = ",".join(["default", *(f"+{name}" for name in order)])
        assert edited(text, low) == print_pipeline(there)


@given(st.lists(st.sampled_from([name for name in pass_names() if issubclass(pass_class(name), Pass)]), unique=True))
def test_added_one_by_one_they_are_in_order(names: list[str]) -> None:
    passes = parse_pipeline(",".join(f"+{name}" for name in names))
    assert sorted(step.name for step in passes) == sorted(names)
    assert [step.level for step in passes] == sorted((step.level for step in passes), key=LEVELS.index)
    places = {step.name: place for place, step in enumerate(passes)}
    assert all(places[name] < places[step.name] for step in passes for name in step.after if name in places)


@given(st.data())
def test_a_text_and_what_it_prints_are_one_pipeline(data: st.DataObject) -> None:
    """Whatever is edited: the pipeline that ran is written without edits, and reads back to the same passes."""
    level = data.draw(st.integers(0, 3))
    present = [step.name for step in default_pipeline(level)]
    absent = [name for name in pass_names() if name not in present]
    out = data.draw(st.lists(st.sampled_from(present), unique=True)) if present else []
    more = data.draw(st.lists(st.sampled_from(absent), unique=True))
    edits = data.draw(st.permutations([*(f"-{name}" for name in out), *(f"+{name}" for name in more)]))
    text = edited(",".join(["default", *edits]), level)
    assert set(text.split(",")) - {""} == (set(present) - set(out)) | set(more)
    assert print_pipeline(parse_pipeline(text)) == text


def added(step: AnyPass, pipeline: Sequence[AnyPass]) -> list[str]:
    draft = Draft()
    draft.append(*pipeline)
    draft.add(step)
    return [one.name for one in draft.pipeline(pass_names())]


def test_a_pass_of_another_package_goes_between_those_that_want_it() -> None:
    pipeline = default_pipeline(2)
    names = [step.name for step in pipeline if step.level != "circuit"]
    last = [step.level for step in pipeline].index("block") - 1
    assert added(made("mine", "block"), pipeline).index("mine") == len(names)
    for behind in ((), ("select-indices",), ("absent",)):
        assert added(made("mine", "attention", *behind), pipeline).index("mine") == last + 1
    wanting = [made("wanting", "attention", "mine"), *pipeline]
    assert added(made("mine", "attention"), wanting)[:2] == ["mine", "wanting"]
    blocks = [step for step in pipeline if step.level == "block"]
    assert added(made("mine", "attention"), blocks)[0] == "mine"
    attention = [step for step in pipeline if step.level == "attention"]
    assert added(pass_class("route")(), [*attention, *blocks])[-1] == "route"


def test_passes_that_wait_for_each_other_are_refused_and_nothing_hangs() -> None:
    first, second = made("first", "block", "second"), made("second", "block", "first")
    assert len(ordered([first, second])) == 2
    for one, other in permutations((first, second)):
        with pytest.raises(InvalidInputError, match=r"the pass (first|second) comes after"):
            added(one, [other])
    with pytest.raises(InvalidInputError, match="the pass mine comes after second"):
        added(made("mine", "block", "second"), [made("first", "block", "mine"), made("second")])


def test_the_last_time_of_a_pass_counts() -> None:
    step, later = made("step"), made("later", "block", "step")
    check_order([step, later, step, later])
    check_order([later, step, later])
    with pytest.raises(InvalidInputError, match="the pass later comes after step"):
        check_order([step, later, step])


def test_levels_are_run_in_order_wherever_they_are_written() -> None:
    check_order([made("later", "block", "early"), made("early", "attention")])
    with pytest.raises(InvalidInputError, match="the pass early comes after later"):
        check_order([made("early", "attention", "later"), made("later", "block")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-merge-rotations", "no pass merge-rotations to leave out"),
        ("default,-route", "no pass route to leave out"),
        ("default,-merge-rotations,-merge-rotations", "no pass merge-rotations to leave out"),
        ("default,-merge-rotation", "perhaps merge-rotations"),
        ("default,+merge-rotations", "in the pipeline already"),
        ("default,+merge-rotation", "perhaps merge-rotations"),
        ("merge-rotations,default", "default first"),
        ("default,default", "default first"),
        ("default{window=3}", "no options of default"),
        ("default,-merge-rotations{window=3}", "no options of -merge-rotations"),
        ("default,+", "a pass name"),
        ("default,--merge-rotations", "a pass name"),
        ("default,- -merge-rotations", "a pass name"),
        ("+default", "unknown pass: default"),
        ("fold-unitaries,select-indices", "the pass fold-unitaries comes after select-indices"),
        ("default,-stage-degree,stage-degree", "comes after stage-degree"),
    ],
)
def test_edits_that_cannot_be_made_are_told(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        edited(text)


def test_default_is_no_word_of_a_pipeline_that_is_written_down() -> None:
    with pytest.raises(InvalidInputError, match="the word default has no meaning here"):
        parse_pipeline("default")


def test_edits_with_options() -> None:
    text = edited("default,-merge-rotations,+merge-rotations{window=3},+prune-loaders")
    assert "merge-rotations{window=3}" in text.split(",")
    assert edited("+fold-unitaries,+select-indices{fold=false}") == "select-indices{fold=false},fold-unitaries"
    assert edited("merge-rotations,+drop-controls") == "drop-controls,merge-rotations"
    assert edited("merge-rotations,drop-controls") == "merge-rotations,drop-controls"
