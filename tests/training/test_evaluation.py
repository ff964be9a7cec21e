"""Evaluation: numbers are those of the model files, comparisons are trained once, circuits give the trained loss."""

import json
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from qsac.cli.main import run as command
from qsac.errors import InvalidInputError
from qsac.training import evaluation
from qsac.training.comparisons.contract import Compared
from qsac.training.comparisons.keeping import COMPARISONS, Kept
from qsac.training.comparisons.making import compared
from qsac.training.comparisons.softmax import SoftmaxAttention
from qsac.training.evaluation import PARTS, evaluate
from qsac.training.reading import load
from qsac.training.run_folder import MODEL, Run, seed_folder
from tests.training.trajectories import ISING


@pytest.fixture
def run(chains: Path, tmp_path: Path) -> Run:
    """A run in a folder of its own."""
    return Run.load(shutil.copytree(chains, tmp_path / chains.name))


def by_model_files(run: Run, seed: int, part: str, metric: str) -> float:
    """The mean of a metric over the model files of all sequences of a part, computed without JAX."""
    learner, parameters = run.learner(seed), run.trained(seed).parameters
    models = [learner.model(parameters, sequence, "one") for sequence in getattr(run.data(seed), part)]
    values = [model.readout.closed_form(model).metrics[metric] for model in models]
    assert all(value is not None for value in values)
    return float(np.mean([value or 0 for value in values]))


def test_metrics_are_those_of_the_model_files(run: Run) -> None:
    found = evaluate(run, compare=())
    assert [row.label for row in found.rows] == ["chains"]
    for metric in ("loss", "loss_a", "cross_entropy"):
        for part in ("train", "validation", "test"):
            wanted = [by_model_files(run, seed, part, metric) for seed in (0, 1)]
            assert found.rows[0].values(part, metric) == pytest.approx(wanted, rel=1e-9)
            assert found.rows[0].mean(part, metric) == pytest.approx(np.mean(wanted), rel=1e-9)
            assert found.rows[0].spread(part, metric) == pytest.approx(np.std(wanted, ddof=1), rel=1e-9)
    assert found.rows[0].size == 2 * 4**2


def test_a_model_file_is_measured_on_a_configurations_data(run: Run) -> None:
    assert run.folder is not None
    path = seed_folder(run.folder, 0) / MODEL
    found = evaluate(path, ISING)
    assert found.rows[0].mean("test", "loss") == pytest.approx(run.trained(0).metrics["test"]["loss"], rel=1e-9)
    assert found.seeds == (None,)


def test_comparisons_are_trained_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.folder is not None
    kept = (run.folder / COMPARISONS).read_bytes()

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("it is trained again")

    monkeypatch.setattr(evaluation, "compared", refused)
    found = evaluate(run)
    assert [row.label for row in found.rows] == ["chains", "softmax attention"]
    assert all(0 < value < 3 for part in PARTS for value in found.rows[1].values(part, "cross_entropy"))
    assert found.rows[1].size == 3 * 4**2
    assert any("twin is the model itself" in warning for warning in found.warnings)
    assert (run.folder / COMPARISONS).read_bytes() == kept


def test_what_is_kept_is_of_one_configuration_and_its_data(run: Run) -> None:
    assert run.folder is not None
    data, other = run.data(0), run.data(1)
    kept = Kept(run).rows("softmax", 0, data)
    assert kept is not None
    assert [row.label for row in kept] == ["softmax attention"]
    assert Kept(run).rows("twin", 0, data) == []
    assert Kept(run).rows("n-gram", 0, data) is None
    assert Kept(run).rows("softmax", 0, other) is None
    path = run.folder / COMPARISONS
    path.write_text(json.dumps({**json.loads(path.read_text()), "config": "0" * 64}))
    assert Kept(run).rows("softmax", 0, data) is None


