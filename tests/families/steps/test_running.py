"""Runs on many inputs, by shots, and circuits whose inputs are measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.errors import InvalidInputError
from qsac.families.contract import Result
from qsac.families.registry import family
from qsac.families.steps.feeding import fed
from qsac.families.steps.model import Model
from tests.families.steps.models import loaded, named

TWO = "two circuits"


def two_circuits() -> Model:
    """A model whose second circuit takes what the first one measures."""
    (found,) = (model for model in family("steps").examples() if model.name == TWO)
    assert isinstance(found, Model)
    return found


def _flat(content: Any) -> np.ndarray[Any, Any]:
    return np.array(content, dtype=float).reshape(-1)


@pytest.mark.parametrize("name", ["hybrid-classifier", "neuron-postselected", "qsann", "qmsan", "quixer"])
def test_many_inputs_exactly(name: str) -> None:
    fields, expected = named(name)
    inputs = [one["input"] for one in expected]
    for found in (qsac.run(loaded(fields), "h2", inputs=inputs), checked(fields, inputs)):
        for place, one in enumerate(expected):
            assert _flat(found.values["outputs"][place]) == pytest.approx(_flat(one["output"]), abs=1e-8)
            if "success_probability" in found.values:
                assert found.values["success_probability"][place] == pytest.approx(one["success"], abs=1e-8)
            if "weights" in one:
                assert _flat(found.values["attention"][place]) == pytest.approx(_flat(one["weights"]), abs=1e-8)


def checked(fields: dict[str, Any], inputs: list[Any]) -> Result:
    model, steps = loaded(fields), family("steps")
    return steps.evaluated(model, steps.samples(model, inputs))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["hybrid-classifier", "neuron-postselected", "qsann", "hadamard-test", "quixer"])
def test_shots_come_near(name: str) -> None:
    """Within five of their standard errors, and the errors are those of many runs."""
    fields, expected = named(name)
    inputs, wanted = [expected[0]["input"]], _flat(expected[0]["output"])
    outputs, spreads = [], []
    for seed in range(12):
        found = qsac.run(loaded(fields), "statevector", inputs=inputs, shots=3000, seed=seed)
        outputs.append(_flat(found.values["outputs"][0]))
        spreads.append(_flat(found.value_errors["outputs"][0]))
    scatter, told = np.std(outputs, axis=0, ddof=1), np.mean(spreads, axis=0)
    assert np.all(np.abs(np.mean(outputs, axis=0) - wanted) < 5 * told / np.sqrt(12) + 1e-9)
    # The standard deviation of 12 runs is known to a fifth of itself.
    known = told > 1e-9
    assert known.sum() >= len(known) / 2
    assert np.all(scatter[known] < 2 * told[known])
    assert np.all(scatter[known] > told[known] / 2.5)


def test_what_is_measured_decides_what_comes_after() -> None:
    model = two_circuits()
    steps = family("steps").plan(model).circuits
    assert [step.after for step in steps] == [(), (), ("step-1-group-0", "step-1-group-1")]
    runs = {run.name: run for run in model.runs}
    seen = {name: runs[name].expected for name in steps[2].after}
    again = fed(model, seen)
    assert again.fed[3] == pytest.approx(model.trace.inputs[3][0])
    shifted = {name: one.scaled(1.0) for name, one in seen.items()}
    weights = np.array([1.0, 0.0, 0.0, 0.0])
    index = seen["step-1-group-0"].index
    assert index is not None
    shifted["step-1-group-0"] = type(seen["step-1-group-0"])(
        1.0, 1.0, {"outcomes": 1.0}, type(index)(weights, weights), exact=True
    )
    other = fed(model, shifted)
    assert other.fed[3] != pytest.approx(model.trace.inputs[3][0])
    assert [step.name for step in family("steps").plan(other).circuits] == [step.name for step in steps]
    angles = [plan.circuits[2].program.tables["angles-0"] for plan in (model.plan, other.plan)]
    assert angles[0] != angles[1]


def test_counts_from_elsewhere_are_told_what_they_are_of() -> None:
    """Circuits that come after others were made for the closed form, when they were compiled."""
    compiled = qsac.compile(two_circuits(), "statevector")
    counts = {circuit.name: {"0" * len(circuit.bits): 90, "1" * len(circuit.bits): 10} for circuit in compiled.circuits}
    assert any("closed form" in warning for warning in qsac.interpret(compiled, counts, order="pytket").warnings)
    assert qsac.run(compiled, shots=100).warnings == ()
    assert any("closed form" in warning for warning in qsac.run(compiled, precision=0.1).warnings)


def test_errors_go_through_circuits_that_come_after() -> None:
    """The errors of the first circuit move the angles of the second one."""
    model = two_circuits()
    outputs, spreads = [], []
    for seed in range(16):
        found = qsac.run(model, "statevector", shots=1000, seed=seed)
        assert found.shots == 1000
        outputs.append(_flat(found.values["outputs"][0]))
        spreads.append(_flat(found.value_errors["outputs"][0]))
    scatter, told = np.std(outputs, axis=0, ddof=1), np.mean(spreads, axis=0)
    assert np.all(scatter < 1.8 * told)
    assert np.all(scatter > told / 2.2)
    wanted = _flat(model.readout.closed_form(model).values["outputs"][0])
    assert np.all(np.abs(np.mean(outputs, axis=0) - wanted) < 5 * told / 4)


def test_one_seed_gives_one_result() -> None:
    fields, expected = named("hybrid-reupload")
    inputs = [one["input"] for one in expected]
    first, second, other = (
        qsac.run(loaded(fields), "h2", inputs=inputs, shots=100, seed=seed, noise=True) for seed in (1, 1, 2)
    )
    assert first == second
    assert first.noise
    assert first.values != other.values


def test_sequences_of_several_lengths() -> None:
    fields, expected = named("qsann")
    long, short = expected[0]["input"], expected[1]["input"][:2]
    found = qsac.run(loaded(fields), inputs=[long, short, long])
    assert found.values["outputs"][0] == pytest.approx(found.values["outputs"][2])
    assert found.values["outputs"][1] == pytest.approx(checked(fields, [short]).values["outputs"][0])
    assert [len(weights) for weights in found.values["attention"]] == [3, 2, 3]


def test_a_projection_that_never_succeeds_has_no_output() -> None:
    blocks = [
        {"type": "bits"},
        {"type": "gates", "gates": [["project", [0], 1], ["cx", [1, 0]]]},
    ]
    step = {"type": "circuit", "qubits": 2, "blocks": blocks, "measure": {"type": "probabilities", "qubits": [0]}}
    fields = {"qsac": 1, "steps": [step]}
    for found in (qsac.run(loaded(fields), inputs=[[1.0, 1.0], [0.0, 1.0]]), checked(fields, [[1, 1], [0, 1]])):
        assert found.values["outputs"][0] == pytest.approx([1.0, 0.0])
        assert found.values["outputs"][1] is None
        assert found.values["success_probability"] == pytest.approx([1.0, 0.0])
        assert any("do not exist" in warning for warning in found.warnings)
    shots = qsac.run(loaded(fields), inputs=[[0.0, 1.0]], shots=50)
    assert shots.values["outputs"] == [None]
    assert any("not resolved" in warning for warning in shots.warnings)


def test_angles_that_are_spread_too_far_are_told() -> None:
    step = {"type": "circuit", "qubits": 1, "blocks": [{"type": "angle"}], "measure": {"type": "pauli", "each": "Z"}}
    near, far = ([[scale * number] for number in (-1.0, 1.0, 2.0)] for scale in (0.1, 3.0))
    assert checked({"qsac": 1, "steps": [step]}, near).warnings == ()
    (warning,) = checked({"qsac": 1, "steps": [step]}, far).warnings
    assert "/steps/0" in warning


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    fields, expected = named("hybrid-classifier")
    inputs = [one["input"] for one in expected]
    Path("model.json").write_text(json.dumps(fields))
    Path("inputs.json").write_text(json.dumps(inputs))
    np.save("inputs.npy", np.array(inputs))
    found = []
    for command in (
        ["check", "model.json", "--inputs", "inputs.json", "--json"],
        ["run", "model.json", "--inputs", "inputs.npy", "--json"],
        ["run", "model.json", "--inputs", "inputs.json", "--target", "h2", "--shots", "50", "--json"],
    ):
        assert run(command) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["target"] is None
    assert _flat(found[0]["values"]["outputs"]) == pytest.approx(_flat(found[1]["values"]["outputs"]), abs=1e-9)
    assert found[2]["shots"] == 50
    assert len(found[2]["value_errors"]["outputs"]) == len(inputs)
    assert run(["check", "model.json", "--inputs", "inputs.json"]) == 0
    assert "0.740623" in capsys.readouterr().out
    assert run(["compile", "model.json"]) == 2
    assert "[inputs.missing]" in capsys.readouterr().err
    Path("bound.json").write_text(json.dumps({**fields, "sample": inputs[0]}))
    assert run(["compile", "bound.json"]) == 0
    assert run(["run", "bound.qsac.json", "--inputs", "inputs.json", "--json"]) == 0
    assert run(["view", "bound.qsac.json"]) == 0
    assert run(["verify", "bound.qsac.json"]) == 0


def test_inputs_of_other_families_are_refused() -> None:
    (model, *_) = family("attention").examples()
    with pytest.raises(InvalidInputError) as caught:
        qsac.run(model, inputs=[[1.0]])
    assert caught.value.code == "run.no-inputs"
    fields, expected = named("hybrid-classifier")
    with pytest.raises(InvalidInputError) as caught:
        qsac.run(loaded(fields), inputs=[expected[0]["input"]], precision=0.1)
    assert caught.value.code == "run.unsupported-option"
