"""Programs of more circuits than are compiled, and errors of plans: early, and with their place in the file."""

import json
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.compiler.fit import CIRCUIT_LIMIT
from qsac.errors import DoesNotFitError, QsacError
from qsac.families.circuit_counts import CountsCircuits
from qsac.families.reading import load
from qsac.families.registry import family_of
from tests.families.program.generated import layers, network, search


def _network(inputs: int = 1, **fields: Any) -> dict[str, Any]:
    layer = {"weights": [[0.3, 0.4], [0.1, -0.2]], "activation": "tanh"}
    rows = [[0.1, 0.2 + row / 1000] for row in range(inputs)]
    program = {"type": "feed-forward", "layers": [layer], "inputs": rows, "estimate": {"orders": [1, 2]}, **fields}
    return {"qsac": 1, "name": "many", "program": program}


def _tokens(count: int) -> dict[str, Any]:
    return {"type": "inline", "values": [[1.0, 0.1 + row / count, 0.3] for row in range(count)]}


def _layers(count: int) -> dict[str, Any]:
    attention = {"attention": {"kernel": {"type": "monomial", "degree": 1}}}
    return {"qsac": 1, "tokens": _tokens(count), "program": {"type": "layers", "layers": [attention]}}


def _trained(steps: int) -> dict[str, Any]:
    return _network(train={"targets": [[0.1, 0.2]], "rate": 0.1, "steps": steps})


MANY = [
    (_trained(300), "/program/train/steps", "steps"),
    (_network(300), "/program/inputs", "inputs"),
    (_layers(400), "/tokens", "tokens"),
]


@pytest.mark.parametrize(("fields", "pointer", "help"), MANY)
@pytest.mark.parametrize("use", [qsac.compile, qsac.template])
def test_the_field_that_decides_the_number_is_named_before_a_plan_is_made(
    fields: dict[str, Any], pointer: str, help: str, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planned(*_: object, **__: object) -> None:
        raise AssertionError("a plan was made")

    monkeypatch.setattr("qsac.families.program.family.Programs.plan", planned)
    with pytest.raises(DoesNotFitError, match="too many circuits") as caught:
        use(fields)
    error = caught.value
    assert (error.code, error.pointer, error.source) == ("capacity.plan-too-large", pointer, "<dict>")
    assert f"at most {CIRCUIT_LIMIT:,}" in str(error.wanted)
    assert help in str(error.help)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("drawn", [network, layers, search])
def test_the_number_that_is_told_is_that_of_the_plan(drawn: Any, seed: int) -> None:
    model = load(drawn(seed))
    family = family_of(model)
    assert isinstance(family, CountsCircuits)
    told = family.circuit_count(model)
    if told is None:
        with pytest.raises(QsacError, match="no circuits are built"):
            family.plan(model)
    else:
        assert told.number == len(family.plan(model).circuits)


def test_check_and_estimate_take_more_and_say_what_compile_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "many.json"
    for fields, many in ((_trained(300), True), (_trained(2), False)):
        path.write_text(json.dumps(fields))
        for command in ("check", "estimate"):
            assert run([command, str(path)]) == 0
            assert ("qsac compile takes at most 1,024" in capsys.readouterr().err) is many
    path.write_text(json.dumps(_trained(300)))
    assert run(["compile", str(path), "-o", str(tmp_path / "out.json")]) == 3
    assert f"{path} /program/train/steps" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def _by_inner_products() -> dict[str, Any]:
    dense = [{"weights": [[0.3, 0.4, 0.1], [0.1, -0.2, 0.2], [0.5, 0.1, 0.3]]}]
    fields = _layers(2)
    fields["program"]["layers"][0]["feed_forward"] = dense
    return fields | {
        "program": {**fields["program"], "feed_forward_by": "inner-products", "tomography": {"precision": 0.9}}
    }


def _by_reference() -> dict[str, Any]:
    fields = _layers(2)
    return fields | {"program": {**fields["program"], "tomography": {"method": "reference", "precision": 0.3}}}


@pytest.mark.parametrize("fields", [_trained(1), _by_inner_products(), _by_reference()])
def test_programs_of_circuits_of_several_kinds_are_estimated_as_they_are_compiled(fields: dict[str, Any]) -> None:
    """Passes backwards, echoes of networks after states, and states beside their reference ended in a traceback, or
    were counted as others."""
    model = load(fields)
    estimated = qsac.estimate(model, "h2", optimisation=1)
    compiled = qsac.compile(model, "h2", optimisation=1, verify=False)
    assert estimated.counts["two_qubit_gates"] == compiled.stats["two_qubit_gates"]


@pytest.mark.parametrize("command", [["compile"], ["compile", "--template"], ["estimate"], ["run"]])
def test_errors_of_plans_name_the_file(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(_network(index="superposed")))
    assert run([*command, str(path)]) == 2
    told = capsys.readouterr().err
    assert "[program.not-compiled]" in told
    assert f"where:  {path} /program/index" in told


def test_a_model_that_is_no_file_is_named_as_it_was_given() -> None:
    with pytest.raises(QsacError) as caught:
        qsac.compile(_network(index="superposed"))
    assert (caught.value.source, caught.value.pointer) == ("<dict>", "/program/index")
