"""Options of a compilation: one level under two names, pipelines in several forms."""

import inspect

import pytest

import qsac
from qsac.compiler.options import Options, level, pipeline_text
from qsac.pipeline.contract import Pass
from qsac.pipeline.registry import default_pipeline, parse_pipeline, pass_class
from tests.test_arguments import MODEL


@pytest.mark.parametrize("call", [qsac.compile, qsac.template, qsac.estimate])
def test_the_level_has_two_names(call: object) -> None:
    names = list(inspect.signature(call).parameters)  # type: ignore[arg-type]
    assert {"optimisation", "optimization_level"} <= set(names)


def test_either_name_gives_the_same() -> None:
    plain, usual = qsac.compile(MODEL, optimisation=0), qsac.compile(MODEL)
    assert (
        qsac.compile(MODEL, optimization_level=0) == qsac.compile(MODEL, optimisation=0, optimization_level=0) == plain
    )
    assert qsac.compile(MODEL, optimization_level=2) == usual != plain
    assert qsac.estimate(MODEL, optimization_level=0).optimisation == 0
    assert qsac.template(MODEL, optimization_level=1).options.optimisation == 1


@pytest.mark.parametrize(("one", "other"), [(2, 3), (0, 2), (3, 0)])
def test_two_levels_contradict_each_other(one: int, other: int) -> None:
    for call in (qsac.compile, qsac.template, qsac.estimate):
        with pytest.raises(qsac.InvalidInputError, match="given twice") as caught:
            call(MODEL, optimisation=one, optimization_level=other)  # type: ignore[operator]
        assert caught.value.found == f"optimisation={one} and optimization_level={other}"
    assert level(one, one) == level(None, one) == level(one, None) == one


def test_pipelines_as_text_and_one_by_one() -> None:
    text = "select-indices{fold=false},fold-unitaries,merge-diagonals"
    as_text = qsac.compile(MODEL, passes=text)
    assert [entry["name"] for entry in as_text.stats["passes"]] == [
        "select-indices",
        "fold-unitaries",
        "merge-diagonals",
    ]
    names = ["select-indices{fold=false}", "fold-unitaries", "merge-diagonals"]
    steps = parse_pipeline(text)
    for passes in (names, tuple(names), steps, [names[0], *steps[1:]]):
        assert qsac.compile(MODEL, passes=passes) == as_text
    assert qsac.template(MODEL, passes=steps).options.passes == text
    assert qsac.compile(MODEL, passes=[]) == qsac.compile(MODEL, passes="")


def test_a_pass_that_takes_the_name_of_another() -> None:
    class Impostor(Pass):
        name = "fold-unitaries"
        level = "attention"
        optimisation = 0

    with pytest.raises(qsac.InvalidInputError, match="another pass's"):
        qsac.compile(MODEL, passes=[Impostor()])


def test_a_pass_that_is_not_installed() -> None:
    class Unknown(Pass):
        name = "unknown-step"
        level = "attention"
        optimisation = 0

    with pytest.raises(qsac.InvalidInputError, match="unknown pass: unknown-step"):
        qsac.compile(MODEL, passes=[Unknown()])


def test_a_class_is_not_a_pass() -> None:
    with pytest.raises(qsac.InvalidInputError, match="passes are invalid"):
        pipeline_text([pass_class("fold-unitaries")])


def test_options_stand_for_their_pipeline() -> None:
    assert Options(1).pipeline() == default_pipeline(1)
    assert Options(passes="fold-unitaries").pipeline() == parse_pipeline("fold-unitaries")
    assert Options(1, "default").pipeline() == default_pipeline(1)


def test_a_pipeline_that_is_edited_says_what_ran() -> None:
    plain = qsac.compile(MODEL, verify=False)
    assert qsac.compile(MODEL, passes="default", verify=False).to_json() == plain.to_json()
    edited = qsac.compile(MODEL, passes=["default", "-merge-rotations", "+merge-rotations{window=3}"], verify=False)
    wanted = plain.options["passes"].replace("merge-rotations", "merge-rotations{window=3}")
    assert edited.options["passes"] == wanted
    assert qsac.compile(MODEL, passes=wanted, verify=False).to_json() == edited.to_json()


def test_default_is_what_a_template_runs() -> None:
    plain = qsac.template(MODEL, fold=False)
    assert qsac.template(MODEL, fold=False, passes="default").options == plain.options
    without = qsac.template(MODEL, fold=False, passes="default,-merge-rotations").options.passes
    assert without is not None
    assert f"{without},merge-rotations" == plain.options.passes
    with pytest.raises(qsac.InvalidInputError, match="no pass compress-tokens to leave out"):
        qsac.template(MODEL, passes="default,-compress-tokens")
    with pytest.raises(qsac.InvalidInputError, match="compress-tokens cannot be part of a template"):
        qsac.template(MODEL, passes="default,+compress-tokens")
