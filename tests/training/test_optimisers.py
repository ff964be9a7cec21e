"""What each optimiser does, beside what it is said to do."""

import math
from typing import Any

import numpy as np
import pytest

from qsac.training.functions import Functions
from qsac.training.loop import train_seed
from qsac.training.optimisers import adam, natural_gradient, rotosolve, sgd, spsa
from qsac.training.optimisers.contract import Place, Problem
from qsac.training.optimisers.making import kind_of, kinds
from qsac.training.optimisers.natural_gradient import metric_product
from qsac.training.precision import precision
from tests.training.simple import simple


def test_optimisers_are_found_by_name() -> None:
    assert set(kinds()) == {"adam", "natural-gradient", "rotosolve", "sgd", "spsa"}
    for name, kind in kinds().items():
        assert kind.fields.model_fields["type"].annotation.__args__ == (name,)  # type: ignore[union-attr]
        assert kind_of(kind.fields(type=name)) is kind
        assert kind.fields.__doc__


def problem(value: Any, predictions: Any = None, angles: tuple[str, ...] = ()) -> Problem:
    import jax

    def of(parameters: Any, batch: Any, _step: Any) -> Any:
        return value(parameters, batch)

    # Operation by operation they take ten times as long.
    compiled = None if predictions is None else jax.jit(predictions)
    return Problem(jax.jit(jax.value_and_grad(of)), jax.jit(of), compiled, angles)


def place(rate: float = 0.1, number: int = 0) -> Place:
    import jax

    return Place(number, rate, jax.random.fold_in(jax.random.key(0), number))


def bowl(parameters: Any, batch: Any) -> Any:
    import jax.numpy as jnp

    return jnp.sum(jnp.square(parameters["a"] - batch)) + 3 * parameters["b"]


START = {"a": np.array([1.0, -2.0]), "b": np.array(0.5)}


def on_device(values: dict[str, Any]) -> dict[str, Any]:
    import jax.numpy as jnp

    return {name: jnp.asarray(one) for name, one in values.items()}


def test_plain_descent_and_its_clip() -> None:
    with precision(True):
        start = on_device(START)
        for clip, scale in ((None, 1.0), (100.0, 1.0), (0.5, 0.5 / math.sqrt(4 + 16 + 9))):
            made = sgd.make(sgd.fields(type="sgd", clip=clip), {}, 10, 2)
            done = made.step(problem(bowl), start, made.initial(start), np.zeros(2), place())
            np.testing.assert_allclose(done.parameters["a"], START["a"] - 0.1 * scale * 2 * START["a"], atol=1e-15)
            np.testing.assert_allclose(done.parameters["b"], 0.5 - 0.1 * scale * 3, atol=1e-15)
            assert float(done.value) == 6.5
            assert float(done.gradient_norm) == pytest.approx(math.sqrt(29))


def test_adam_is_optax_s() -> None:
    import jax
    import optax

    with precision(True):
        parameters = reference = on_device(START)
        made = adam.make(adam.fields(rate=0.1), {}, 10, 2)
        state = made.initial(parameters)
        theirs = optax.adam(0.1)
        their_state = theirs.init(reference)
        for number in range(5):
            batch = np.array([number, 1.0])
            done = made.step(problem(bowl), parameters, state, batch, place(0.1, number))
            parameters, state = done.parameters, done.state
            updates, their_state = theirs.update(jax.grad(bowl)(reference, batch), their_state)
            reference = optax.apply_updates(reference, updates)
        for name in START:
            np.testing.assert_allclose(parameters[name], reference[name], atol=1e-14)


def states(parameters: Any, batch: Any) -> Any:
    import jax.numpy as jnp

    found = batch * jnp.exp(1j * parameters["b"]) + parameters["a"] * 1j + jnp.square(parameters["a"])
    return found / jnp.linalg.norm(batch * np.exp(0.5j) + START["a"] * 1j + START["a"] ** 2, axis=-1, keepdims=True)


def test_the_metric_is_the_distance_of_states_up_to_phases() -> None:
    """min over phases of ||psi(t) - e^{i phi} psi(t + e)||^2 = e G e, by differences; lengths are 1 at first."""
    rng = np.random.default_rng(2)
    batch = rng.normal(size=(3, 4, 2)) + 1j * rng.normal(size=(3, 4, 2))
    with precision(True):
        parameters = on_device(START)
        product = metric_product(problem(bowl, states), parameters, batch)
        for _ in range(5):
            vector = {"a": rng.normal(size=2), "b": rng.normal()}
            moved = {name: values + 1e-4 * vector[name] for name, values in parameters.items()}
            here, there = np.asarray(states(parameters, batch)), np.asarray(states(moved, batch))
            np.testing.assert_allclose(np.linalg.norm(here, axis=-1), 1)
            overlaps = np.abs(np.sum(np.conj(here) * there, axis=-1))
            distances = np.sum(np.abs(here) ** 2 + np.abs(there) ** 2, axis=-1) - 2 * overlaps
            found = product(on_device({"a": vector["a"], "b": np.array(vector["b"])}))
            length = float(np.sum(vector["a"] * found["a"]) + vector["b"] * found["b"])
            assert length == pytest.approx(float(np.mean(distances)) / 1e-8, rel=1e-3)
            assert length > 0.01


def test_a_global_phase_has_no_length() -> None:
    batch = np.array([[[1.0, 2.0j]]])

    def phased(parameters: Any, given: Any) -> Any:
        import jax.numpy as jnp

        return given / math.sqrt(5) * jnp.exp(1j * parameters["b"]) + 0 * parameters["a"]

    with precision(True):
        product = metric_product(problem(bowl, phased), on_device(START), batch)
        found = product(on_device({"a": np.zeros(2), "b": np.array(1.0)}))
        assert abs(float(found["b"])) < 1e-14


