"""Running from Python what the command line runs: models in every form, artifacts, compiled programs."""

import json
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run as command_line
from qsac.compiler import running
from qsac.compiler.running import compiled_of, program_of
from qsac.machine.registry import target
from tests.machine.test_target_file import machine as machine_of_a_file
from tests.test_arguments import MODEL

DEVICE = {
    "qsac_target": 1,
    "name": "bench",
    "qubits": 6,
    "gates": ["SX", "X", "Rz", "CZ", "Measure", "Reset"],
    "coupling": {"type": "line"},
    "errors": {
        "one_qubit": 1e-4,
        "two_qubit": 5e-3,
        "measure_0": 1e-2,
        "measure_1": 2e-2,
        "date": "2026-11-01",
        "source": "a test",
    },
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(MODEL), encoding="utf-8")
    (tmp_path / "bench.json").write_text(json.dumps(DEVICE), encoding="utf-8")
    qsac.compile(MODEL, "h2").save("h2.qsac.json")
    return tmp_path


@pytest.mark.parametrize(
    ("program", "options", "arguments"),
    [
        ("model.json", {}, []),
        ("model.json", {"shots": 500, "seed": 3}, ["--shots", "500", "--seed", "3"]),
        ("model.json", {"target": "aer", "shots": 500}, ["--target", "aer", "--shots", "500"]),
        ("model.json", {"target": "h2", "noise": True}, ["--target", "h2", "--noise"]),
        (
            "model.json",
            {"target": "h2", "noise": True, "mitigate": True, "shots": 2000, "seed": 5},
            ["--target", "h2", "--noise", "--mitigate", "--shots", "2000", "--seed", "5"],
        ),
        ("model.json", {"precision": 0.2}, ["--precision", "0.2"]),
        (
            "model.json",
            {"target": "bench.json", "noise": True, "shots": 300},
            ["--target", "bench.json", "--noise", "--shots", "300"],
        ),
        ("h2.qsac.json", {}, []),
        ("h2.qsac.json", {"target": "statevector", "shots": 100}, ["--target", "statevector", "--shots", "100"]),
        ("h2.qsac.json", {"noise": True, "shots": 700}, ["--noise", "--shots", "700"]),
    ],
)
def test_as_the_command_line(
    program: str, options: dict[str, Any], arguments: list[str], files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line(["run", program, *arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    printed.pop("forecast", None)  # what the machine itself would take is no part of the result
    for given in (program, files / program):
        assert json.loads(json.dumps(qsac.run(given, **options).to_dict())) == printed


def test_every_form_of_a_model_runs_alike(files: Path) -> None:
    model = qsac.load(MODEL)
    results = [qsac.run(program, shots=400, seed=2) for program in (MODEL, model, "model.json", files / "model.json")]
    assert all(result == results[0] for result in results)
    assert (results[0].target, results[0].shots, results[0].seed) == ("statevector", 400, 2)
    assert results[0] == qsac.run(qsac.compile(MODEL, "statevector", seed=2), shots=400, seed=2)


def test_a_model_is_compiled_for_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, Any]] = []

    def spied(model: Any, machine: Any, **options: Any) -> Any:
        asked.append((machine, options["seed"]))
        return qsac.compile(model, machine, **options)

    monkeypatch.setattr(running, "compile_model", spied)
    own = machine_of_a_file()
    results = [qsac.run(MODEL, machine, seed=seed) for machine, seed in ((None, None), ("h2", 4), (own, 0))]
    assert asked == [("statevector", 0), ("h2", 4), (own, 0)]
    assert [result.target for result in results] == ["statevector", "h2", own.name]
    compiled = qsac.compile(MODEL)
    asked.clear()
    assert qsac.run(compiled).target == "h2"
    assert compiled_of(compiled, "h2") is compiled
    assert asked == []


def test_options_are_looked_at_before_anything_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "compile_model", lambda *_, **__: pytest.fail("compiled"))
    for wrong in (
        {"shots": 0},
        {"seed": -1},
        {"precision": 0},
        {"noise": "yes"},
        {"precision": "1e-3"},
        {"shots": True},
    ):
        with pytest.raises(qsac.InvalidInputError):
            qsac.run(MODEL, **wrong)


def test_targets_as_objects(files: Path) -> None:
    compiled = qsac.compile(MODEL, "bench.json")
    own = qsac.run(compiled)
    assert qsac.run(compiled, files / "bench.json") == qsac.run(compiled, "bench.json") == own
    assert qsac.run(compiled, target("aer"), shots=50).target == "aer"
    for other in (target("h2"), machine_of_a_file()):
        with pytest.raises(qsac.InvalidInputError, match="compiled for bench, and not for the machine") as caught:
            qsac.run(compiled, other)
        assert caught.value.found == other.name
    (files / "bench.json").write_text(json.dumps({**DEVICE, "qubits": 7}), encoding="utf-8")
    with pytest.raises(qsac.InvalidInputError, match="of this file") as caught:
        qsac.run(compiled, files / "bench.json")
    assert caught.value.source == str(files / "bench.json")


def test_a_simulator_that_only_has_the_name_of_one(files: Path) -> None:
    from dataclasses import replace

    compiled = qsac.compile(MODEL)
    with pytest.raises(qsac.InvalidInputError, match="not for the machine of this object"):
        qsac.run(compiled, replace(target("statevector"), qubits=3))


def test_programs(files: Path) -> None:
    compiled, model = qsac.compile(MODEL), qsac.load(MODEL)
    assert program_of(compiled) is compiled
    assert program_of(model) is model
    assert program_of("h2.qsac.json") == qsac.Compiled.load("h2.qsac.json")
    assert isinstance(program_of("model.json"), qsac.Model)
    with pytest.raises(qsac.InvalidInputError, match="model file does not exist"):
        qsac.run("missing.json")
    with pytest.raises(qsac.QsacError) as caught:
        qsac.run("bench.json")
    assert caught.value.source == "bench.json"