@pytest.mark.parametrize(
    "damaged",
    ["{", "[]", '{"config": 1}', '{"config": "CONFIG", "found": [1]}', '{"config": "CONFIG", "found": {"KEY": [{}]}}']
    + [
        '{"config": "CONFIG", "found": {"KEY": [{"label": "softmax", "size": SIZE, "metrics": METRICS}]}}'.replace(
            "SIZE", size
        ).replace("METRICS", metrics)
        for size, metrics in (('"many"', "{}"), ("null", '{"test": {"loss": "low"}}'), ("null", '{"test": 1}'))
    ],
)
def test_damaged_comparisons_are_none(run: Run, damaged: str) -> None:
    assert run.folder is not None
    data = run.data(0)
    text = damaged.replace("CONFIG", run.config.digest).replace("KEY", f"softmax 0 {data.digest}")
    (run.folder / COMPARISONS).write_text(text)
    assert Kept(run).rows("softmax", 0, data) is None
    Kept(run).keep("softmax", 0, data, [Compared("again", {"test": {"loss": 1.0}})])
    assert Kept(run).rows("softmax", 0, data) == [Compared("again", {"test": {"loss": 1.0}})]


def test_the_twin_of_an_ansatz_is_free(run: Run) -> None:
    layered = {"type": "hardware-efficient", "layers": 1}
    model = {"attention": {**ISING["model"]["attention"], "value": layered, "score": layered}}
    config = load({**ISING, "model": model})
    (twin,) = compared("twin", config, config.data(0), 0)
    assert (twin.label, twin.size) == ("classical twin", 32)
    assert twin.metrics["test"] == pytest.approx(run.trained(0).metrics["test"], rel=1e-9)
    assert set(twin.metrics) == set(PARTS)


def test_circuits_give_the_trained_loss(run: Run) -> None:
    found = evaluate(run, compare=(), target="h2", sequences=3).circuits
    assert found is not None
    assert (found.metric, found.target, found.templates, len(found.rows)) == ("loss", "h2", 1, 3)
    for row in found.rows:
        assert row.value == pytest.approx(row.expected, abs=1e-9)
        assert row.standard_error is None
    learner, trained = run.learner(0), run.trained(0)
    model = learner.model(trained.parameters, run.data(0).test[2], "third")
    assert found.rows[2].expected == pytest.approx(model.readout.closed_form(model).metrics["loss"])


