"""Programs by shots: how far estimates are off, and circuits that load what others have measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run as command
from qsac.families.contract import CircuitStep
from qsac.families.program.family import FAMILY
from qsac.runtime.as_compiled import MADE_FOR_EXACT
from qsac.runtime.run import run as run_compiled
from qsac.simulation.verification import compare, of_program
from tests.families.program.by_shots import drawn, run_by_shots
from tests.families.program.models import layers, loaded, network, training, vector

# Feed-forward


def _halves(result: Any) -> Any:
    return np.array(result.value_errors["output"])


def test_outputs_are_within_their_errors() -> None:
    """Of 40 runs of two neurons: within the 99% intervals that are told, but for a few."""
    model = loaded(network(estimate={"orders": [1, 2, 3, 5, 8, 13], "shots": 64}))
    exact = np.array(model.readout.closed_form(model).values["output"])
    outside, largest = 0, 0.0
    for seed in range(40):
        result = run_by_shots(model, 64, seed)
        off = np.abs(np.array(result.values["output"]) - exact)
        outside += int((off > _halves(result)).sum())
        largest = max(largest, float(off.max()))
    assert outside <= 4
    assert 0 < largest < 0.15


def test_compiled_echoes_estimate_the_same() -> None:
    model = loaded(network(estimate={"orders": [1, 2, 3, 5, 8], "shots": 256}))
    compiled = qsac.compile(model, "h2")
    result = qsac.run(compiled, shots=256, seed=5)
    exact = np.array(model.readout.closed_form(model).values["output"])
    assert (np.abs(np.array(result.values["output"]) - exact) <= 1.5 * _halves(result)).all()
    assert result.values["layers"][0]["echo"]["8"] != model.readout.closed_form(model).values["layers"][0]["echo"]["8"]


def test_later_layers_load_what_was_estimated() -> None:
    """Two layers: the second one's circuits are made for the activations that the first one's shots say; nearer to the
    exact outputs with more shots, and within what is told."""
    model = loaded(vector("feed-forward-2-4-1")["model"])
    exact = np.array(model.readout.closed_form(model).values["output"])
    errors = []
    for shots in (64, 4096):
        off = []
        for seed in range(6):
            result = run_by_shots(model, shots, seed)
            off.append(np.abs(np.array(result.values["output"]) - exact))
            assert (off[-1] <= _halves(result)).all()
        errors.append(float(np.mean(off)))
    assert errors[1] < errors[0] / 3


def test_circuits_of_later_layers_are_those_of_the_estimates() -> None:
    """What the programs of a fed model give is its closed form, and no longer the exact model's."""
    for given, shots in ((vector("feed-forward-2-4-1")["model"], 64), (_two_layers(), 2000)):
        model = loaded(given)
        first = [step for step in model.plan.circuits if not step.after]
        exact = model.readout.expected(model)
        rng = np.random.default_rng(0)
        fed = FAMILY.fed(model, {step.name: drawn(exact[step.name], shots, rng) for step in first})
        expected, moved = fed.readout.expected(fed), 0
        later = [step for step in fed.plan.circuits if step.after][:12]
        for step in later:
            assert isinstance(step, CircuitStep)
            for name, one, other in compare(of_program(step.program), expected[step.name]):
                assert one == pytest.approx(other, abs=1e-11), (step.name, name)
            moved += any(abs(one - other) > 1e-6 for _, one, other in compare(expected[step.name], exact[step.name]))
        assert moved > len(later) / 2