def test_natural_steps_solve_the_metric() -> None:
    rng = np.random.default_rng(2)
    batch = rng.normal(size=(3, 4, 2)) + 1j * rng.normal(size=(3, 4, 2))

    def value(parameters: Any, _batch: Any) -> Any:
        return bowl(parameters, np.zeros(2))

    with precision(True):
        parameters = on_device(START)
        own = problem(value, states)
        made = natural_gradient.make(natural_gradient.fields(type="natural-gradient", damping=0.01), {}, 10, 2)
        done = made.step(own, parameters, made.initial(parameters), batch, place(1.0))
        moved = {name: parameters[name] - done.parameters[name] for name in parameters}
        back = metric_product(own, parameters, batch)(moved)
        _, gradient = own.value_and_gradient(parameters, batch, 0)
        for name in parameters:
            np.testing.assert_allclose(back[name] + 0.01 * moved[name], gradient[name], atol=1e-10)


def test_spsa_is_right_in_the_mean() -> None:
    with precision(True):
        parameters = on_device(START)
        made = spsa.make(spsa.fields(type="spsa"), {}, 10, 2)
        own = problem(bowl)
        _, gradient = own.value_and_gradient(parameters, np.zeros(2), 0)
        total = {name: np.zeros_like(values) for name, values in START.items()}
        steps = 200
        for number in range(steps):
            done = made.step(own, parameters, (), np.zeros(2), place(1.0, number))
            for name in total:
                total[name] += np.asarray(parameters[name] - done.parameters[name])
        for name in total:
            np.testing.assert_allclose(total[name] / steps, gradient[name], atol=1.2)
        assert abs(float(gradient["a"][1])) > 3


def fidelity(parameters: Any, batch: Any) -> Any:
    """-ln of (1 + 0.9 cos(t - 0.7) cos(u + 0.2)) / 2: of the form that rotosolve knows, in t and in u."""
    import jax.numpy as jnp

    t, u = parameters["angles"]
    return -jnp.log((1 + 0.9 * jnp.cos(t - 0.7) * jnp.cos(u + 0.2)) / 2)


def test_rotosolve_turns_an_angle_to_its_lowest_value() -> None:
    with precision(True):
        own = problem(fidelity, angles=("angles",))
        made = rotosolve.make(rotosolve.fields(type="rotosolve"), {"angles": 2}, 2, 2)
        parameters = on_device({"angles": np.array([3.0, 0.3]), "fixed": np.array([9.0])})
        first = made.step(own, parameters, made.initial(parameters), None, place())
        assert float(first.parameters["angles"][0]) % (2 * math.pi) == pytest.approx(0.7, abs=1e-12)
        assert float(first.parameters["angles"][1]) == 0.3
        assert float(first.parameters["fixed"][0]) == 9.0
        assert math.isnan(float(first.gradient_norm))
        second = made.step(own, first.parameters, first.state, None, place())
        np.testing.assert_allclose(second.parameters["angles"], [0.7, -0.2], atol=1e-12)
        assert float(fidelity(second.parameters, None)) == pytest.approx(-math.log(0.95), abs=1e-12)


def test_rotosolve_never_goes_up() -> None:
    """Where the value is of another form: higher harmonics, and an absolute value."""
    import jax.numpy as jnp

    def value(parameters: Any, _batch: Any) -> Any:
        t, u = parameters["angles"]
        return -jnp.log(1.1 + jnp.cos(3 * t + u) * jnp.abs(jnp.sin(u)))

    rng = np.random.default_rng(4)
    turned = 0
    with precision(True):
        own = problem(value, angles=("angles",))
        made = rotosolve.make(rotosolve.fields(type="rotosolve"), {"angles": 2}, 2, 1)
        for _ in range(20):
            parameters = on_device({"angles": rng.uniform(-3, 3, 2)})
            done = made.step(own, parameters, made.initial(parameters), None, place())
            assert float(value(done.parameters, None)) <= float(done.value)
            turned += not np.array_equal(done.parameters["angles"], parameters["angles"])
    assert turned > 10


@pytest.mark.parametrize(
    "fields",
    [{"type": "adam", "rate": 0.1}, {"type": "sgd", "rate": 2.0}, {"type": "natural-gradient"}, {"type": "spsa"}],
    ids=["adam", "sgd", "natural-gradient", "spsa"],
)
def test_every_optimiser_learns(fields: dict[str, Any]) -> None:
    objective = "cross_entropy" if fields["type"] == "natural-gradient" else "loss"  # phases have no part in its metric
    config = simple(optimiser=fields, epochs=20, objective=objective)
    history = train_seed(config, 0, shared=config.shared).history  # type: ignore[attr-defined]  # of tests
    assert history[-1].train < history[0].train * (0.995 if fields["type"] == "spsa" else 0.8)


def test_rates_rise_and_fall() -> None:
    config = simple(epochs=5, batch=5, optimiser={"type": "sgd", "rate": 2.0, "warm_up": 0.2, "continuation": 2})
    with precision(False):
        first, second = Functions(config, config.data(0)).phases
    assert first.rates.tolist() == [2.0] * 8
    assert second.rates[:3].tolist() == [1.0, 2.0, 2.0]
    np.testing.assert_allclose(second.rates[2:], 1 + np.cos(np.pi * np.arange(10) / 10))
    assert second.numbers(3).tolist() == [4, 5, 6, 7]
