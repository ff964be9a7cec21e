"""``qsac.jax.layer`` of lists of steps and of single ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from tests.families.steps.models import loaded, named

CIRCUIT: dict[str, Any] = {
    "type": "circuit",
    "qubits": 3,
    "blocks": [{"type": "angle"}, {"type": "hardware-efficient", "layers": 2, "rotations": ["ry", "rz"]}],
    "measure": {"type": "pauli", "each": "Z"},
}


def test_a_circuit_is_a_layer() -> None:
    apply, init = qsac.jax.layer(CIRCUIT)
    parameters = init(jax.random.key(3))
    assert {name: values.shape for name, values in parameters.items()} == {"blocks.1.parameters": (2, 3, 2)}
    rng = np.random.default_rng(0)
    inputs, weights = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 3))
    with jax.enable_x64(True):
        double = {name: jnp.asarray(values, jnp.float64) for name, values in parameters.items()}

        def loss(parameters: Any, inputs: Any) -> Any:
            return jnp.sum(weights * apply(parameters, inputs))

        compiled = jax.jit(apply)  # by single operations it takes ten times as long
        value, gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(double, inputs)
        model = qsac.jax.to_model(CIRCUIT, double, inputs[1, 2], name="layer")
        wanted = qsac.run(model, inputs=list(inputs.reshape(10, 3))).values["outputs"]
        assert float(value) == pytest.approx(np.sum(weights.reshape(10, 3) * np.array(wanted)), abs=1e-9)
        step = 1e-5 * rng.normal(size=inputs.shape)
        ahead, behind = (np.sum(weights * np.asarray(compiled(double, inputs + sign * step))) for sign in (1, -1))
        assert np.sum(np.asarray(gradient[1]) * step) == pytest.approx((ahead - behind) / 2, abs=1e-9)
        assert np.any(np.asarray(gradient[0]["blocks.1.parameters"]))
        alone = compiled(double, inputs[1, 2])
        assert alone.shape == (3,)
        rows = jax.jit(jax.vmap(lambda row: apply(double, row)))(jnp.asarray(inputs[0]))
        assert np.asarray(rows) == pytest.approx(np.asarray(compiled(double, inputs))[0], abs=1e-12)
    single = jax.jit(apply)(parameters, inputs.astype(np.float32))
    assert single.dtype == jnp.float32


def test_numbers_that_are_given_are_where_learning_starts() -> None:
    fields, expected = named("quixer")
    apply, init = qsac.jax.layer(fields)
    with jax.enable_x64(True):
        parameters = init()
        found = jax.jit(apply)(parameters, np.array([one["input"] for one in expected]))
    assert np.asarray(found) == pytest.approx(np.array([one["output"] for one in expected]), abs=1e-9)
    assert loaded(fields).shape.sequence is True
    assert parameters["steps.1.attention.polynomial"].shape == (3,)
    given = {**CIRCUIT, "blocks": [{"type": "angle"}, {"type": "two-local", "parameters": [[0.1, 0.2, 0.3]] * 2}]}
    assert qsac.jax.layer(given).init(7)["blocks.1.parameters"].tolist() == pytest.approx(
        np.array([[0.1, 0.2, 0.3]] * 2)
    )


def test_a_sketch_of_steps() -> None:
    sketch = {"steps": [{"type": "linear"}, CIRCUIT, {"type": "linear", "outputs": 2}]}
    apply, init = qsac.jax.layer(sketch, dimension=4)
    parameters = init(1)
    assert {name: values.shape for name, values in parameters.items()} == {
        "steps.0.weight": (3, 4),
        "steps.0.bias": (3,),
        "steps.1.blocks.1.parameters": (2, 3, 2),
        "steps.2.weight": (2, 3),
        "steps.2.bias": (2,),
    }
    assert apply(parameters, np.zeros((6, 4))).shape == (6, 2)
    model = qsac.jax.to_model(sketch, parameters, dimension=4)
    assert model.sample is None
    with pytest.raises(InvalidInputError, match="nothing says how many numbers it gives"):
        qsac.jax.layer({"steps": [{"type": "linear"}]}, dimension=4)