def test_shots_have_error_bars(run: Run) -> None:
    found = evaluate(run, compare=(), target="statevector", shots=20_000, sequences=2).circuits
    assert found is not None
    assert found.shots == 20_000
    for row in found.rows:
        assert row.value is not None
        assert row.expected is not None
        assert row.standard_error is not None
        assert 0 < abs(row.value - row.expected) < 5 * row.standard_error
    again = evaluate(run, compare=(), target="statevector", shots=20_000, sequences=2).circuits
    assert again == found
    assert found.standard_error == pytest.approx(np.hypot(*[row.standard_error or 0 for row in found.rows]) / 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"shots": 10}, "evaluate.no-target"),
        ({"noise": True}, "evaluate.no-target"),
        ({"compare": ["sofmax"]}, "train.unknown-comparison"),
        ({"compare": ["n-gram"]}, "train.unsuitable-comparison"),
        ({"sequences": 0}, "option.out-of-range"),
    ],
)
def test_what_does_not_go_together_is_refused(run: Run, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as found:
        evaluate(run, **arguments)
    assert found.value.code == code


def test_a_model_file_needs_data(run: Run) -> None:
    assert run.folder is not None
    with pytest.raises(InvalidInputError) as found:
        evaluate(seed_folder(run.folder, 0) / MODEL)
    assert found.value.code == "evaluate.no-data"


# Softmax attention


@pytest.mark.parametrize("kind", ["complex", "real", "words"])
def test_softmax_attention_by_loops(kind: str) -> None:
    from qsac.families.learning import Given
    from qsac.training.measuring import measured

    rng = np.random.default_rng(3)
    labels = tuple("abcdefg") if kind == "words" else None
    learner = SoftmaxAttention(Given(5, None if labels else 4, kind == "real", labels), 4, kind == "real")
    trained = learner.initial(1)
    states = rng.normal(size=(2, 5, 4)) + (0 if kind == "real" else 1j * rng.normal(size=(2, 5, 4)))
    batch: Any = states / np.linalg.norm(states, axis=-1, keepdims=True)
    tokens = targets = batch
    if labels:
        batch = rng.integers(7, size=(2, 5))
        embedding = trained["embedding"][..., 0] + 1j * trained["embedding"][..., 1]
        left, _, right = np.linalg.svd(embedding, full_matrices=False)
        rows = left @ right
        targets = rows[batch]
        tokens = targets / np.linalg.norm(targets, axis=-1, keepdims=True)
    found = measured(learner, trained, batch)
    value, score = (_unpaired(trained[name]) for name in ("value", "score"))
    generator = (value - value.T) / 2j if kind == "real" else (value + value.conj().T) / 2
    values, vectors = np.linalg.eigh(generator)
    unitary = (vectors * np.exp(1j * values)) @ vectors.conj().T
    for number in range(2):
        overlaps, norms = [], []
        for j in range(4):
            logits = [np.vdot(tokens[number, j], score @ tokens[number, i]).real for i in range(j + 1)]
            weights = np.exp(logits) / np.exp(logits).sum()
            state = sum(weight * (unitary @ tokens[number, i]) for i, weight in enumerate(weights))
            overlaps.append(abs(np.vdot(targets[number, j + 1], state)))
            norms.append(np.linalg.norm(state))
        f = np.array(overlaps) / norms
        assert found["cross_entropy"][number] == pytest.approx(-np.log(f**2).mean(), rel=1e-10)
        total = np.sum(np.square(norms))
        assert found["loss"][number] == pytest.approx(-np.log(np.sum(overlaps) ** 2 / (4 * total)), rel=1e-10)
        assert found["loss_a"][number] == pytest.approx(-np.log(np.sum(np.square(overlaps)) / total), rel=1e-10)


def _unpaired(array: Any) -> Any:
    return array[..., 0] + 1j * array[..., 1] if array.ndim == 3 else array


def test_probabilities_of_words_add_up_to_one() -> None:
    from qsac.families.learning import Given

    learner = SoftmaxAttention(Given(5, None, labels=tuple("abcdefg")), 4)
    words = np.random.default_rng(0).integers(7, size=(3, 5))
    found = np.asarray(jax.jit(learner.predictions)(learner.initial(0), words))
    assert found.shape == (3, 4, 7)
    assert found.sum(axis=-1) == pytest.approx(1, abs=1e-5)


# The command


def test_the_command(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plots = tmp_path / "plots"
    plots.mkdir()
    asked = ["--target", "statevector", "--sequences", "1"]
    assert command(["evaluate", str(run.folder), "--plots", str(plots), *asked]) == 0
    said = capsys.readouterr()
    assert "softmax attention" in said.out
    assert "loss of test sequences on statevector, exactly; bindings of one template" in said.out
    assert "the twin is the model itself" in said.err
    wanted = {f"{name}.{kind}" for name in ("loss", "attention", "comparison") for kind in ("png", "svg")}
    assert {path.name for path in plots.iterdir()} == wanted
    assert command(["evaluate", str(run.folder), "--json", "--no-compare"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["label"] for row in document["rows"]] == ["chains"]
    wanted_loss = run.results()["mean"]["test"]["loss"]
    assert document["rows"][0]["mean"]["test"]["loss"] == pytest.approx(wanted_loss)
    assert document["circuits"] is None


def test_the_command_refuses_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["evaluate", "some", "--compare", "twin", "--no-compare"]) == 2
    assert "exclude each other" in capsys.readouterr().err
