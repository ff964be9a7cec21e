"""Transformers at the command line: what check, compile, estimate and run print of next words and of lost shots."""

import json
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.runtime.schema import RunResult

VECTORS = Path(__file__).parent.parent / "vectors" / "transformer"
GELU = "gpt-N8-d4-h2-gelu2"
LAST = "gpt-N8-d4-h2-cubic"

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def document(folder: Path) -> dict[str, Any]:
    """A vector whose model, with labels, is in model.json."""
    document = json.loads((VECTORS / f"{GELU}.json").read_text())
    model = document["model"]
    model["tokens"]["labels"] = ["the", "cat", "sat", "down"]
    (folder / "model.json").write_text(json.dumps(model))
    return dict(document)


def _printed(arguments: list[str], capsys: Captured) -> dict[str, Any]:
    assert run(arguments) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_an_exact_run_is_the_vector(document: dict[str, Any], capsys: Captured) -> None:
    found = _printed(["run", "model.json", "--json"], capsys)
    RunResult.model_validate(found)
    expected = document["expected"]
    predictions = found["values"]["predictions"]
    assert [one["position"] for one in predictions] == expected["positions"]
    for one, row in zip(predictions, expected["probabilities"], strict=True):
        assert one["probabilities"] == pytest.approx(row, abs=1e-9)
        assert one["over"] == "vocabulary"
    assert found["metrics"]["cross_entropy"] == pytest.approx(expected["cross_entropy"], abs=1e-9)
    assert found["value_errors"] == found["standard_errors"] == {}
    again = qsac.run("model.json")
    assert again.to_dict()["values"] == found["values"]


