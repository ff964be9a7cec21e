"""What a forecast tells of shots, against shots that were taken, sums by hand and what is printed."""

import json
from dataclasses import replace
from math import ceil, isqrt
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.cli.main import run
from qsac.compiler.advice import MACHINES, MOST_GATES, advice, best_machine, noise_sentence
from qsac.compiler.estimate_schema import EstimateResult
from qsac.compiler.estimation import estimate
from qsac.counting.stats import circuit_stats
from qsac.errors import DoesNotFitError
from qsac.families.reading import load
from qsac.machine.registry import target
from qsac.report.forecast import NOISE, STANDARD_ERROR, WORK_LIMIT, charge, for_shots, forecast
from qsac.runtime.schema import RunResult
from tests.bench.cases import Case
from tests.strategies import random_model

Captured = pytest.CaptureFixture[str]
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"


@pytest.mark.parametrize("seed", [2, 7, 19, 23])
def test_the_shots_told_give_the_standard_error(seed: int) -> None:
    compiled = qsac.compile(random_model(seed), "h2", verify=False)
    told = compiled.stats["forecast"]
    exact = qsac.run(compiled).success_probability
    assert told["success_probability"] == pytest.approx(exact, abs=1e-12)
    # As many shots as leave the binomial error's own error small, scaled to what was told.
    result = qsac.run(compiled, "statevector", shots=200_000, seed=1)
    error = result.standard_errors["loss"]
    assert error is not None
    assert error * (200_000 / told["shots"]) ** 0.5 == pytest.approx(STANDARD_ERROR, rel=0.15)


def test_a_context_too_long_to_tell() -> None:
    longest = isqrt(WORK_LIMIT)
    values = [[1.0, 0.5 + 0.001 * row] for row in range(longest + 2)]
    attention = {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    }
    model = {"qsac": 1, "tokens": {"type": "inline", "values": values}, "attention": attention}
    (within, beyond) = (load(model | {"tokens": {"type": "inline", "values": values[:rows]}}) for rows in (-1, None))
    assert within.readout.work(within) == WORK_LIMIT < beyond.readout.work(beyond)
    told = qsac.compile(model, "h2", verify=False).stats["forecast"]
    unknown = ("success_probability", "useful", "shots", "cost")
    assert [told[name] for name in unknown] == [None] * len(unknown)
    assert told["noise"] is True  # of a million gates


@pytest.mark.parametrize(("name", "optimisation"), [("h2", 2), ("ibm-fez", 1), ("statevector", 2)])
def test_the_forecast_is_made_of_the_statistics(name: str, optimisation: int) -> None:
    compiled = qsac.compile(EXAMPLE, name, optimisation=optimisation, verify=False)
    stats, told = compiled.stats, compiled.stats["forecast"]
    assert told["success_probability"] == pytest.approx(qsac.run(compiled, "statevector").success_probability, abs=1e-9)
    if name == "statevector":
        assert (told["useful"], told["cost"], told["noise"]) == (None, None, None)
    else:
        price = stats["cost"]
        assert told["useful"] == stats["error_free_probability"] * told["success_probability"]
        assert told["cost"]["amount"] == pytest.approx(price["fixed"] + told["shots"] * price["per_shot"])
        assert told["noise"] is (stats["error_free_probability"] < NOISE)
    # All of it can be computed again from what an artifact holds.
    again = Compiled.parse(compiled.to_json().encode(), "again")
    machine = target(name)
    counts = circuit_stats(again.circuits[0], machine)
    assert forecast(again.model, again.subnormalisations, counts, machine) == told


def test_many_shots_take_several_jobs() -> None:
    price = {"unit": "HQC", "fixed": 5.0, "per_shot": 0.25, "per_shot_with_resets": 0.5}
    assert charge(price, 10_000, 10_000) == {
        "unit": "HQC",
        "jobs": 1,
        "amount": 2505.0,
        "amount_with_resets": 5005.0,
    }
    more = charge(price, 10_001, 10_000)
    assert more is not None
    assert (more["jobs"], more["amount"]) == (2, 10 + 10_001 * 0.25)
    assert charge({"unit": "quantum seconds", "fixed": 2.0, "per_shot": 1e-3}, 5_000, None) == {
        "unit": "quantum seconds",
        "jobs": 1,
        "amount": 7.0,
    }
    assert charge(None, 10, 10) is None


def test_useful_shots_of_those_asked_for() -> None:
    compiled = qsac.compile(EXAMPLE, "h2", verify=False)
    told = for_shots(compiled.stats["forecast"], compiled.stats, target("h2"), 25_000)
    stats = compiled.stats
    share = stats["error_free_probability"] * stats["forecast"]["success_probability"]
    assert told["useful"] == pytest.approx(25_000 * share)
    assert told["cost"]["jobs"] == 3
    assert told["needed"]["shots"] == stats["forecast"]["shots"]
    assert told["needed"]["cost"] == stats["forecast"]["cost"]


@pytest.mark.parametrize("readout", [{"type": "predict"}, {"type": "overlaps"}])
def test_other_readouts_have_no_shots_for_a_loss(readout: dict[str, Any]) -> None:
    model = json.loads(EXAMPLE.read_text()) | {"readout": readout}
    told = qsac.compile(model, "h2", verify=False).stats["forecast"]
    assert 0 < told["success_probability"] <= 1
    assert 0 < told["useful"] < told["success_probability"]
    assert (told["shots"], told["cost"]) == (None, None)


NOISY = Case(32, 8).model()
"""On ibm-fez at -O1 hardly any shot is free of errors; on helios many are."""


