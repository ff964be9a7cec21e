"""Predictions and overlaps at the command line: compile, run, check, interpret, schema."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pytket.extensions.qiskit import AerBackend
from qiskit_aer import AerSimulator

import qsac
from qsac.cli.main import run
from qsac.families.reading import load
from qsac.runtime.schema import RunResult, json_schema, json_schema_text
from tests.cli.conftest import MODELS, sealed

Captured = pytest.CaptureFixture[str]
READOUTS: dict[str, dict[str, Any]] = {
    "basis": {"type": "predict"},
    "tokens": {"type": "predict", "position": 3, "states": "tokens"},
    "complex": {"type": "overlaps"},
    "abs2": {"type": "overlaps", "part": "abs2", "pairs": "all"},
}


@pytest.fixture(params=READOUTS)
def model(request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    """A model in model.json."""
    attention = MODELS["complex"]["attention"] | {"kernel": {"type": "monomial", "degree": 1}}
    chosen = MODELS["complex"] | {"attention": attention, "readout": READOUTS[request.param]}
    (folder / "model.json").write_text(json.dumps(chosen))
    return chosen


def _closed_form(model: dict[str, Any]) -> tuple[str, dict[str, Any], float | None]:
    """The name and the content of a model's one value, and its success probability."""
    loaded = load(model)
    found = loaded.readout.closed_form(loaded)
    ((name, content),) = found.values.items()
    return name, content, found.success_probability


def _printed(arguments: list[str], capsys: Captured) -> dict[str, Any]:
    assert run(arguments) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_an_artifact_runs_and_its_table_stands_beside_the_closed_form(model: dict[str, Any], capsys: Captured) -> None:
    name, exact, success = _closed_form(model)
    assert success is not None
    assert run(["compile", "model.json", "--target", "h1"]) == 0
    assert "verified against the closed form" in capsys.readouterr().out
    found = _printed(["run", "model.qsac.json", "--target", "statevector", "--json"], capsys)
    RunResult.model_validate(found)
    growth = qsac.Compiled.load("model.qsac.json").subnormalisations[0]
    assert found["metrics"] == {"success_probability": pytest.approx(success / growth**2)}
    assert found["values"].keys() == {name}
    assert found["values"][name].keys() == exact.keys()
    assert found["value_errors"] == {}
    assert run(["run", "model.qsac.json", "--shots", "2000", "--seed", "3"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "complex on h1, 2,000 shots, seed 3"
    assert "closed form" in lines[1]
    assert len(lines) == 4 + {"basis": 4, "tokens": 5, "complex": 10, "abs2": 16}[_kind(model)]
    assert lines[-1].startswith("success_probability ")
    simulated, forecast = captured.err.splitlines()
    assert simulated == "note: h1 was simulated on this computer, without noise"
    assert forecast.startswith("note: on the machine h1: 2,000 shots cost ")
    assert forecast.endswith(" of 2,000 shots will be accepted and free of errors")


def _kind(model: dict[str, Any]) -> str:
    return next(name for name, readout in READOUTS.items() if readout == model["readout"])


def test_check_prints_the_closed_form(model: dict[str, Any], capsys: Captured) -> None:
    name, exact, success = _closed_form(model)
    found = _printed(["check", "model.json", "--metrics", "--json"], capsys)
    assert found["values"] == {name: exact}
    assert found["success_probability"] == success
    assert (found["target"], found["shots"], found["value_errors"]) == (None, None, {})
    assert run(["check", "model.json", "--metrics"]) == 0
    assert f"closed form of the {name}\n" in capsys.readouterr().out


def test_counts_taken_elsewhere(model: dict[str, Any], capsys: Captured) -> None:
    compiled = qsac.compile(model, "h1")
    compiled.save("model.qsac.json")
    name, exact, _ = _closed_form(model)
    (part,) = [each for each in ("probabilities", "re", "abs2") if each in exact]
    qiskit = AerSimulator(seed_simulator=3).run(compiled.to_qiskit(), shots=4_000).result().get_counts()
    result = AerBackend().run_circuit(compiled.to_tket(), n_shots=4_000, seed=3)
    pytket = {str(outcome): count for outcome, count in result.get_counts().items()}
    for counts in (qiskit, pytket):
        Path("counts.json").write_text(json.dumps(counts))
        found = _printed(["interpret", "model.qsac.json", "counts.json", "--json"], capsys)
        RunResult.model_validate(found)
        values, errors = found["values"][name][part], found["value_errors"][name][part]
        for value, wanted, error in zip(_flat(values), _flat(exact[part]), _flat(errors), strict=True):
            assert (value is None) == (wanted is None)
            assert wanted is None or abs(value - wanted) < 5 * error


def _flat(values: list[Any]) -> list[Any]:
    return [entry for row in values for entry in _flat(row)] if isinstance(values[0], list) else values


def test_long_tables_are_cut_and_say_so(folder: Path, capsys: Captured) -> None:
    tokens = {"type": "tfim", "sites": 1, "context": 12, "dt": 0.3, "coupling": 1, "field": 1, "initial": "haar"}
    (folder / "model.json").write_text(
        json.dumps(MODELS["complex"] | {"tokens": tokens, "readout": {"type": "overlaps"}})
    )
    for arguments in (["run", "model.json"], ["check", "model.json", "--metrics"]):
        assert run(arguments) == 0
        assert "... and 14 more: --json prints all of them" in capsys.readouterr().out


def test_files_of_states_go_into_the_artifact(folder: Path, capsys: Captured) -> None:
    (folder / "states.csv").write_text("1,0,0,0\n0.5,0.5,0.5,-0.5\n0,1,1,0\n")
    (folder / "model.json").write_text(
        json.dumps(MODELS["complex"] | {"readout": {"type": "predict", "states": {"path": "states.csv"}}})
    )
    assert run(["compile", "model.json", "-q"]) == 0
    (folder / "states.csv").unlink()
    found = _printed(["run", "model.qsac.json", "--json"], capsys)
    assert len(found["values"]["predictions"]["probabilities"]) == 3


def test_an_artifact_whose_readout_does_not_fit_its_model_is_refused(model: dict[str, Any], capsys: Captured) -> None:
    compiled = qsac.compile(model, "h1")
    document = json.loads(compiled.to_json())
    (readout,) = document["circuits"][0]["readout"]
    for name, value in {"metric": "fidelity", "index": readout["index"][1:]}.items():
        document["circuits"][0]["readout"] = [readout | {name: value}]
        Path("model.qsac.json").write_text(sealed(document))
        assert run(["run", "model.qsac.json"]) == 2
        assert capsys.readouterr().err.startswith(
            "error: the artifact is damaged [artifact.damaged]\n  where:  model.qsac.json /circuits/0/"
        )


def test_the_schema_of_results_is_the_generated_one(capsys: Captured) -> None:
    shipped = (resources.files("qsac") / "runtime" / "results.schema.json").read_text(encoding="utf-8")
    command = "python -c \"from qsac.runtime.schema import *; print(json_schema_text(), end='')\""
    assert json.loads(shipped) == json_schema(), f"regenerate it: {command} > results.schema.json"
    assert shipped == json_schema_text()
    assert run(["schema", "--of", "results"]) == 0
    assert capsys.readouterr().out == shipped
