"""What is said of where shots are lost: in forecasts of compiled programs, in sentences and in tables."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.compiler.estimate_schema import EstimateResult
from qsac.compiler.estimation import estimate
from qsac.families.outcomes import Outcomes
from qsac.families.places import Boundary, Losses, Place
from qsac.families.reading import load
from qsac.machine.registry import target
from qsac.report.forecast import forecast, outlook
from qsac.report.losses import MANY, bottleneck, loss_facts, lost, place_rows, rounded

VECTORS = Path(__file__).parent.parent / "vectors" / "transformer"
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"
NAMES = ("gpt-N8-d4-h2-gelu2", "gpt-N4-d4-two-layers", "gpt-N8-d4-fused-bilinear")


def vector(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / f"{name}.json").read_text())["model"])


def losses(*places: Place, circuits: int = 1) -> Losses:
    return Losses((1.0,) * circuits, places)


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_program_says_where_its_shots_are_lost(name: str) -> None:
    """The factors and what the passes gained multiply to the acceptance of the circuits themselves."""
    compiled = qsac.compile(vector(name), "h2")
    told = compiled.stats["forecast"]
    factors = [place["factor"] for place in told["places"] if place["factor"] is not None]
    assert np.prod(factors, axis=0) == pytest.approx(told["success_probabilities"], rel=1e-9)
    assert told["circuits"] == list(compiled.names)
    exact = qsac.run(compiled, "statevector")
    assert np.mean(told["success_probabilities"]) == pytest.approx(exact.success_probability, rel=1e-9)
    growth = np.array(compiled.subnormalisations)
    passes = [place["factor"] for place in told["places"] if place["place"] == "passes"]
    assert passes == ([pytest.approx(growth**-2)] if np.any(growth != 1) else [])


def test_an_estimate_says_what_the_compiled_program_does() -> None:
    for name in NAMES:
        found = estimate(vector(name), "h2")
        wanted = qsac.compile(vector(name), "h2", verify=False).stats["forecast"]
        assert _numbers(found.forecast) == pytest.approx(_numbers(wanted), rel=1e-9)
        EstimateResult.model_validate(json.loads(json.dumps(found.to_json())))


def _numbers(content: Any) -> list[float]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        return [number for part in content for number in _numbers(part)]
    return [] if isinstance(content, str) else [-1.0 if content is None else float(content)]


def test_the_shots_of_all_circuits_give_the_error() -> None:
    """sum_j (1 - P_j) / (P_j p_j) / (n e)^2 shots of each circuit, by the numbers of the vector."""
    document = json.loads((VECTORS / "gpt-N8-d4-h2-gelu2.json").read_text())
    compiled = qsac.compile(document["model"], "h2", verify=False)
    told = compiled.stats["forecast"]
    words = document["model"]["tokens"]["sequence"][1:]
    hits = [row[word] for row, word in zip(document["expected"]["probabilities"], words, strict=True)]
    success = told["success_probabilities"]
    shots = sum((1 - hit) / (hit * share) for hit, share in zip(hits, success, strict=True)) / (7 * 0.1) ** 2
    assert told["shots"] == pytest.approx(shots, abs=1)
    assert told["expected_shots"] == 7 * told["shots"]
    result = qsac.run(compiled, "statevector", shots=told["shots"], seed=4)
    assert result.standard_errors["cross_entropy"] == pytest.approx(0.1, rel=0.2)


def test_useful_shots_are_counted_by_circuit() -> None:
    """A shot of one circuit need not be free of the errors of the others."""
    compiled = qsac.compile(vector("gpt-N8-d4-h2-gelu2"), "h2", verify=False)
    told = compiled.stats["forecast"]
    rates = [part["error_free_probability"] for part in compiled.parts_stats]
    each = [share * rate for share, rate in zip(told["success_probabilities"], rates, strict=True)]
    assert told["useful"] == pytest.approx(np.mean(each))
    assert told["error_free_probability"] == pytest.approx(np.mean(rates))
    assert told["shots_per_success"] == pytest.approx(sum(1 / share for share in each))
    assert compiled.stats["error_free_probability"] == pytest.approx(np.prod(rates))
    assert told["noise"] is False


def test_other_families_say_nothing_new() -> None:
    told = qsac.compile(EXAMPLE, "h2", verify=False).stats["forecast"]
    assert told.keys() == {"success_probability", "useful", "standard_error", "shots", "cost", "noise"}
    assert outlook(load(EXAMPLE)) == {}
    assert loss_facts(told, "loss") == []


def test_the_outlook_is_that_of_the_construction_by_rows() -> None:
    document = json.loads((VECTORS / "gpt-N8-d4-h2-gelu2.json").read_text())
    told = outlook(load(document["model"]))
    assert told["success_probability"] == pytest.approx(np.mean(document["expected"]["success_probability"]))
    assert told["shots_per_success"] is None
    assert all(place["place"] != "passes" for place in told["places"])


@pytest.mark.parametrize(("factor", "said"), [(1 / 60, "once in 60"), (0.049, "once in 20"), (0.0, "never")])
def test_a_place_that_succeeds_seldom_is_said(factor: float, said: str) -> None:
    place = Place("layer 2: feed-forward", (1.0,), (factor,), "the feed-forward of layer 2", "it has no linear term")
    often = Place("readout", None, (0.9,), "the readout", "-")
    sentence = bottleneck(losses(often, place), ["position-7"])
    verb = "never succeeds" if said == "never" else f"succeeds {said}"
    assert sentence == f"the feed-forward of layer 2 {verb}: it has no linear term"


def test_of_several_circuits_the_one_is_named() -> None:
    place = Place("layer 1: average", None, (0.5, 0.01), "the average of layer 1", "it has no residual")
    sentence = bottleneck(losses(place, circuits=2), ["position-1", "position-2"])
    assert sentence == "the average of layer 1 succeeds once in 100 in the circuit position-2: it has no residual"


def test_what_succeeds_often_enough_is_not_said() -> None:
    assert bottleneck(losses(Place("readout", None, (0.05,), "the readout", "-")), ["one"]) is None
    assert bottleneck(losses(Place("layer 1: head 1", (0.001,))), ["one"]) is None


def test_the_table_is_of_the_circuit_that_succeeds_least() -> None:
    told = {
        "circuits": ["position-1", "position-2"],
        "success_probabilities": [0.5, 0.25],
        "places": [
            {"place": "layer 1: head 1", "lambda": [1.0, 2.0], "factor": None},
            {"place": "readout", "lambda": [1.0, None], "factor": [0.5, 0.25]},
        ],
    }
    assert place_rows(told) == ("position-2", [("layer 1: head 1", "2", ""), ("readout", "", "0.25")])


def test_very_many_shots_are_warned_of() -> None:
    """A word that is hardly ever next: its logarithm takes shots that are counted in millions."""
    model = vector("gpt-N8-d4-h2-gelu2")
    found = load(model)
    expected: dict[str, Outcomes] = dict(found.readout.expected(found))
    assert lost(found, expected, shots=MANY // 7)["warning"] is None
    warned = lost(found, expected, shots=MANY)["warning"]
    assert warned == "a standard error of 0.1 in the cross entropy takes about 70,000,000 shots"


def test_facts_of_layers_and_of_good_shots() -> None:
    told = {
        "places": [],
        "lambda": [1.0, 2.0],
        "success_probability": 0.069,
        "standard_error": 0.1,
        "expected_shots": 24_000,
        "shots_per_success": 7_400.4,
        "boundary": {"rows": 8, "error": 0.05, "shots": 43_000.2, "success_probability": 0.27},
    }
    rows = dict(loss_facts(told, "cross_entropy"))
    assert rows["lambda"] == "1 to 2, by circuit"
    assert rows["shots in all"] == "24,000 of 2 circuits for a standard error of 0.1 in the cross entropy"
    assert "about 7,400 shots" in rows["good shots"]
    assert "43,000 shots" in rows["layers"]
    assert "0.27" in rows["layers"]


def test_numbers_are_rounded_to_what_is_known() -> None:
    assert [rounded(number) for number in (1234.0, 59.7, 3e20)] == ["1,200", "60", "3e+20"]
    assert rounded(1234.0, 3) == "1,230"


def test_a_boundary_stands_in_the_forecast() -> None:
    model = load(vector("gpt-N4-d4-two-layers"))
    compiled = qsac.compile(model, "h2", verify=False)
    told = forecast(model, compiled.subnormalisations, compiled.stats, target("h2"))
    assert Boundary(**told["boundary"]).rows == 4
