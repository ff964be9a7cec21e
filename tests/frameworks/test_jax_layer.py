"""``qsac.jax``: models as pure functions."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qsac
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from tests.families.qsa.learners import compiled, states
from tests.frameworks.layers import EXAMPLES, SKETCH, overlaps, small


@pytest.mark.parametrize("real", [True, False])
def test_a_layer_predicts_what_its_model_does(real: bool) -> None:
    model = load(small(real))
    apply, init = qsac.jax.layer(model)
    tokens = states(3, 5, 4, real=real)
    with jax.enable_x64(True):
        predicted = np.asarray(jax.jit(apply)(init(), tokens[:-1]))
    assert predicted.shape == (5, 4)
    assert np.iscomplexobj(predicted) is not real
    metrics = closed_form(model)
    assert overlaps(model, predicted) == pytest.approx(np.abs(metrics.overlaps) / metrics.norms, abs=1e-12)


def test_any_leading_axes_and_lengths_and_every_token_is_answered() -> None:
    apply, init = qsac.jax.layer(SKETCH, dimension=4)
    parameters = init(1)
    several = np.stack([states(seed, 5, 4, real=False) for seed in range(6)]).astype(np.complex64)
    run = compiled(apply, parameters, several[4])
    grouped = several.reshape(2, 3, 6, 4)
    batch = compiled(apply, parameters, grouped)(parameters, grouped)
    assert batch.shape == (2, 3, 6, 4)
    alone = run(parameters, several[4])
    assert np.asarray(batch[1, 1]) == pytest.approx(np.asarray(alone), abs=1e-5)
    mapped = compiled(jax.vmap(apply, in_axes=(None, 0)), parameters, several)(parameters, several)
    assert np.asarray(mapped[4]) == pytest.approx(np.asarray(alone), abs=1e-5)
    stretched = run(parameters, several[4] * np.linspace(0.1, 1e25, 6, dtype=np.float32)[:, None])
    assert np.asarray(stretched) == pytest.approx(np.asarray(alone), abs=1e-4)
    # the prediction after a token does not depend on what follows
    changed = np.concatenate([several[4][:3], several[5][:3]])
    assert np.asarray(run(parameters, changed))[:3] == pytest.approx(np.asarray(alone)[:3], abs=1e-5)
    unit_apply = qsac.jax.layer(SKETCH, dimension=4, normalise=True).apply
    unit = compiled(unit_apply, parameters, several[4])(parameters, several[4])
    assert np.linalg.norm(np.asarray(unit), axis=1) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(np.asarray(run(parameters, 0 * several[4]))).all()


def test_gradients_reach_parameters_and_tokens() -> None:
    apply, init = qsac.jax.layer(SKETCH, dimension=3)
    rng = np.random.default_rng(0)
    tokens, weights, shift = (rng.normal(size=(4, 3)) + 1j * rng.normal(size=(4, 3)) for _ in range(3))
    with jax.enable_x64(True):
        parameters = init(2)

        def loss(numbers: Any, step: Any) -> Any:
            return jnp.sum(jnp.abs(apply(numbers, tokens + step * shift) - weights) ** 2)

        value = compiled(jax.value_and_grad(loss, argnums=(0, 1)), parameters, 0.0)
        _, (of_numbers, of_step) = value(parameters, 0.0)
        high, low = (float(value(parameters, step)[0]) for step in (1e-6, -1e-6))
        assert float(of_step) == pytest.approx((high - low) / 2e-6, rel=1e-6)
        moved = [
            float(value({**parameters, "heads.0.kernel": parameters["heads.0.kernel"] + step}, 0.0)[0])
            for step in (1e-6, -1e-6)
        ]
        assert float(of_numbers["heads.0.kernel"].sum()) == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-5)
    assert set(of_numbers) == set(parameters)
    assert all(np.any(np.asarray(gradient)) for gradient in of_numbers.values())


def test_the_callers_precision_and_configuration_stay() -> None:
    before = dict(jax.config.values)
    apply, init = qsac.jax.layer(SKETCH, dimension=4)
    tokens = states(0, 3, 4, real=False)
    single = jax.jit(apply)(init(), tokens)
    assert single.dtype == np.complex64
    with jax.enable_x64(True):
        double = jax.jit(apply)(init(), tokens)
        assert double.dtype == np.complex128
        half = {name: value.astype(np.float32) for name, value in init().items()}
        assert jax.eval_shape(apply, half, tokens.real.astype(np.float32)).dtype == np.complex64
    assert np.asarray(single) == pytest.approx(np.asarray(double), abs=1e-5)
    assert dict(jax.config.values) == before


def test_a_trained_layer_is_a_model_that_compiles() -> None:
    apply, init = qsac.jax.layer(SKETCH, dimension=4)
    tokens = states(2, 4, 4, real=False)
    with jax.enable_x64(True):
        parameters = {name: value + 0.1 for name, value in init(3).items()}
        predicted = np.asarray(jax.jit(apply)(parameters, tokens[:-1]))
        model = qsac.jax.to_model(SKETCH, parameters, tokens, dimension=4, name="layer")
    metrics = closed_form(model)
    assert overlaps(model, predicted) == pytest.approx(np.abs(metrics.overlaps) / metrics.norms, abs=1e-10)
    again = qsac.jax.layer(model)
    with jax.enable_x64(True):
        restarted = np.asarray(jax.jit(again.apply)(again.init(), tokens[:-1]))
    assert overlaps(model, restarted) == pytest.approx(overlaps(model, predicted), abs=1e-9)
    assert model.name == "layer"


def test_transformers_are_layers_too() -> None:
    model = load(EXAMPLES / "gpt-grammar.json")
    apply, init = qsac.jax.layer(model)
    words = np.array([[0, 1, 2], [2, 1, 0]])
    shares = np.asarray(jax.jit(apply)(init(), words))
    assert shares.shape[:2] == (2, 3)
    assert shares.sum(axis=-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        (SKETCH, {}, "option.wrong-type"),
        ({"attentoin": {}}, {"dimension": 4}, "train.not-one-family"),
        ({"attention": {"type": "overlap", "kernel": {"type": "s"}}}, {"dimension": 4}, "field.unknown-choice"),
        ({"attention": {"type": "overlap"}}, {"dimension": 4}, "field.missing"),
        ({"qsac": 1}, {}, "field.missing"),
    ],
)
def test_mistakes_are_said(model: Any, options: dict[str, Any], code: str) -> None:
    with pytest.raises(qsac.QsacError) as caught:
        qsac.jax.layer(model, **options)
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_a_framework_that_is_not_installed_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(qsac.InvalidInputError) as caught:
        getattr(qsac, name)
    assert caught.value.code == "package.missing"
