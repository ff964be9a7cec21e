"""Programs by shots: what is found, how far estimates are off, and circuits that load what others have measured."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run as command
from qsac.families.contract import CircuitStep
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.family import FAMILY
from qsac.families.program.model import Model
from qsac.runtime.as_compiled import MADE_FOR_EXACT
from qsac.runtime.run import run as run_compiled
from qsac.simulation.verification import compare, of_program
from tests.cases import ALL
from tests.families.program.models import layers, loaded, network, search, training, vector

Rng = np.random.Generator


def _drawn(outcomes: Outcomes, shots: int, rng: Rng) -> Outcomes:
    """Shots of exact outcomes."""
    if outcomes.index is None:
        ((name, share),) = outcomes.success.items()
        hits = float(rng.binomial(shots, min(share, 1.0)))
        return Outcomes(shots, shots, {name: hits})
    weights = np.append(outcomes.index.marginal, max(0.0, 1 - outcomes.index.marginal.sum()))
    counts = rng.multinomial(shots, weights / weights.sum())[:-1].astype(float)
    ((name, _),) = outcomes.success.items()
    given = float(counts.sum())
    return Outcomes(shots, given, {name: given}, Index(counts, counts))


def _run(model: Model, shots: int | Mapping[str, int], seed: int) -> Any:
    """A run in the order of the plan: circuits that come after others are made again for what these have given."""
    rng, seen, current = np.random.default_rng(seed), {}, model
    steps = model.plan.circuits
    while len(seen) < len(steps):
        ready = [step for step in current.plan.circuits if step.name not in seen and seen.keys() >= set(step.after)]
        exact = current.readout.expected(current)
        for step in ready:
            number = shots if isinstance(shots, int) else shots[step.name]
            seen[step.name] = _drawn(exact[step.name], number, rng)
        current = FAMILY.fed(model, seen)
    return current.readout.result(current, seen)


# Search


def _row(rng: Rng, low: float, high: float, most: int) -> list[list[float]]:
    """Eight states of dimension 4, of which row 0 scores at most ``most`` others, itself among them, within or above
    the margin, and at least itself above."""
    while True:
        rows = rng.normal(size=(8, 4))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        possible = int((np.abs(rows @ rows[0]) >= low).sum())
        if possible <= most:
            return rows.tolist()


@pytest.mark.parametrize(("degree", "kind", "allowed"), [(12, "typical", 0.02), (20, "guarantee", 0.01)])
def test_rows_are_found(degree: int, kind: str, allowed: float) -> None:
    """1,000 rows, or 30, at a failure of 0.01, by the planned shots of which the heralds take some: no false key ever,
    and at most as many misses as are allowed (five standard deviations above)."""
    rows, missed, most = 1000 if ALL else 30, 0, 2
    rng = np.random.default_rng(degree)
    for _ in range(rows):
        given = search(
            threshold=0.6,
            most=most,
            rows=[0],
            schedule=kind,
            failure=0.01,
            oracle={"type": "overlap", "degree": degree},
        )
        given["tokens"] = {"type": "inline", "values": _row(rng, 0.4, 0.8, most)}
        model = loaded(given)
        planned = model.system.planned[8]
        shots = {f"row-0-rounds-{rounds}": number for rounds, number in planned.items()}
        result = _run(model, shots, int(rng.integers(1 << 31)))
        found, exact = set(result.values["rows"][0]["found"]), set(model.system.found(0))
        assert found <= exact
        sure = {int(key) for key in np.flatnonzero(model.system.scores[0] >= 0.8)}
        missed += not sure <= found
    assert missed <= rows * allowed + 5 * np.sqrt(rows * allowed)


def test_a_run_says_what_it_may_have_missed() -> None:
    model = loaded(search(rows=[0], oracle={"type": "overlap", "degree": 4}, schedule="typical", most=2))
    compiled = qsac.compile(model, "h2")
    few, many = (qsac.run(compiled, shots=shots, seed=1) for shots in (2, 60))
    assert few.values["missed_bound"]["4"] > model.system.failure
    assert any("accepted shots" in text for text in few.warnings)
    assert many.values["missed_bound"]["4"] < model.system.failure
    assert many.warnings == ()
    assert many.values["rows"][0]["found"] == list(model.system.found(0))
    assert many.values["output"] == model.readout.closed_form(model).values["output"]
    needed = model.readout.shots(model, model.expected, 0.1)
    assert needed == max(model.system.planned[4].values())


def test_noise_makes_misses_and_no_false_keys() -> None:
    model = loaded(search(rows=[1], oracle={"type": "overlap", "degree": 4}, schedule="typical", most=1))
    result = qsac.run(qsac.compile(model, "h2"), shots=200, seed=3, noise=True)
    assert set(result.values["rows"][0]["found"]) <= set(model.system.found(1))
    exact = model.readout.closed_form(model)
    assert result.success_probability is not None
    assert result.success_probability < exact.success_probability + 0.1


# Feed-forward


def _halves(result: Any) -> Any:
    return np.array(result.value_errors["output"])


def test_outputs_are_within_their_errors() -> None:
    """Of 40 runs of two neurons: within the 99% intervals that are told, but for a few."""
    model = loaded(network(estimate={"orders": [1, 2, 3, 5, 8, 13], "shots": 64}))
    exact = np.array(model.readout.closed_form(model).values["output"])
    outside, largest = 0, 0.0
    for seed in range(40):
        result = _run(model, 64, seed)
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
            result = _run(model, shots, seed)
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
        fed = FAMILY.fed(model, {step.name: _drawn(exact[step.name], shots, rng) for step in first})
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
        found = _run(model, shots, 1).values["train"]
        off[shots] = np.abs(np.array(found["losses"]) - exact["losses"]).max()
        assert np.shape(found["layers"][0]["weights"]) == np.shape(exact["layers"][0]["weights"])
    assert 0 < off[4096] < off[64] < 0.1
    steps = model.plan.circuits
    first = [step for step in steps if not step.after]
    expected, rng = model.readout.expected(model), np.random.default_rng(0)
    fed = FAMILY.fed(model, {step.name: _drawn(expected[step.name], 64, rng) for step in first})
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
            result = _run(model, shots, seed)
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
            result = _run(model, 12000 * 3 // (2 if method == "reference" else 3), seed)
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
            result = _run(model, shots, seed)
            found.append(np.abs(np.array(result.values["layers"][0]["feed_forward"]) - exact).max())
            halves = np.array(result.value_errors["layers"][0]["feed_forward"])
            assert halves.shape == exact.shape
            assert (halves > 0).all()
        off[shots] = float(np.mean(found))
    assert off[40000] < 0.5 * off[400] < 0.3
    first = [step for step in model.plan.circuits if not step.after]
    expected, rng = model.readout.expected(model), np.random.default_rng(0)
    fed = FAMILY.fed(model, {step.name: _drawn(expected[step.name], 400, rng) for step in first})
    before, after = (
        next(step for step in one.plan.circuits if "network" in step.name).program.tables for one in (model, fed)
    )
    assert before["weights"].values.tolist() == after["weights"].values.tolist()
    assert before["inputs"].values.tolist() != after["inputs"].values.tolist()


def test_two_layers_are_read() -> None:
    model = loaded(_two_layers())
    exact = np.array(model.readout.closed_form(model).values["output"])
    off = [np.abs(np.array(_run(model, 40000, seed).values["output"]) - exact).max() for seed in range(6)]
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
            result = _run(model, 4000, seed)
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


# Other strategies of a search


@pytest.mark.parametrize(
    "program",
    [
        {"strategy": "sample"},
        {"index": "superposed", "schedule": "typical"},
        {"verify": "measured", "schedule": "typical"},
        {"verify": "measured", "part": "re", "strategy": "sample", "margin": 0.5},
    ],
    ids=["sample", "superposed", "measured", "measured-sample"],
)
def test_other_searches_find_rows(program: Mapping[str, Any]) -> None:
    """By the shots that are planned, at a failure of 0.01: few keys above the margin are missed, and none below it is
    found; measured scores are within what is told of them."""
    models = 200 if ALL else 6
    missed, wanted, outside, told = 0, 0, 0, 0
    for seed in range(models):
        rng = np.random.default_rng((9, seed))
        given = search(threshold=0.6, most=2, rows=[0], failure=0.01, **{"margin": 0.4} | program)
        given["program"]["oracle"] = {"type": "overlap", "degree": 12}
        given["tokens"] = {"type": "inline", "values": _row(rng, 0.4, 0.8, 2)}
        model = loaded(given)
        planned = max(number for shots in model.system.planned.values() for number in shots.values())
        result = _run(model, max(planned, 64 if "verify" in program else 1), seed)
        (row,) = result.values["rows"]
        scores = model.system.scores[0]
        half = model.system.margin / 2
        sure = {int(key) for key in np.flatnonzero(scores >= 0.6 + half)}
        missed, wanted = missed + len(sure - set(row["found"])), wanted + len(sure)
        assert all(scores[key] >= 0.6 - half for key in row["found"])
        if "verify" in program:
            errors = result.value_errors["rows"][0]["scores"]
            outside += sum(
                abs(one - scores[key]) > error
                for key, one, error in zip(row["found"], row["scores"], errors, strict=True)
            )
            told += len(errors)
        else:
            assert row["scores"] == [float(scores[key]) for key in row["found"]]
    assert wanted >= models
    assert missed <= 0.02 * wanted + 5 * np.sqrt(0.02 * wanted)
    assert outside <= 0.02 * told + 5 * np.sqrt(0.02 * told)


def test_candidates_are_those_that_shots_end_in() -> None:
    """Echoes of a run load what the search has seen; without any shot of a place, no key is made up."""
    given = search(verify="measured", rows=[0], schedule="typical", oracle={"type": "overlap", "degree": 4}, most=3)
    model = loaded(given)
    steps = [step for step in model.plan.circuits if step.after]
    assert steps
    assert all(set(step.after) == {one.name for one in model.plan.circuits if not one.after} for step in steps)
    (first,) = [step.name for step in model.plan.circuits if not step.after]
    weights = np.array([0.0, 0.0, 5.0, 1.0])
    outcomes = Outcomes(8, 6, {"found": 6}, Index(weights, weights))
    fed = FAMILY.fed(model, {first: outcomes})
    assert fed.system.seen == {0: (2, 3)}
    (other,) = {step.program.tables["key"].values.tobytes() for step in fed.plan.circuits if "candidate-1" in step.name}
    assert other == model.system.states[3].tobytes()
    compiled = qsac.run(qsac.compile(model, "h2"), shots=200, seed=4)
    assert compiled.values["rows"][0]["found"] == list(model.system.found(0))


def test_auto_takes_what_loads_keys_less_often() -> None:
    """Few keys and a wide margin take a sample; more keys take rounds."""
    few, many = (
        loaded(
            search(threshold=0.6, margin=0.7, most=1, strategy="auto", schedule="typical")
            | {"tokens": {"type": "inline", "values": np.random.default_rng(2).normal(size=(count, 2)).tolist()}}
        ).system
        for count in (8, 16)
    )
    assert few.samples
    assert not many.samples
    for system in (few, many):
        loads = system.loads_a_key
        assert system.samples == (loads["sample"] < loads["search"])
