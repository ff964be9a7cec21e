"""The closed form that is trained: that of NumPy, with gradients, for models with every option."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.learning import Given, Learns
from qsac.families.transformer.family import FAMILY
from qsac.training.precision import precision
from tests.families.transformer.models import FEED, INLINE, changed, fed, inline, loaded
from tests.families.transformer.trainable import sequence_of, trainable, wanted

SEEDS = (311, 16, 9, 72, 4)
"""Few, as each is compiled, and chosen so that every option is among them."""

FASTER = {"xla_backend_optimization_level": 0}


def computed(learner: Any, trained: Any, batch: Any) -> tuple[dict[str, Any], Any]:
    """Metrics and predictions, as NumPy has them."""

    def both(trained: Any, batch: Any) -> tuple[dict[str, Any], Any]:
        return learner.metrics(trained, batch), learner.predictions(trained, batch)

    with precision(True):
        compiled = jax.jit(both).lower(trained, batch).compile(compiler_options=FASTER)
        return jax.tree.map(np.asarray, compiled(trained, batch))


def test_every_option_is_among_the_models() -> None:
    texts = json.dumps([trainable(seed) for seed in SEEDS])
    options = (
        "rotary sinusoidal add none causal full mean sum linear monomial polynomial softmax-taylor score centre scale "
        "gated bias pass feed_forward_residual words inline"
    )
    for option in options.split(" "):
        assert f'"{option}"' in texts, option
    complex_tokens = [isinstance(loaded(trainable(seed)).inputs.flat[0], complex) for seed in SEEDS]
    assert 2 <= sum(complex_tokens) <= 3
    assert sum(len(trainable(seed)["transformer"]["layers"]) == 2 for seed in SEEDS) >= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_the_closed_form(seed: int) -> None:
    model = loaded(trainable(seed))
    learner, sequence = FAMILY.learner_of(model), sequence_of(model)
    trained = learner.initial(0)
    metrics, predictions = computed(learner, trained, np.stack([sequence, sequence[::-1]]))
    for name, value in wanted(model).items():
        assert metrics[name][0] == pytest.approx(value, rel=1e-10, abs=1e-12), name
    same = learner.model(trained, sequence, model.name)
    assert same.fields["transformer"] == model.fields["transformer"]
    np.testing.assert_array_equal(same.inputs, model.inputs)
    other = learner.model(trained, sequence[::-1], "other")
    for name, value in wanted(other).items():
        assert metrics[name][1] == pytest.approx(value, rel=1e-10, abs=1e-12), name
    if model.sequence is None:
        np.testing.assert_allclose(predictions[0], model.outputs, atol=1e-12 * np.abs(model.outputs).max())
    else:
        found = model.readout.closed_form(model).values["predictions"]
        np.testing.assert_allclose(predictions[0], [one["probabilities"] for one in found], atol=1e-12)
    assert learner.objectives[0] in metrics


def test_a_sketch_is_the_closed_form_of_what_it_writes() -> None:
    """With orthogonal matrices that heads share, a learned kernel, and a learned residual past the feed-forward."""
    layer = {
        "attention": {"heads": 2, "constraint": "orthogonal", "kernel": {"type": "polynomial", "degree": 2}},
        "feed_forward": {"type": "gated", "hidden": 3, "constraint": "orthogonal"},
        "feed_forward_residual": "learned",
    }
    given = {
        "tokens": {"type": "words", "dimension": 4},
        "transformer": {"layers": [layer], "complex": True, "position": {"type": "add"}, "normalise": True},
    }
    words = np.array([0, 2, 1, 1, 2])
    learner = FAMILY.learner(FAMILY.sketch.model_validate(given), Given(5, None, labels=("a", "b", "c")), Path())
    random = np.random.default_rng(0)
    trained = {name: values + 0.3 * random.normal(size=values.shape) for name, values in learner.initial(0).items()}
    metrics, _ = computed(learner, trained, words[None])
    for name, value in wanted(learner.model(trained, words, "made")).items():
        assert metrics[name][0] == pytest.approx(value, rel=1e-10), name


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_gives_its_numbers_back(seed: int) -> None:
    model = loaded(trainable(seed))
    learner = FAMILY.learner_of(model)
    start = learner.initial(5)
    assert start.keys() == learner.trained_of(model).keys()
    for name, values in learner.trained_of(model).items():
        np.testing.assert_array_equal(values, start[name])
    random = np.random.default_rng(seed)
    other = {name: values + random.normal(size=values.shape) for name, values in start.items()}
    made = learner.model(other, sequence_of(model), "other")
    assert made != model
    for name, values in learner.trained_of(made).items():
        np.testing.assert_allclose(values, other[name], rtol=1e-15)


def test_derivatives_are_differences() -> None:
    """Of the cross entropy and of the success probability, by every array."""
    given = changed("/readout/positions", "targets", changed("/tokens/sequence", [0, 1, 0, 1]))
    layer = given["transformer"]["layers"][0]
    head = {"query": [[1, 0.3], [0, 0.5]], "key": [[0.2, 0.9], [0.7, -0.4]], "output": [[0.5, 0.2], [0.1, -0.9]]}
    kernel = {"type": "polynomial", "coefficients": [0.5, -1, 0.2]}
    later = {
        "attention": {"kernel": kernel, "heads": [head, {"score": [[0.5, 0.1], [-0.2, 0.6]]}]},
        "residual": [-0.9, 0.4],
        "feed_forward": {
            "type": "polynomial",
            "input": [[1, 2], [0.5, -1]],
            "bias": [0.3, 0],
            "coefficients": [0, 1, 2],
        },
    }
    given["transformer"]["layers"] = [{**layer, "feed_forward_residual": [0.5, 2]}, later]
    model = loaded(given)
    learner, batch = FAMILY.learner_of(model), sequence_of(model)[None]
    start = learner.initial(0)

    def value(trained: Any) -> Any:
        found = learner.metrics(trained, batch)
        return jnp.stack([found["cross_entropy"][0], found["ln_success"][0]])

    def slope(direction: Any) -> Any:
        return jax.jvp(value, (start,), (direction,))[1]

    nothing = {name: np.zeros_like(values) for name, values in start.items()}
    random = np.random.default_rng(0)
    with precision(True):
        slopes = jax.jit(slope).lower(start).compile(compiler_options=FASTER)
        values = jax.jit(value).lower(start).compile(compiler_options=FASTER)
        for name, own in start.items():
            direction = random.normal(size=own.shape)
            upper, lower = (np.asarray(values({**start, name: own + step * direction})) for step in (1e-5, -1e-5))
            along = np.asarray(slopes({**nothing, name: direction}))
            np.testing.assert_allclose(along, (upper - lower) / 2e-5, rtol=1e-5, atol=1e-8, err_msg=name)
            assert np.abs(along).max() > 1e-3, name


def test_what_is_zero_has_finite_gradients() -> None:
    """A query and a key of length 0, and a kernel that is 0 at the largest score."""
    kernel = {"type": "polynomial", "coefficients": [0, 1, -1]}
    heads = [{"query": [[1, 0], [0, 1]]}, {"query": [[0, 0], [0, 0]], "key": [[0, 0], [0, 0]]}]
    given = changed("/transformer/layers/0/attention", {"heads": heads, "kernel": kernel})
    given = changed("/transformer/layers/0/norm", "centre", changed("/transformer/normalise", True, given))
    model = loaded(changed("/readout/positions", "targets", given))
    learner = FAMILY.learner_of(model)

    def value(trained: Any) -> Any:
        found = learner.metrics(trained, model.sequence[None])
        return found["cross_entropy"][0] - 0.01 * found["ln_success"][0]

    with precision(False):
        start = {name: np.float32(values) for name, values in learner.initial(0).items()}
        slope = jax.jit(jax.grad(value)).lower(start).compile(compiler_options=FASTER)
        slopes = jax.tree.map(np.asarray, slope(start))
    assert all(np.isfinite(values).all() for values in slopes.values())
    assert slopes["tokens"].any()


def test_what_is_zero_stays_zero_and_what_is_left_out_stays_the_identity() -> None:
    given = changed("/readout/positions", "targets", changed("/transformer/layers/0/residual", [0, 0.5]))
    learner = FAMILY.learner_of(loaded(given))
    start = learner.initial(0)
    assert {name: values.shape for name, values in start.items()} == {
        "tokens": (3, 2),
        "layers.0.heads.0.query": (1, 2),
        "layers.0.heads.0.key": (1, 2),
        "layers.0.residual": (1,),
        "layers.0.feed_forward_residual": (1,),
        "layers.0.feed_forward.factors.0.matrix": (2, 2),
        "readout.vocabulary": (3, 2),
    }
    assert learner.facts() == [
        (
            "learned",
            "22 numbers: embedding 6, heads of layer 1 4, residual of layer 1 1, feed-forward-residual of layer 1 1, "
            "feed-forward of layer 1 4, vocabulary 6",
        )
    ]


def test_a_residual_within_a_polynomial_is_learned_with_it() -> None:
    model = loaded(changed("/readout/positions", "targets", fed([0.3, 0.5])))
    learner = FAMILY.learner_of(model)
    start = learner.initial(0)
    np.testing.assert_allclose(start["layers.0.feed_forward.coefficients"], [0.8, 0.25])
    made = learner.model(start, model.sequence, "made")
    np.testing.assert_allclose(made.outputs, model.outputs, atol=1e-15)


def test_single_precision_is_kept() -> None:
    model = loaded(trainable(311))
    learner = FAMILY.learner_of(model)
    with precision(False):
        trained = {name: np.float32(values) for name, values in learner.initial(0).items()}
        rows = np.float32(sequence_of(model))[None]
        found = jax.eval_shape(learner.metrics, trained, rows)
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}
    with precision(True):
        found = jax.eval_shape(learner.metrics, trained, rows)
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("given", [changed("/tokens", INLINE), changed("/readout", INLINE)])
def test_what_no_data_train(given: dict[str, Any]) -> None:
    readout = {"type": "state-fidelity", "targets": [[1, 0], [0, 1], [1, 1], [1, -1]]}
    model = loaded(inline() if given["tokens"] == INLINE else changed("/readout", readout))
    with pytest.raises(InvalidInputError) as raised:
        FAMILY.learner_of(model)
    assert raised.value.code == "train.no-data-for-model"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/transformer/layers/0/attention/mask", "full"),
        ("/transformer/layers/0/attention/kernel", {"type": "monomial", "degree": 2}),
        ("/transformer/layers/0/attention/heads/0/query", [[1, 0], [0, 1]]),
        ("/tokens/embedding", [[1, 0], [0, 1]]),
        (FEED, {"type": "polynomial", "coefficients": [0, 1]}),
        ("/transformer/normalise", True),
    ],
)
def test_a_model_of_another_shape_is_refused(pointer: str, value: Any) -> None:
    given = changed("/readout/positions", "targets", changed("/tokens/sequence", [0, 1, 0, 1]))
    learner = FAMILY.learner_of(loaded(given))
    assert learner.trained_of(loaded(given))
    other = changed(pointer, value, given)
    if pointer.endswith("query"):
        other = changed(pointer.replace("query", "key"), value, other)
    with pytest.raises(InvalidInputError) as raised:
        learner.trained_of(loaded(other))
    assert raised.value.code == "train.other-shape"
    assert (raised.value.pointer or "").startswith(pointer[: len(raised.value.pointer or "")])


def test_words_are_of_any_length_that_there_are_positions_for() -> None:
    given = changed("/transformer/position", {"type": "add", "values": [[1, 0]] * 5})
    learner = FAMILY.learner_of(loaded(changed("/readout/positions", "targets", given)))
    start = learner.initial(0)
    assert len(learner.model(start, np.array([0, 1, 2, 0, 1]), "five").outputs) == 5
    assert learner.model(start, np.array([2]), "one").readout.positions == (1,)
    with pytest.raises(InvalidInputError, match="fewer positions"):
        learner.model(start, np.array([0, 1] * 3), "six")


def test_words_that_there_are_not_have_no_metrics() -> None:
    learner = FAMILY.learner_of(loaded(changed("/readout/positions", "targets")))
    metrics, _ = computed(learner, learner.initial(0), np.array([[0, 1, 2, 3, 0]]))
    assert np.isnan(metrics["cross_entropy"]).all()


def test_the_family_learns() -> None:
    assert isinstance(FAMILY, Learns)
    assert FAMILY.learner_of(loaded(changed("/readout/positions", "targets"))).easier() is None
