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
    text = "fold-unitaries,select-indices{fold=false},merge-diagonals"
    as_text = qsac.compile(MODEL, passes=text)
    assert [entry["name"] for entry in as_text.stats["passes"]] == [
        "fold-unitaries",
        "select-indices",
        "merge-diagonals",
    ]
    names = ["fold-unitaries", "select-indices{fold=false}", "merge-diagonals"]
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
