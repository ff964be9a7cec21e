"""Lists of steps that are trained: classes and numbers; a QCNN; a generator against a discriminator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.families.steps.evaluation import traced
from qsac.families.steps.model import Model
from qsac.training.evaluation import evaluate
from qsac.training.loop import Beginning
from qsac.training.reading import load
from qsac.training.running import train
from tests.families.steps.training_of_steps import ALONE, HYBRID, configured, halves, trained


def metric(run: Any, part: str, name: str) -> float:
    found = run.seeds[0].metrics[part][name]
    assert found is not None
    return float(found)


def test_a_hybrid_classifier_learns_and_its_model_file_gives_what_was_measured(tmp_path: Path) -> None:
    path = configured(tmp_path, halves(), HYBRID, epochs=40, optimiser={"type": "adam", "rate": 0.05}, seeds=2)
    run = train(path, tmp_path / "run")
    assert [one.seed for one in run.seeds] == [0, 1]
    assert metric(run, "train", "accuracy") > 0.95
    assert metric(run, "test", "cross_entropy") < 0.3
    model = qsac.load(tmp_path / "run" / "seed-0" / "model.json")
    assert isinstance(model, Model)
    samples = run.data(0).given.samples
    assert samples is not None
    assert samples.labels == ("above", "below")
    inputs, targets = samples.parted(run.data(0).test)
    found = traced(model, inputs).output
    own = found[np.arange(len(targets)), targets.astype(int)]
    assert -np.log(own).mean() == pytest.approx(metric(run, "test", "cross_entropy"), abs=1e-9)
    # the file is a beginning, too
    again = trained(tmp_path, halves(), "run/seed-0/model.json", epochs=1, optimiser={"type": "sgd", "rate": 1e-9})
    assert metric(again, "train", "cross_entropy") == pytest.approx(metric(run, "train", "cross_entropy"), abs=1e-6)


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    path = configured(tmp_path, halves(60), HYBRID, epochs=6, checkpoint={"every": 2})
    whole = train(path, tmp_path / "whole")
    calls: list[int] = []

    def follow(seed: int, event: object) -> None:
        calls.append(seed)
        if len(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(path, tmp_path / "run", follow=follow)
    resumed = train(path, tmp_path / "run")
    for name, values in whole.seeds[0].parameters.items():
        assert np.array_equal(values, resumed.seeds[0].parameters[name])


def test_validation_ends_training_early(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = {"inputs": rng.normal(size=(40, 3)).tolist(), "targets": rng.integers(0, 2, 40).tolist()}
    run = trained(
        tmp_path,
        noise,
        HYBRID,
        epochs=200,
        optimiser={"type": "adam", "rate": 0.3},
        validation={"share": 0.3, "patience": 3},
    )
    assert run.seeds[0].stopped == "early"
    assert run.seeds[0].best_epoch == len(run.seeds[0].history) - 3


@pytest.mark.parametrize(
    "optimiser", [{"type": "spsa", "rate": 0.3}, {"type": "rotosolve"}, {"type": "natural-gradient", "rate": 0.3}]
)
def test_optimisers(optimiser: dict[str, Any], tmp_path: Path) -> None:
    run = trained(tmp_path, halves(40, 2), ALONE, epochs=15, optimiser=optimiser, batch=40)
    history = run.seeds[0].history
    assert history[-1].train < history[0].train
    if optimiser["type"] == "rotosolve":
        assert run.config.learner(run.data(0)).angles == ("steps.0.blocks.1.parameters",)  # type: ignore[attr-defined]


def test_numbers_are_fitted(tmp_path: Path) -> None:
    rows = np.linspace(-1, 1, 60)[:, None]
    samples = {"inputs": rows.tolist(), "targets": np.concatenate([np.sin(2 * rows), rows**2], axis=1).tolist()}
    steps = [*HYBRID["steps"][:2], {"type": "linear"}]
    run = trained(
        tmp_path,
        samples,
        {"steps": steps},
        data={"targets": "numbers"},
        epochs=150,
        optimiser={"type": "adam", "rate": 0.05},
    )
    assert run.objective == "squared_error"
    assert metric(run, "test", "squared_error") < 0.02
    assert run.seeds[0].parameters["steps.2.weight"].shape == (2, 2)


def test_a_qcnn_learns_which_pixels_are_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    images = rng.uniform(0, np.pi / 4, size=(60, 2))
    alike = rng.random(60) < 0.5
    bright = rng.integers(2, size=60)
    images[alike & (bright == 1)] += 3 * np.pi / 4
    images[~alike, bright[~alike]] += 3 * np.pi / 4
    circuit = {
        "type": "circuit",
        "qubits": 2,
        "blocks": [{"type": "angle"}, {"type": "qcnn"}],
        "measure": {"type": "probabilities", "qubits": [0]},
    }
    samples = {"inputs": images.tolist(), "targets": ["alike" if same else "different" for same in alike]}
    run = trained(tmp_path, samples, {"steps": [circuit]}, epochs=30, batch=16, optimiser={"type": "adam", "rate": 0.1})
    assert run.seeds[0].parameters["steps.0.blocks.1.parameters"].shape == (1, 2, 15)
    assert metric(run, "test", "accuracy") >= 0.9
    assert metric(run, "train", "accuracy") > 0.9


def test_a_generator_learns_a_distribution_against_a_discriminator(tmp_path: Path) -> None:
    shares = np.exp(-((np.arange(8) - 2.6) ** 2) / 4)
    shares /= shares.sum()
    drawn = np.random.default_rng(0).choice(8, 2000, p=shares)
    circuit = {
        "type": "circuit",
        "qubits": 3,
        "blocks": [{"type": "gates", "gates": [["h", [q]] for q in range(3)]}, {"type": "two-local", "layers": 2}],
        "measure": {"type": "probabilities"},
    }
    run = trained(
        tmp_path,
        {"targets": [f"{outcome:03b}" for outcome in drawn]},
        {"steps": [circuit]},
        data={"targets": "bits", "test_share": 0.1},
        objective="adversarial",
        epochs=60,
        batch=100,
        optimiser={"type": "adam", "rate": 0.02, "b1": 0.5},
    )
    model = run.model(0)
    assert isinstance(model, Model)
    assert set(run.seeds[0].parameters) > {"steps.0.blocks.1.parameters", "discriminator.0.weight"}
    found = traced(model, np.zeros((1, 0))).output[0]
    learner = run.config.learner(run.data(0))
    beginning = learner.model(learner.initial(0), run.data(0).test[0], "beginning")
    assert isinstance(beginning, Model)
    before = traced(beginning, np.zeros((1, 0))).output[0]
    assert np.abs(before - shares).sum() / 2 > 0.3
    assert np.abs(found - shares).sum() / 2 < 0.05


def test_spread_inputs_are_warned_of(tmp_path: Path) -> None:
    heard: list[Beginning] = []

    def follow(_: int, event: object) -> None:
        if isinstance(event, Beginning):
            heard.append(event)
            raise KeyboardInterrupt  # before anything is trained

    model = {"steps": HYBRID["steps"][1:]}
    for scale in (0.5, 3.0):
        samples = halves(60, 2)
        samples["inputs"] = (scale * np.array(samples["inputs"])).tolist()
        path = configured(tmp_path, samples, model, epochs=1)
        with pytest.raises(KeyboardInterrupt):
            train(path, follow=follow)
    assert [len(one.warnings) for one in heard] == [0, 1]
    assert "/steps/0 have a standard deviation of" in heard[1].warnings[0]


def test_angles_start_where_their_slope_is_greatest(tmp_path: Path) -> None:
    samples = halves(400, 5)
    samples["inputs"] = (7 * np.array(samples["inputs"])).tolist()
    config = load(configured(tmp_path, samples, HYBRID))
    data = config.data(0)
    initial = config.learner(data).initial(3)
    inputs, _ = data.given.samples.parted(data.train)  # type: ignore[union-attr]
    angles = inputs @ initial["steps.0.weight"].T + initial["steps.0.bias"]
    assert angles.mean(axis=0) == pytest.approx(np.full(2, np.pi / 2), abs=0.1)
    assert 0.1 < angles.std() < 0.6


# What it is compared with


def test_the_classical_twin_and_logistic_regression(tmp_path: Path) -> None:
    run = trained(tmp_path, halves(80), HYBRID, epochs=30, optimiser={"type": "adam", "rate": 0.05})
    found = evaluate(run, compare=["twin", "logistic"])
    assert [(row.label, row.size) for row in found.rows] == [
        ("train", 8 + 4 + 6),
        ("classical twin", 8 + 6),
        ("logistic regression", 8),
    ]
    assert all(row.mean("test", "accuracy") > 0.8 for row in found.rows)  # type: ignore[operator]
    with pytest.raises(InvalidInputError, match="no sequences for a transformer"):
        evaluate(run, compare=["transformer"])
    alone = trained(tmp_path, halves(20, 2), ALONE, epochs=1)
    (_, twin) = evaluate(alone, compare=["twin"]).rows
    assert twin.size == 2 * 2 + 2, "tanh, a linear map to two numbers, softmax"


# By parameter shifts


def test_training_by_shifts_is_training_by_the_closed_form(tmp_path: Path) -> None:
    fields = {"epochs": 3, "batch": 8, "optimiser": {"type": "sgd", "rate": 0.3}, "precision": "double"}
    exact = trained(tmp_path, halves(24), HYBRID, **fields)
    shifted = trained(tmp_path, halves(24), HYBRID, gradient={"type": "parameter-shift"}, **fields)
    for name, values in exact.seeds[0].parameters.items():
        assert shifted.seeds[0].parameters[name] == pytest.approx(values, abs=1e-10)
    facts = shifted.seeds[0].history[0].facts
    # for each of 8 samples one circuit, and two for each of 2 inputs and 4 parameters
    assert facts == {"circuits": 8 * (1 + 2 * 6), "shots": 0.0}


@pytest.mark.parametrize("kind", ["parameter-shift", "spsa"])
def test_shots(kind: str, tmp_path: Path) -> None:
    run = trained(
        tmp_path,
        halves(12),
        HYBRID,
        epochs=3,
        batch=12,
        gradient={"type": kind, "shots": 400},
        optimiser={"type": "adam", "rate": 0.1, "warm_up": 0},
    )
    history = run.seeds[0].history
    assert history[-1].train < history[0].train
    assert history[0].facts is not None
    assert history[0].facts["shots"] == 400 * history[0].facts["circuits"]
    if kind == "parameter-shift":
        again = trained(
            tmp_path,
            halves(12),
            HYBRID,
            epochs=3,
            batch=12,
            gradient={"type": kind, "shots": 400},
            optimiser={"type": "adam", "rate": 0.1, "warm_up": 0},
        )
        assert again.seeds[0].history == history


# What does not go together

SOFTMAX: dict[str, Any] = {"type": "softmax"}
MATRIX: dict[str, Any] = {
    "type": "circuit",
    "qubits": 3,
    "blocks": [
        {"type": "angle"},
        {"type": "gates", "gates": [["unitary", [0, 1], (np.eye(4)[[0, 3, 1, 2], :, None] * [1, 0]).tolist()]]},
    ],
    "measure": {"type": "pauli", "each": "Z"},
}
"""A matrix on several qubits, which is no part of a template."""


@pytest.mark.parametrize(
    ("model", "fields", "code", "pointer"),
    [
        ({"steps": [{"type": "linear"}, SOFTMAX]}, {}, "steps.no-circuit", "/model/steps"),
        ({"steps": HYBRID["steps"][:2]}, {}, "train.no-probabilities", "/model/steps/1"),
        (
            {"steps": [*HYBRID["steps"][:2], {"type": "linear", "outputs": 3}, SOFTMAX]},
            {},
            "train.other-outputs",
            "/model/steps/3",
        ),
        (
            {"steps": [{"type": "linear", "weight": [[1.0]]}, SOFTMAX]},
            {},
            "field.wrong-length",
            "/model/steps/0/weight/0",
        ),
        ({"steps": [{"type": "linear"}, {"type": "flatten"}, SOFTMAX]}, {}, "array.unknown-shape", "/model/steps/0"),
        ({"steps": [{"type": "liner"}]}, {}, "field.unknown-choice", "/model/steps/0/type"),
        (HYBRID, {"objective": "loss"}, "train.unknown-objective", "/objective"),
        (HYBRID, {"objective": "adversarial"}, "train.no-adversary", "/model"),
        (
            HYBRID,
            {"gradient": {"type": "parameter-shift", "shots": 9, "noise": True}},
            "run.no-noise",
            "/gradient/target",
        ),
        (HYBRID, {"gradient": {"type": "spsa", "target": "h9"}}, "target.unknown", "/gradient/target"),
        (
            {"steps": [MATRIX, {"type": "linear"}, SOFTMAX]},
            {"gradient": {"type": "spsa", "target": "h2"}, "batch": 2},
            "template.unfolded-matrix",
            "/model",
        ),
        (HYBRID, {"data": {"type": "ising", "path": None}}, "train.no-samples", "/model"),
        (
            {"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}}},
            {},
            "train.not-of-samples",
            "/model",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    model: Any, fields: dict[str, Any], code: str, pointer: str, tmp_path: Path
) -> None:
    path = configured(tmp_path, halves(20), model, **fields)
    if "ising" in str(fields):
        text = path.read_text().replace('"path": null, ', "").replace(', "path": null', "")
        path.write_text(text)
    with pytest.raises(InvalidInputError) as error:
        train(path)
    assert (error.value.code, error.value.pointer) == (code, pointer)
