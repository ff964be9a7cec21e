"""Amplification: the same results with more accepted shots, by three answers, and fewer gates for each."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.run import show_result
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.ir.attention import Amplify
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.machine.registry import target
from qsac.numerics.amplification import amplified, best_rounds, growth
from qsac.passes.attention.amplify import Amplify as AmplifyPass
from qsac.pipeline.contract import PassContext
from qsac.simulation.verification import compare, expected_outcomes, of_program
from tests.cases import ALL

VECTORS = Path(__file__).parent.parent.parent / "vectors"

ATTENTION = [
    "inline-T2-d2-monomial1-complex-14",
    "inline-T4-d4-monomial1-real-2",
    "inline-T4-d2-softmax-taylor2-complex-7",
]
MODELS = [*ATTENTION, "transformer/gpt-N4-d2-h1-complex"]
if ALL:
    MODELS = [path.stem for path in sorted((VECTORS).glob("*.json"))] + MODELS[3:]


def _model(name: str) -> Any:
    found = json.loads((VECTORS / f"{name}.json").read_text())
    return load(found["model"])


def _amplified(model: Any, rounds: int, **options: Any) -> Any:
    return qsac.compile(model, "h2", passes=f"default,+amplify{{rounds={rounds}}}", **options)


@pytest.mark.parametrize("name", MODELS)
def test_three_answers_agree(name: str) -> None:
    """Closed form, interpreted program and simulated circuit; what is reported is what it is without rounds."""
    model = _model(name)
    plain, found = qsac.compile(model, "h2", verify=False), _amplified(model, 1, verify=True)
    rounds = 0
    for program, expected in zip(
        found.programs, expected_outcomes(model, found.subnormalisations).values(), strict=True
    ):
        rounds += sum(op.rounds for op in program.ops if isinstance(op, Amplify))
        for quantity, one, other in compare(of_program(program), expected):
            assert one == pytest.approx(other, abs=1e-9), quantity
    assert rounds >= 1
    one, other = (qsac.run(compiled, "statevector") for compiled in (plain, found))
    for metric, value in one.metrics.items():
        if metric != "success_probability":
            assert other.metrics[metric] == pytest.approx(value, abs=1e-8), metric
    before, after = (compiled.stats["forecast"]["success_probability"] for compiled in (plain, found))
    if len(found.programs) == 1:
        assert after == pytest.approx(amplified(before, 1), abs=1e-9)


def test_fewer_gates_for_an_accepted_shot() -> None:
    """By itself the pass takes the rounds that pay; the artifact says what there is with and without them."""
    model = load("docs/examples/tfim.json")
    plain = qsac.compile(model, "h2", verify=False)
    found = qsac.compile(model, "h2", verify=False, passes="default,+amplify")
    told = found.stats["amplification"]
    assert told["rounds"] == 1
    (before, after), (few, many) = told["success_probability"], told["two_qubit_gates"]
    assert (few, many) == (plain.stats["two_qubit_gates"], found.stats["two_qubit_gates"])
    assert after == pytest.approx(amplified(before, 1))
    assert few / before > 1.7 * many / after
    useful = [one.stats["forecast"]["useful"] for one in (plain, found)]
    assert useful[1] > 4 * useful[0]
    assert "amplification" not in plain.stats
    again = qsac.Compiled.parse(found.to_json().encode(), "amplified")
    assert again.stats["amplification"] == told


def test_shots_are_those_of_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    """The loss of 4,000 shots is within its error, and more of them are accepted."""
    model = load("docs/examples/tfim.json")
    exact = qsac.run(qsac.compile(model, "h2", verify=False), "statevector").metrics["loss"]
    compiled = _amplified(model, 1, verify=False)
    result = qsac.run(compiled, shots=4000, seed=3)
    assert exact is not None
    assert result.success_probability == pytest.approx(0.782, abs=0.03)
    error = result.standard_errors["loss"]
    assert error is not None
    assert abs(result.metrics["loss"] - exact) < 4 * error
    show_result(compiled, result, as_json=False, verbose=False)
    assert "what is accepted was amplified" in capsys.readouterr().err


def test_text_and_its_rules() -> None:
    (program,) = _amplified(_model(MODELS[1]), 2, verify=False).programs
    assert parse_program(print_program(program)) == program
    (op,) = (op for op in program.ops if isinstance(op, Amplify))
    scope = program.scope
    assert op.check(scope) is None
    for wrong in ({"rounds": 0}, {"rounds": 65}, {"given": ()}, {"given": ("other",)}, {"accepted": 0.0}):
        assert replace(op, **wrong).check(scope) is not None
    metric = program.readouts[0].metric
    given = interpret(program).probabilities[metric][0]
    assert given == pytest.approx(amplified(op.accepted, 2), abs=1e-11)


def test_programs_that_are_left_alone() -> None:
    """Nothing to amplify; more qubits than there are; a coupling graph, but for rounds that are asked for."""
    models = (load(f"docs/examples/{name}.json") for name in ("program-feed-forward", "tfim"))
    echo, loss = (family_of(model).plan(model).circuits[0] for model in models)
    narrow, wide = PassContext(target("h2"), qubits=10), PassContext(target("h2"))
    assert AmplifyPass().apply(echo.program, wide) == echo.program
    assert AmplifyPass().apply(loss.program, narrow) == loss.program
    assert AmplifyPass().apply(loss.program, wide) != loss.program
    graph = PassContext(target("ibm-fez"))
    assert AmplifyPass().apply(loss.program, graph) == loss.program
    assert AmplifyPass(1).apply(loss.program, graph) != loss.program


def test_rounds_out_of_range() -> None:
    with pytest.raises(InvalidInputError) as caught:
        _amplified(_model(MODELS[0]), 65)
    assert caught.value.code == "pass.option-out-of-range"


def test_what_cannot_be_deferred() -> None:
    """Something else is projected before all that is post-selected: an error where rounds are asked for."""
    model = load("docs/examples/tfim.json")
    program = family_of(model).plan(model).circuits[0].program
    given = program.readouts[0].given
    other = tuple(replace(readout, given=given[1:]) for readout in program.readouts)
    changed = replace(program, readouts=other)
    context = PassContext(target("h2"))
    assert AmplifyPass().apply(changed, context) == changed
    with pytest.raises(InvalidInputError) as caught:
        AmplifyPass(1).apply(changed, context)
    assert caught.value.code == "pass.not-amplified"


def test_best_rounds() -> None:
    assert growth(0.25, 1) ** 2 == pytest.approx(4.0)
    assert best_rounds(0.01, 100, 200) > 1
    assert best_rounds(0.9, 100, 200) == 0
    assert best_rounds(0.1, 100, 200) > best_rounds(0.1, 100, 200, error=0.01)