def test_noise_is_said_with_what_would_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    Path("noisy.json").write_text(json.dumps(NOISY))
    assert run(["compile", "noisy.json", "--target", "ibm-fez", "-O", "1"]) == 0
    captured = capfd.readouterr()
    helios = qsac.compile(NOISY, "helios", verify=False).stats["error_free_probability"]
    assert helios > NOISE
    sentence = captured.err.splitlines()[-1]
    assert sentence.startswith("warning: the result will be noise: on ibm-fez ")
    assert f"helios, where {100 * helios:.2g} % of the shots are, -O2, an error budget" in sentence
    assert run(["compile", "noisy.json", "--target", "ibm-fez", "-O", "1", "-q"]) == 0
    assert capfd.readouterr().err == ""
    assert run(["compile", "noisy.json", "--target", "ibm-fez", "-O", "1", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert f"warning: {facts['advice']}" == sentence
    assert facts["stats"]["forecast"]["noise"] is True
    assert run(["run", "noisy.qsac.json", "--shots", "100", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    RunResult.model_validate(found)
    assert (found["forecast"]["shots"], found["forecast"]["advice"]) == (100, facts["advice"])
    assert found["forecast"]["needed"]["shots"] == facts["stats"]["forecast"]["shots"]


def test_what_is_no_noise_is_not_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["compile", str(EXAMPLE), "--json"], ["estimate", str(EXAMPLE), "--json"]):
        assert run(arguments) == 0
        captured = capfd.readouterr()
        assert "noise" not in captured.err
        assert json.loads(captured.out)["advice"] is None


def test_estimates_forecast_as_compilations_do() -> None:
    for name in ("h2", "helios", "aer"):
        found = estimate(EXAMPLE, name)
        assert found.forecast == qsac.compile(EXAMPLE, name, verify=False).stats["forecast"]
        EstimateResult.model_validate(found.to_json())
    larger = estimate(EXAMPLE, "h2", context=1000)
    assert (larger.forecast["shots"], larger.forecast["noise"]) == (None, True)
    assert larger.advice is not None
    assert "helios" in larger.advice


def test_an_estimate_before_routing_has_no_cost() -> None:
    found = estimate(EXAMPLE, "ibm-fez").forecast
    assert found["shots"] == qsac.compile(EXAMPLE, "h2", verify=False).stats["forecast"]["shots"]
    assert (found["useful"], found["cost"], found["noise"]) == (None, None, None)


def test_an_estimate_before_routing_says_how_good_it_can_be_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    found = estimate(EXAMPLE, "ibm-fez")
    routed = qsac.compile(EXAMPLE, "ibm-fez", optimisation=1, verify=False).stats["error_free_probability"]
    most = found.forecast["error_free_at_most"]
    assert 1 > most > routed > 0
    unrouted = replace(target("ibm-fez"), coupling=None)
    assert most == qsac.estimate(EXAMPLE, unrouted).counts["error_free_probability"]
    assert run(["estimate", str(EXAMPLE), "--target", "ibm-fez"]) == 0
    assert f"at most {most:.4g}, from the target's published error rates: routing adds gates" in capsys.readouterr().out
    larger = estimate(EXAMPLE, "ibm-fez", context=1000)
    assert larger.forecast["noise"] is True
    assert larger.advice is not None
    assert larger.advice.startswith("the result will be noise: on ibm-fez no shot is expected")
    assert "on ibm-fez at most 0.5 % of the shots are" in noise_sentence("ibm-fez", 0.005, {}, None, at_most=True)
    assert "error_free_at_most" not in estimate(EXAMPLE, "h2").forecast


def test_the_machine_that_is_named_is_the_best_of_those_that_fit() -> None:
    model = load(EXAMPLE)
    shares = {name: qsac.compile(model, name, verify=False).stats["error_free_probability"] for name in MACHINES}
    best = best_machine(model, "ibm-fez")
    assert best is not None
    assert (best.name, best.error_free) == max(shares.items(), key=lambda pair: pair[1])
    other = best_machine(model, best.name)
    assert other is not None
    assert other.name != best.name


def test_the_sentence_names_only_what_is_left_to_do() -> None:
    best = best_machine(load(EXAMPLE), "ibm-fez")
    most = noise_sentence("ibm-fez", 0.006, {"optimisation": 0, "error_budget": 0.0}, best)
    assert "0.6 % of the shots are expected to be free of errors" in most
    assert "-O2" in most
    least = noise_sentence("helios", 0.006, {"optimisation": 3, "error_budget": "auto"}, None)
    assert least.endswith("what can help is a shorter context")
    nobody = noise_sentence("helios", 0.0, {"optimisation": 3, "error_budget": 0.0}, None)
    assert "no shot is expected to be free of errors" in nobody


def test_where_no_machine_would_do_none_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("qsac.compiler.advice.estimate", refused)
    counts = {"error_free_probability": 0.0, "two_qubit_gates": MOST_GATES + 1}
    said = advice(load(EXAMPLE), "h2", counts, {"noise": True}, {"optimisation": 2})
    assert said is not None
    assert "helios" not in said


def test_a_machine_that_a_model_does_not_fit_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise DoesNotFitError("too large")

    monkeypatch.setattr("qsac.compiler.advice.estimate", refused)
    assert best_machine(load(EXAMPLE), "ibm-fez") is None


def test_shots_are_rounded_up() -> None:
    machine = replace(target("h2"), max_shots=None)
    compiled = qsac.compile(EXAMPLE, "h2", verify=False)
    told = forecast(compiled.model, (1.0,), compiled.stats, machine)
    exact = qsac.run(compiled, "statevector")
    fidelity, share = exact.metrics["fidelity"], exact.success_probability
    assert fidelity is not None
    assert share is not None
    assert told["shots"] == ceil((1 - fidelity) / (fidelity * share * 0.01))