def test_circuits_after_others_run_by_shots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line and from Python: circuits of the second layer are bound for what the first one gave."""
    given = vector("feed-forward-2-4-1")["model"]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(given))
    model = loaded(given)
    assert command(["run", str(path), "--shots", "2048", "--seed", "1", "--json", "--no-cache"]) == 0
    printed = json.loads(capsys.readouterr().out)
    result = qsac.run(model, shots=2048, seed=1)
    assert printed["values"] == json.loads(json.dumps(result.values))
    exact = np.array(model.readout.closed_form(model).values["output"])
    off = np.abs(np.array(result.values["output"]) - exact)
    assert (off > 1e-6).all()
    assert (off <= _halves(result)).all()
    assert command(["run", str(path), "--shots", "2048", "--seed", "1", "--no-cache"]) == 0
    shown = capsys.readouterr().out
    assert "2,048 shots, seed 1" in shown
    assert f"{result.values['output'][0][0]:.4g}" in shown


def test_a_network_is_trained_by_shots() -> None:
    """Losses are near the exact ones, the nearer the more shots, and fall; later passes load estimated numbers."""
    given = network(
        train={"targets": [[0.6, -0.7]], "rate": 0.8, "steps": 2}, estimate={"orders": [1, 2, 3, 5, 8], "shots": 64}
    )
    given["program"]["layers"].append({"weights": [[0.7, -0.4], [0.2, 0.9]], "activation": "identity"})
    model = loaded(given)
    exact = model.readout.closed_form(model).values["train"]
    assert exact["losses"][2] < exact["losses"][0] / 2
    off = {}
    for shots in (64, 4096):
        found = run_by_shots(model, shots, 1).values["train"]
        off[shots] = np.abs(np.array(found["losses"]) - exact["losses"]).max()
        assert np.shape(found["layers"][0]["weights"]) == np.shape(exact["layers"][0]["weights"])
    assert 0 < off[4096] < off[64] < 0.1
    steps = model.plan.circuits
    first = [step for step in steps if not step.after]
    expected, rng = model.readout.expected(model), np.random.default_rng(0)
    fed = FAMILY.fed(model, {step.name: drawn(expected[step.name], 64, rng) for step in first})
    kept = {
        one.name
        for one, other in zip(steps, fed.plan.circuits, strict=True)
        if one.program.tables == other.program.tables
    }
    assert kept == {step.name for step in first}


# Layers


def _two_layers() -> dict[str, Any]:
    attention = {"kernel": {"type": "softmax-taylor", "degree": 2, "temperature": 1.0}, "mask": "full"}
    return layers(layers=[{"attention": attention}, {"attention": attention, "residual": 0.5}])


def test_rows_are_read() -> None:
    """One layer of 4 x 3: within the errors that are told, and about as the published table says (0.06 at delta 0.1,
    0.03 at 0.05, of outputs)."""
    model = loaded(vector("layers-4x3")["model"])
    closed = model.readout.closed_form(model).values
    wanted, output = (np.array(found) for found in (closed["layers"][0]["attention"], closed["output"]))
    for shots, most in ((6000, 0.12), (60000, 0.04)):
        within, off = [], []
        for seed in range(8):
            result = run_by_shots(model, shots, seed)
            found = np.array(result.values["layers"][0]["attention"])
            halves = np.array(result.value_errors["layers"][0]["attention"])
            within.append((np.abs(found - wanted).max(axis=1) <= halves).mean())
            off.append(np.abs(np.array(result.values["output"]) - output).max())
        assert np.mean(within) > 0.9
        assert np.mean(off) < most


def test_rows_are_read_by_a_reference() -> None:
    """The same with a reference state: within the published bound, and further off than by bases on average."""
    off: dict[str, list[float]] = {"reference": [], "bases": []}
    for method, found in off.items():
        given = vector("layers-4x3")["model"]
        given["program"]["tomography"] = {"method": method, "precision": 0.1}
        model = loaded(given)
        wanted = np.array(model.readout.closed_form(model).values["layers"][0]["attention"])
        # As many shots in all: two settings a row, or three.
        for seed in range(8):
            result = run_by_shots(model, 12000 * 3 // (2 if method == "reference" else 3), seed)
            errors = np.abs(np.array(result.values["layers"][0]["attention"]) - wanted).max(axis=1)
            assert (errors <= np.array(result.value_errors["layers"][0]["attention"])).all()
            found.append(float(errors.max()))
    assert np.mean(off["reference"]) < 0.15
    assert np.mean(off["bases"]) < np.mean(off["reference"])


def test_networks_of_layers_are_estimated() -> None:
    """Circuits of networks load the rows that were read; outputs come nearer with more shots, for networks too."""
    attention = {"kernel": {"type": "softmax-taylor", "degree": 2}, "mask": "full"}
    network = [{"weights": [[1, 0.5], [-0.3, 0.8]], "bias": [0.1, 0.2], "activation": "tanh"}]
    given = layers(layers=[{"attention": attention, "feed_forward": network}], feed_forward_by="inner-products")
    model = loaded(given)
    exact = np.array(model.readout.closed_form(model).values["layers"][0]["feed_forward"])
    off: dict[int, float] = {}
    for shots in (400, 40000):
        found = []
        for seed in range(3):
            result = run_by_shots(model, shots, seed)
            found.append(np.abs(np.array(result.values["layers"][0]["feed_forward"]) - exact).max())
            halves = np.array(result.value_errors["layers"][0]["feed_forward"])
            assert halves.shape == exact.shape
            assert (halves > 0).all()
        off[shots] = float(np.mean(found))
    assert off[40000] < 0.5 * off[400] < 0.3
    first = [step for step in model.plan.circuits if not step.after]
    expected, rng = model.readout.expected(model), np.random.default_rng(0)
    fed = FAMILY.fed(model, {step.name: drawn(expected[step.name], 400, rng) for step in first})
    before, after = (
        next(step for step in one.plan.circuits if "network" in step.name).program.tables for one in (model, fed)
    )
    assert before["weights"].values.tolist() == after["weights"].values.tolist()
    assert before["inputs"].values.tolist() != after["inputs"].values.tolist()


def test_two_layers_are_read() -> None:
    model = loaded(_two_layers())
    exact = np.array(model.readout.closed_form(model).values["output"])
    off = [np.abs(np.array(run_by_shots(model, 40000, seed).values["output"]) - exact).max() for seed in range(6)]
    assert np.mean(off) < 0.06


def test_compiled_layers_are_read() -> None:
    model = loaded(layers())
    compiled = qsac.compile(model, "h2")
    result = qsac.run(compiled, "statevector", shots=20000, seed=2)
    exact = np.array(model.readout.closed_form(model).values["layers"][0]["attention"])
    found = np.array(result.values["layers"][0]["attention"])
    assert 1e-6 < np.abs(found - exact).max() < 0.05
    assert model.readout.shots(model, model.expected, 0.1) > 100


# Linearised training


def test_parameters_are_read() -> None:
    """The standard error that is told, gamma alpha |r| / (2 sqrt N), is that of 60 runs, whatever the value."""
    for name in ("training-1-order-2", "training-linear-2"):
        model = loaded(vector(name)["model"])
        exact = np.array(model.readout.closed_form(model).values["theta_carleman"])
        off = []
        for seed in range(60):
            result = run_by_shots(model, 4000, seed)
            found = np.array(result.values["theta_carleman"])
            off.append((found - exact) / np.array(result.value_errors["theta_carleman"]))
        spread = np.sqrt(np.mean(np.square(off), axis=0))
        assert spread.max() < 1.4
        assert spread.max() > 0.3


def test_the_precision_of_the_model_is_planned_for() -> None:
    model = loaded(training(precision=0.01))
    shots = model.readout.shots(model, model.expected, 0.1)
    assert model.system.spread / np.sqrt(shots) == pytest.approx(0.01, rel=0.01)


def test_shots_of_later_layers_as_they_were_compiled_say_so() -> None:
    compiled = qsac.compile(loaded(_two_layers()), "h2", verify=False)
    assert qsac.run(compiled).warnings == ()
    assert MADE_FOR_EXACT in run_compiled(compiled, "statevector", shots=4000).warnings
