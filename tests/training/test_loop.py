"""The training of one seed: resumed to the same bytes, stopped early, and stopped where it cannot go on."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import CheckFailedError, InvalidInputError
from qsac.training import checkpoints
from qsac.training.configuration import Config
from qsac.training.functions import Shared
from qsac.training.loop import train_seed
from qsac.training.measuring import means, measured
from qsac.training.objectives import Objective
from qsac.training.reading import load
from qsac.training.run_folder import HISTORY, MODEL
from qsac.training.trained import Epoch, Trained
from qsac.training.watching import Beginning, Unwatched
from tests.training.simple import simple
from tests.training.tiny import STATES, WORDS, changed


class Watched(Unwatched):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.beginnings: list[Beginning] = []
        self.epochs: list[Epoch] = []
        self.checkpoints: list[int] = []

    def begun(self, beginning: Beginning) -> None:
        self.beginnings.append(beginning)

    def epoch(self, record: Epoch) -> None:
        self.epochs.append(record)

    def kept(self, epoch: int) -> None:
        self.checkpoints.append(epoch)


def trained(config: Config, folder: Path | None = None, seed: int = 0, **options: Any) -> Trained:
    return train_seed(config, seed, folder, **{"shared": getattr(config, "shared", None)} | options)


def interrupted(config: Config, folder: Path, after: int, **options: Any) -> Watched:
    """A training that is asked to stop after so many epochs of its own."""
    watch = Watched()
    with pytest.raises(KeyboardInterrupt):
        trained(config, folder, watch=watch, stop=lambda: len(watch.epochs) >= after, **options)
    return watch


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


OPTIMISERS: list[dict[str, Any]] = [
    {"type": "adam", "rate": 0.1, "continuation": 3},
    {"type": "sgd", "momentum": 0.5, "clip": 0.1},
    {"type": "spsa"},
    {"type": "natural-gradient", "iterations": 3},
]


def check_resumed(config: Config, tmp_path: Path) -> None:
    """Interrupted between checkpoints, at one, and at the end of the continuation."""
    shared: Any = {"shared": getattr(config, "shared", {})}
    folders = [tmp_path / name for name in ("whole", "pieces")]
    for folder in folders:
        folder.mkdir()
    whole = trained(config, folders[0], **shared)
    first = interrupted(config, folders[1], 1, **shared)
    second = interrupted(config, folders[1], 2, **shared)
    watch = Watched()
    pieces = trained(config, folders[1], watch=watch, **shared)
    assert [one.epoch for one in (*first.epochs, *second.epochs, *watch.epochs)] == [1, 2, 3, 4, 5, 6]
    assert [len(one.beginnings[0].history) for one in (first, second, watch)] == [0, 1, 3]
    assert files(folders[0]) == files(folders[1])
    assert {MODEL, HISTORY, checkpoints.FILE} == set(files(folders[0]))
    assert whole.history == pieces.history
    assert whole.metrics == pieces.metrics
    assert whole.best_epoch == pieces.best_epoch


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=[one["type"] for one in OPTIMISERS])
def test_resumed_training_gives_the_same_bytes(optimiser: dict[str, Any], tmp_path: Path) -> None:
    check_resumed(simple(optimiser=optimiser, validation={"share": 0.2}), tmp_path)


def test_resumed_training_in_double_precision(tmp_path: Path) -> None:
    check_resumed(simple(precision="double"), tmp_path)


@pytest.mark.parametrize("config", [WORDS, STATES], ids=["words", "states"])
def test_resumed_training_of_a_family_gives_the_same_bytes(config: dict[str, Any], tmp_path: Path) -> None:
    check_resumed(load(changed(config, validation={"share": 0.2})), tmp_path)


def test_a_step_is_along_the_gradient() -> None:
    """One step of plain descent by all sequences, against differences of the measured objective."""
    config = simple(batch=20, epochs=1, precision="double", optimiser={"type": "sgd", "schedule": "constant"})
    data = config.data(0)
    learner = config.learner(data)
    before = learner.initial(0)
    after = trained(config).parameters
    for name in before:
        for place in ((0, 0), (1, 2), (3, 3)):
            moved = []
            for sign in (1, -1):
                other = {key: np.array(one) for key, one in before.items()}
                other[name][place] += sign * 1e-4
                moved.append(measured(learner, other, data.train)["loss"].mean())
            slope = (moved[0] - moved[1]) / 2e-4
            assert abs(slope) > 1e-4
            assert (before[name] - after[name])[place] == pytest.approx(0.1 * slope, abs=1e-10)


def test_history_is_of_what_was_trained() -> None:
    watch = Watched()
    found = trained(simple(epochs=20), watch=watch)
    assert tuple(watch.epochs) == found.history
    assert found.history[-1].train < found.history[0].train / 2
    assert [one.epoch for one in found.history] == list(range(1, 21))
    rates = [one.rate for one in found.history]
    assert rates.index(max(rates)) <= 1
    assert rates[-1] < 0.001 < max(rates) <= 0.1
    assert all(one.validation is None and one.gradient_norm is not None for one in found.history)
    assert found.stopped == "finished"
    assert found.best_epoch == 20
    assert watch.checkpoints == []
    assert found.metrics["test"].keys() == found.metrics["train"].keys() == {"loss", "cross_entropy", "ln_success"}
    (beginning,) = watch.beginnings
    assert ("learned", "32 numbers") in beginning.facts
    assert beginning.data == found.data_digest


def test_the_continuation_is_by_the_easier_objective() -> None:
    """Half of the loss here, at the full rate; then a warm-up."""
    optimiser = {"type": "sgd", "rate": 0.5, "continuation": 2, "warm_up": 0.25}
    found = trained(simple(epochs=6, optimiser=optimiser)).history
    plain = trained(simple(epochs=6, optimiser={"type": "sgd", "rate": 0.5, "schedule": "constant"})).history
    assert [one.rate for one in found[:2]] == [0.5, 0.5]
    assert found[2].rate == 0.5 == max(one.rate for one in found)
    assert found[0].train < 0.6 * plain[0].train
    assert found[2].train > 1.5 * found[1].train


def test_the_continuation_and_the_rest_are_traced_and_compiled_once() -> None:
    traced = []

    def metric(value: Any, _parameters: Any) -> Any:
        traced.append(value)
        return value

    counts = []
    for continuation in (0, 1):
        traced.clear()
        trained(simple(metric, epochs=2, optimiser={"type": "sgd", "rate": 0.5, "continuation": continuation}))
        counts.append(len(traced))
    assert counts[0] == counts[1] > 0


def test_metrics_are_those_of_the_parameters() -> None:
    config = simple()
    found = trained(config)
    data = config.data(0)
    metrics = measured(config.learner(data), found.parameters, data.test)
    assert means(metrics) == found.metrics["test"]
    assert all(values.shape == (len(data.test),) and values.dtype == np.float64 for values in metrics.values())
    wrong = data.test[:, :-1] @ (found.parameters["real"] + 1j * found.parameters["imaginary"]) - data.test[:, 1:]
    np.testing.assert_allclose(metrics["loss"], (abs(wrong) ** 2).mean(axis=(1, 2)), rtol=0, atol=1e-14)


def test_validation_is_by_the_sequences_that_are_held_out() -> None:
    config = simple(validation={"share": 0.5}, precision="double", epochs=2)
    found = trained(config)
    data = config.data(0)
    assert data.validation is not None
    assert (len(data.train), len(data.validation)) == (10, 10)
    value = measured(config.learner(data), found.parameters, data.validation)["loss"].mean()
    assert found.best_epoch == 2
    assert found.history[-1].validation == pytest.approx(value, abs=1e-14)


def test_early_stopping_keeps_the_best(tmp_path: Path) -> None:
    """So few sequences that the validation soon gets worse."""
    data = STATES["data"] | {"train": 6, "context": 2}
    config = simple(data=data, epochs=200, validation={"share": 0.5, "patience": 4})
    found = trained(config, tmp_path)
    validation = [one.validation for one in found.history]
    assert None not in validation
    assert found.stopped == "early"
    assert 4 < len(found.history) < 200
    assert found.best_epoch == 1 + int(np.argmin(np.array(validation, dtype=float))) == len(found.history) - 4
    kept = checkpoints.read(tmp_path / checkpoints.FILE)
    assert all(not np.array_equal(kept.best[name], kept.parameters[name]) for name in kept.best)
    assert all(np.array_equal(kept.best[name], found.parameters[name]) for name in kept.best)
    watch = Watched()
    again = trained(config, tmp_path, watch=watch)
    assert watch.epochs == []
    assert (again.stopped, again.best_epoch, again.metrics) == (found.stopped, found.best_epoch, found.metrics)


def test_restarting_begins_anew(tmp_path: Path) -> None:
    trained(simple(), tmp_path)
    watch = Watched()
    trained(simple(), tmp_path, watch=watch, restart=True)
    assert len(watch.epochs) == 6


OTHERS: list[tuple[dict[str, Any], int, str]] = [
    ({"optimiser": {"type": "sgd", "rate": 0.2}}, 0, "another configuration"),
    ({"data": STATES["data"] | {"seed": 5}}, 0, "another configuration"),
    ({}, 1, "other data"),
]


@pytest.mark.parametrize(("changes", "seed", "found"), OTHERS)
def test_a_checkpoint_of_another_training_is_refused(
    changes: dict[str, Any], seed: int, found: str, tmp_path: Path
) -> None:
    trained(simple(), tmp_path)
    before = files(tmp_path)
    with pytest.raises(InvalidInputError) as caught:
        trained(simple(**changes), tmp_path, seed)
    assert caught.value.code == "train.other-checkpoint"
    assert found in str(caught.value.found)
    assert files(tmp_path) == before


def test_numbers_that_are_not_finite_end_training(tmp_path: Path) -> None:
    """After some epochs: the last good checkpoint stays."""

    def metric(value: Any, _parameters: Any) -> Any:
        import jax.numpy as jnp

        return value / jnp.where(jnp.mean(value) > 0.1, 1.0, 0.0)

    with pytest.raises(CheckFailedError) as caught:
        trained(simple(metric, epochs=100), tmp_path)
    assert caught.value.code == "train.not-finite"
    kept = checkpoints.read(tmp_path / checkpoints.FILE)
    assert kept.epoch >= 2
    assert f"epoch {kept.epoch + 1}:" in str(caught.value) or f"epoch {kept.epoch + 2}:" in str(caught.value)
    assert "the last checkpoint is kept" in str(caught.value)
    assert all(math.isfinite(one.train) for one in kept.history)


def test_a_diverging_loss_ends_training(tmp_path: Path) -> None:
    """What is seen grows as the parameters do, and its slope says that they should."""

    def metric(value: Any, parameters: Any) -> Any:
        import jax
        import jax.numpy as jnp

        size = sum(jnp.sum(jnp.square(one)) for one in parameters.values())
        return value + 2 * jax.lax.stop_gradient(size) - size

    config = simple(metric, epochs=100, optimiser={"type": "sgd", "schedule": "constant"})
    with pytest.raises(CheckFailedError) as caught:
        trained(config, tmp_path)
    assert caught.value.code == "train.diverged"
    assert (tmp_path / checkpoints.FILE).exists()


def test_the_weight_of_success_grows() -> None:
    objective = Objective("cross_entropy", 0.5, 10)
    assert [float(objective.weight(step)) for step in (0, 5, 10, 20)] == [0.0, 0.25, 0.5, 0.5]
    assert objective.final == Objective("cross_entropy", 0.5, 0)
    pushed = {"type": "loss", "success_weight": 3, "anneal": 0.5}
    success = [trained(simple(**changes)).metrics["train"]["ln_success"] for changes in ({}, {"objective": pushed})]
    assert None not in success
    assert float(success[1] or 0) > float(success[0] or 0) + 0.05


def test_functions_are_compiled_once_for_all_seeds() -> None:
    shared: Shared = {}
    config = simple()
    first = [trained(config, seed=seed, shared=shared) for seed in (0, 1)]
    assert len(shared) == 1
    assert first[0].history != first[1].history
    assert trained(config, seed=1, shared={}).history == first[1].history


def test_a_batch_is_no_larger_than_the_data() -> None:
    assert len(trained(simple(batch=1000, epochs=2)).history) == 2


def test_a_model_that_does_not_fit_the_data() -> None:
    config = simple(data=STATES["data"] | {"sites": 3})
    with pytest.raises(InvalidInputError) as caught:
        trained(config)
    assert (caught.value.code, caught.value.pointer) == ("train.model-does-not-fit", "/model")


def test_a_model_file_of_fewer_words_does_not_fit_the_data(tmp_path: Path) -> None:
    """A model file of three words is trained with three, not with four."""
    three = WORDS["data"] | {"source": {"type": "copying", "letters": 3, "length": 3}}
    config = load(changed(WORDS, data=three, epochs=1))
    trained(config, tmp_path)
    for data, fits in ((three, True), (WORDS["data"], False)):
        (tmp_path / "one.json").write_text(json.dumps(changed(WORDS, data=data, epochs=1, model=MODEL)))
        again = load(tmp_path / "one.json")
        if fits:
            first = trained(config, shared={}).history[0].train
            assert trained(again).history[0].train < first
            continue
        with pytest.raises(InvalidInputError) as caught:
            trained(again)
        assert (caught.value.code, caught.value.pointer) == ("train.model-does-not-fit", "/model")
        assert "3 words" in str(caught.value)