def test_a_table_of_shots_names_words(document: dict[str, Any], capsys: Captured) -> None:
    assert run(["run", "model.json", "--shots", "3000", "--seed", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("3,000 shots, seed 1")
    assert [line.split()[0] for line in lines[3:5]] == ["cross_entropy", "perplexity"]
    assert lines[5].startswith("P(the | 1) ")
    assert len(lines) == 3 + 2 + 7 * 4 + 1
    assert lines[-1].startswith("success_probability ")
    assert ", standard error " in lines[-1]


@pytest.mark.parametrize("options", [["--target", "statevector", "--shots", "60000"], ["--shots", "800", "--noise"]])
def test_shots_with_and_without_noise_come_near(document: dict[str, Any], capsys: Captured, options: list[str]) -> None:
    """Of three circuits: noise takes its time. A depolarised shot gives every word, so that it moves probabilities."""
    model = json.loads(Path("model.json").read_text())
    model["tokens"]["sequence"] = model["tokens"]["sequence"][:4]
    Path("model.json").write_text(json.dumps(model))
    wanted = _printed(["check", "model.json", "--metrics", "--json"], capsys)
    assert run(["compile", "model.json", "--target", "h2"]) == 0
    capsys.readouterr()
    found = _printed(["run", "model.qsac.json", "--json", *options], capsys)
    RunResult.model_validate(found)
    noise = 0.1 if found["noise"] else 0.0
    assert found["noise"] is ("--noise" in options)
    error = found["standard_errors"]["cross_entropy"]
    assert found["standard_errors"]["perplexity"] == pytest.approx(found["metrics"]["perplexity"] * error)
    assert abs(found["metrics"]["cross_entropy"] - wanted["metrics"]["cross_entropy"]) < 6 * error + 10 * noise
    rows = zip(found["values"]["predictions"], found["value_errors"]["predictions"], strict=True)
    for (one, errors), exact in zip(rows, wanted["values"]["predictions"], strict=True):
        both = zip(one["probabilities"], errors["probabilities"], exact["probabilities"], strict=True)
        for value, deviation, probability in both:
            assert abs(value - probability) < 6 * deviation + noise


def test_a_precision_is_of_the_cross_entropy(document: dict[str, Any], capsys: Captured) -> None:
    found = _printed(["run", "model.json", "--precision", "0.15", "--json"], capsys)
    assert 0.03 < found["standard_errors"]["cross_entropy"] <= 0.15
    few = _printed(["run", "model.json", "--precision", "0.01", "--shots", "20000", "--json"], capsys)
    assert few["shots"] == 20_000
    assert any("cross entropy has a standard error of" in warning for warning in few["warnings"])


def test_without_targets_a_precision_is_of_every_probability(folder: Path, capsys: Captured) -> None:
    (folder / "model.json").write_text(json.dumps(json.loads((VECTORS / f"{LAST}.json").read_text())["model"]))
    found = _printed(["run", "model.json", "--precision", "0.02", "--json"], capsys)
    (errors,) = found["value_errors"]["predictions"]
    assert 0.01 < max(errors["probabilities"]) <= 0.02
    assert found["metrics"].keys() == {"success_probability"}


def test_readout_errors_of_next_words_are_not_corrected(document: dict[str, Any], capsys: Captured) -> None:
    assert run(["compile", "model.json", "--target", "h2", "-q"]) == 0
    assert run(["run", "model.qsac.json", "--noise", "--mitigate"]) == 2
    assert capsys.readouterr().err == (
        "error: the readout errors of these results are not corrected [run.unsupported-readout]\n"
        '  found:  the readout "next-token"\n'
        "  help:   run with --noise alone\n"
    )


PLACES = ("layer 1: residual row", "layer 1: head 2", "layer 1: scores", "layer 1: feed-forward", "readout")


def test_places_are_printed(document: dict[str, Any], capsys: Captured) -> None:
    commands = (
        ["check", "model.json"],
        ["compile", "model.json", "--target", "h2", "-v"],
        ["estimate", "model.json", "--target", "h2"],
    )
    for command in commands:
        assert run(command) == 0
        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("of 7 circuits position-5 succeeds least often") for line in lines), command
        for place in PLACES:
            assert any(line.startswith(f"{place} ") for line in lines), (command, place)
        assert any("of each circuit for a standard error of 0.1 in the cross entropy" in line for line in lines)
    assert run(["compile", "model.json", "--target", "h2"]) == 0
    assert "layer 1" not in capsys.readouterr().out


def test_check_tells_programs_too(document: dict[str, Any], capsys: Captured) -> None:
    found = _printed(["check", "model.json", "--json"], capsys)
    assert found["forecast"]["success_probability"] == pytest.approx(found["success_probability"])
    assert found["forecast"]["places"][0]["place"] == "layer 1: residual row"


def test_what_succeeds_seldom_is_said_with_its_reason(document: dict[str, Any], capsys: Captured) -> None:
    model = json.loads(Path("model.json").read_text())
    layer = model["transformer"]["layers"][0]
    layer["feed_forward"] = {**layer["feed_forward"], "coefficients": [0, 0, 0, 1]}
    layer["feed_forward"].pop("function", None)
    Path("model.json").write_text(json.dumps(model))
    for command in (["check", "model.json"], ["estimate", "model.json"], ["compile", "model.json", "--target", "h2"]):
        assert run(command) == 0
        said = [line for line in capsys.readouterr().err.splitlines() if "feed-forward" in line]
        (sentence,) = said
        assert sentence.startswith("note: the feed-forward of layer 1 succeeds once in ")
        assert sentence.endswith(": its polynomial has no linear term")
    assert run(["compile", "model.json", "--target", "h2", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_more_than_ten_million_shots_are_warned_of(document: dict[str, Any], capsys: Captured) -> None:
    """A target that is hardly ever found."""
    model = json.loads(Path("model.json").read_text())
    model["readout"]["vocabulary"] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1e-6]]
    Path("model.json").write_text(json.dumps(model))
    assert run(["check", "model.json"]) == 0
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert warning.startswith("warning: a standard error of 0.1 in the cross entropy takes about ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--context", "1e6"], "estimate.invalid-size"),
        (["--context", "60000", "--dimension", "1000"], "capacity.plan-too-large"),
    ],
)
def test_sizes_that_are_too_large_are_refused(
    document: dict[str, Any], capsys: Captured, arguments: list[str], code: str
) -> None:
    assert run(["estimate", "model.json", *arguments]) in (2, 3)
    assert f"[{code}]" in capsys.readouterr().err
