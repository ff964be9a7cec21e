"""Values and slopes by the parameter-shift rule: simulated, on compiled circuits, and with a machine's noise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.families.learning import Measuring
from qsac.families.steps.learning.learner import StepsLearner, learned_whole
from qsac.families.steps.learning.lowered import Angles, lowered
from qsac.families.steps.learning.mixtures import mixture_of
from qsac.families.steps.learning.shift_rule import by_shifts, check_shifts
from qsac.families.steps.learning.traced_circuit import Traced
from qsac.families.steps.model import CircuitOf, Model, UnitaryMixture
from qsac.machine.read import find_target
from qsac.training.from_circuits.machine import CompiledCircuits
from tests.cases import ALL
from tests.families.steps.models import VECTORS, loaded
from tests.families.steps.test_traced import own_samples
from tests.families.steps.training_of_steps import ALONE, halves, trained


@pytest.fixture(autouse=True)
def _in_double() -> Any:
    with jax.enable_x64(True):
        yield


def machine(target: str = "h2", shots: int | None = None, *, noise: bool = False) -> CompiledCircuits:
    return CompiledCircuits(find_target(target), shots, noise=noise)


class Layer:
    """A weighted sum of the outputs and the success of a model, by its numbers and a batch."""

    def __init__(self, model: Model) -> None:
        self.learner = StepsLearner(learned_whole(model))
        self.arrays = self.learner.initial(0)

    def told(self, batch: Any, measuring: Measuring | None) -> tuple[Any, Any]:
        """The sum, and its slopes by the arrays and by the batch."""

        def weighed(arrays: Any, batch: Any) -> Any:
            outputs, success = self.learner.mapped(arrays, batch, measuring)
            weights = np.random.default_rng(1).normal(size=outputs.size + len(batch))
            return jnp.concatenate([outputs.reshape(-1), success]) @ weights

        return jax.value_and_grad(weighed, argnums=(0, 1))(self.arrays, jnp.asarray(batch))


def agreed(model: Model, batch: Any, *ways: Measuring) -> None:
    layer = Layer(model)
    value, slopes = jax.jit(lambda batch: layer.told(batch, None))(batch)
    moved = 0
    for way in ways:
        found, others = jax.jit(lambda batch, way=way: layer.told(batch, way))(batch)
        assert float(found) == pytest.approx(float(value), abs=1e-10)
        for one, other in zip(jax.tree.leaves(slopes), jax.tree.leaves(others), strict=True):
            assert np.asarray(other) == pytest.approx(np.asarray(one), abs=1e-9)
            moved += np.abs(np.asarray(one)).max(initial=0) > 1e-3
    assert moved


# An amplitude load whose numbers an earlier step gives, a rotation that nothing moves, a controlled one, a projection,
# a damped neuron, two groups of observables.
MIXED = {
    "qsac": 1,
    "steps": [
        {"type": "linear", "weight": [[0.4, -0.3], [1.1, 0.2], [-0.5, 0.7]], "bias": [0.2, 0.1, -0.3]},
        {
            "type": "circuit",
            "qubits": 3,
            "blocks": [
                {"type": "amplitude", "qubits": [0, 1], "length": 3},
                {"type": "gates", "gates": [["rx", [2], 0.3], ["crx", [0, 2], {"parameter": 0}]], "parameters": [0.7]},
                {
                    "type": "neuron",
                    "sources": [0],
                    "target": 1,
                    "degree": 1,
                    "order": 1,
                    "amplified": False,
                    "parameters": [0.3, -0.5],
                },
                {"type": "gates", "gates": [["project", [0], 0]]},
            ],
            "measure": {"type": "pauli", "observables": ["IZZ", "IXI"]},
        },
    ],
}


def test_slopes_are_those_of_the_closed_form_simulated_and_compiled() -> None:
    batch = np.random.default_rng(0).normal(size=(2, 2))
    agreed(loaded(MIXED), batch, Measuring(), Measuring(machine=machine()))


QUICK = "gan-generator"
"""The vector that is always tried: all of them take two minutes."""


@pytest.mark.parametrize(
    "path",
    [path for path in VECTORS if ALL or path.stem == QUICK],
    ids=lambda path: path.stem,
)
def test_slopes_of_the_vectors(path: Path) -> None:
    model, batch = own_samples(path)
    agreed(model, batch[:1], Measuring(), Measuring(machine=machine()))


@pytest.mark.parametrize("score", ["overlap-squared", "overlap-real", "mixed-overlap"])
def test_scores_that_are_overlaps(score: str) -> None:
    """Of a query and a key with parameters of their own, the last gates of which are not the same."""

    def states(seed: int) -> dict[str, Any]:
        gates = [["zz", [0, 1], {"parameter": 0}], ["s", [1]], ["crx", [1, 0], {"parameter": 1}], ["h", [1]]]
        turned = {"type": "gates", "gates": gates, "parameters": [0.4 * seed, 0.9 - 0.2 * seed]}
        return {"qubits": 2, "blocks": [{"type": "angle"}, turned], "measure": {"type": "state"}}

    attention = {
        "type": "measured",
        "query": states(1),
        "key": states(2),
        "value": {"type": "identity"},
        "score": {"type": score, **({"keep": [1]} if score == "mixed-overlap" else {})},
    }
    model = loaded(
        {"qsac": 1, "steps": [{"type": "attention", "attention": attention}, {"type": "pool", "over": "mean"}]}
    )
    agreed(model, np.random.default_rng(3).normal(size=(1, 2, 2)), Measuring(machine=machine("statevector")))


def test_amplitudes_have_no_inverse_and_no_branch() -> None:
    circuit = {"qubits": 1, "blocks": [{"type": "amplitude"}], "measure": {"type": "state"}}
    attention = {"type": "measured", "query": circuit, "value": {"type": "identity"}}
    models = [
        loaded({"qsac": 1, "steps": [{"type": "attention", "attention": {**attention, "score": {"type": score}}}]})
        for score in ("overlap-squared", "overlap-real")
    ]
    agreed(models[0], np.random.default_rng(3).normal(size=(1, 2, 2)), Measuring())
    with pytest.raises(InvalidInputError, match="no parameter-shift rule"):
        check_shifts(models[1].steps)


def mixed(qubits: int, token: list[Any], mixing: list[Any], polynomial: list[float], then: list[Any]) -> Model:
    attention = {
        "type": "unitary-mixture",
        "mixing": mixing,
        "polynomial": polynomial,
        "token": {"qubits": qubits, "blocks": token},
    }
    measure = {"type": "pauli", "each": "XZ"}
    step = {"type": "attention", "attention": attention, "then": {"qubits": qubits, "blocks": then, "measure": measure}}
    return loaded({"qsac": 1, "steps": [step]})


TURNED = {"type": "hardware-efficient", "rotations": ["ry", "rz"], "parameters": [[[0.7, -0.4]]]}
SOME = {"type": "gates", "gates": [["rx", [0], {"parameter": 0}], ["project", [1], 0]], "parameters": [0.9]}


STRINGS = [["xx", [0, 1], {"input": 0, "offset": 0.3}], ["t", [0]], ["ry", [0], {"input": 1}], ["rx", [1], 0.8]]
CONSTANTS = [["ry", [0], {"input": 0, "offset": 0.3}], ["t", [0]]]
TWO = [[0.6, 0.4], [-0.5, 0.2]]
ONE_TOKEN = mixed(1, [{"type": "angle"}], [0.7], [0.4, 1.0], [TURNED])
MIXTURES = {
    "two tokens": mixed(1, [{"type": "gates", "gates": CONSTANTS}], TWO, [0.4, -1.0, 0.5], [TURNED]),
    "degree 0": mixed(1, [{"type": "angle"}], [0.7, 0.1], [0.4], [TURNED]),
    "degree 3": mixed(1, [{"type": "angle"}], TWO, [0.4, -1.0, 0.5, -0.2], [TURNED]),
    "strings": mixed(2, [{"type": "gates", "gates": STRINGS}], TWO, [0.4, -1.0], [SOME]),
    "quixer": mixed(2, [{"type": "input-ansatz-14"}], [0.5, -0.3, 0.8], [-0.3, 1.0, 0.2], [SOME]),
}


@pytest.mark.parametrize("name", [name for name in MIXTURES if ALL or name == "two tokens"])
def test_mixtures_of_unitaries(name: str) -> None:
    """Everything is learned: the tokens, the mixing, the polynomial, and what follows. What is post-selected is a
    quotient. The least one is compiled, which takes less time than to trace it."""
    model = MIXTURES[name]
    step = model.steps[0]
    assert isinstance(step, UnitaryMixture)
    batch = np.random.default_rng(3).normal(size=(1, len(step.mixing), step.token.inputs))
    agreed(model, batch, Measuring(machine=machine() if name == "two tokens" else None))


def test_mixtures_by_shots() -> None:
    layer, batch = Layer(ONE_TOKEN), np.array([[[0.4]]])
    ways = (None, Measuring(key=jax.random.key(7), machine=machine("h2", 4000)))
    exact, counted = (jax.jit(lambda batch, way=way: layer.told(batch, way))(batch) for way in ways)
    for one, near in zip(*map(jax.tree.leaves, (exact, counted)), strict=True):
        assert np.asarray(near) == pytest.approx(np.asarray(one), abs=0.2)
    assert float(counted[0]) != float(exact[0])


def test_mixtures_whose_circuits_have_no_slope_or_no_room() -> None:
    zero = mixed(1, [{"type": "angle"}], [0.7, 0.4], [0.0, 1.0], [TURNED])
    check_shifts(zero.steps, ["steps.0.attention.mixing"])
    with pytest.raises(InvalidInputError, match="a coefficient that is learned is zero") as error:
        check_shifts(zero.steps, ["steps.0.attention.polynomial"])
    assert error.value.pointer == "/steps/0/attention/polynomial"
    turned = {"type": "hardware-efficient", "rotations": ["ry"], "parameters": {"init": "normal"}}
    for qubits, tokens in ((14, 16), (6, 600)):
        large = mixed(qubits, [{"type": "input-ansatz-14"}], [1.0] * tokens, [1.0, 1.0, 1.0], [turned])
        with pytest.raises(InvalidInputError, match="its circuit is too large"):
            check_shifts(large.steps)


def test_what_of_a_mixture_is_shifted() -> None:
    """Of two tokens on one qubit, by one rotation: the index has two qubits, so that four angles are by inputs; by
    parameters there are those of the degree, of the second qubit of the index, of phases and of what follows."""
    model = mixed(1, [{"type": "angle"}], [0.7, 0.4], [0.3, 1.0], [TURNED])
    own = lowered(mixture_of(model.steps[0], "/steps/0").circuit)  # type: ignore[arg-type]  # it is a mixture
    assert own.shifts(parameters=True, inputs=False) == 2 + 2 * 4 + (4 + 2 + 1) + 2
    assert own.parts[1].count == 4


def test_only_what_is_differentiated_costs_circuits() -> None:
    step = loaded(MIXED).steps[1]
    assert isinstance(step, CircuitOf)
    own = lowered(step.measured.circuit)
    by_parameters, by_inputs, amplitudes = own.parts
    # a controlled rotation and a damped neuron of two multiplexors: two angles each
    assert (by_parameters.count, by_inputs.count, amplitudes.count) == (6, 0, 2)
    assert isinstance(by_parameters, Angles)
    asked: list[int] = []

    class Counting:
        def outcomes(self, models: Any, entropy: Any) -> Any:
            asked.append(len(models))
            return machine("statevector").outcomes(models, entropy)

    run = by_shifts(Measuring(machine=Counting()))
    traced, measured = Traced.of(step.measured.circuit), step.measured
    rows, parameters = jnp.array([[0.3, 0.4, -0.2]]), jnp.asarray(measured.parameters)
    jax.jit(jax.grad(lambda numbers: run(traced, measured, rows, numbers)[0].sum()))(parameters)
    assert asked == [1, 2 * 6]
    assert own.shifts(parameters=True, inputs=False) == 6
    asked.clear()
    jax.jit(jax.grad(lambda rows: run(traced, measured, rows, parameters)[0].sum()))(rows)
    assert asked == [1, 2 * 2]
    assert own.shifts(parameters=False, inputs=True) == 2


CIRCUIT = {"type": "circuit", "qubits": 2, "blocks": [{"type": "angle"}], "measure": {"type": "pauli", "each": "Z"}}


def test_a_compiled_layer_within_a_compiled_function() -> None:
    layer = Layer(loaded({"qsac": 1, "steps": [CIRCUIT]}))
    batch = np.array([[0.3, 0.4], [0.1, -0.2]])
    way = Measuring(machine=machine())
    found = jax.jit(lambda batch: layer.told(batch, way)[1][1])(batch)
    weights = np.random.default_rng(1).normal(size=6)[:4].reshape(2, 2)
    assert np.asarray(found) == pytest.approx(-np.sin(batch) * weights, abs=1e-10)


def test_shots_with_noise_are_near_and_the_same_again() -> None:
    """A machine's noise makes expectation values smaller by some per cent, and nothing else."""
    layer = Layer(loaded({"qsac": 1, "steps": [CIRCUIT]}))
    batch, noisy = jnp.array([[0.4, 1.9]]), machine("h1", 1000, noise=True)

    @jax.jit
    def told(key: Any) -> tuple[Any, Any]:
        def outputs(rows: Any) -> Any:
            return layer.learner.mapped({}, rows, Measuring(key=key, machine=noisy))[0]

        found, pull = jax.vjp(outputs, batch)
        return found, pull(jnp.ones((1, 2)))[0]

    first, again, other = (jax.tree.map(np.asarray, told(jax.random.key(seed))) for seed in (5, 5, 6))
    error = 5 / np.sqrt(1000)
    assert first[0] == pytest.approx(np.cos(batch), abs=error)
    assert first[1] == pytest.approx(-np.sin(batch), abs=error)
    for one, same, fresh in zip(first, again, other, strict=True):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, fresh)


def test_workers_that_are_given_texts_give_the_same_numbers() -> None:
    layer = Layer(loaded({"qsac": 1, "steps": [CIRCUIT]}))
    found = []
    with ThreadPoolExecutor(1) as pool:
        for executor in (None, pool):
            compiled = CompiledCircuits(find_target("h1"), 100, executor=executor)
            measuring = Measuring(key=jax.random.key(3), machine=compiled)
            found.append(np.asarray(layer.learner.mapped({}, jnp.array([[0.4, 1.9], [1.0, 0.7]]), measuring)[0]))
    assert np.array_equal(*found)
    assert np.abs(found[0] - np.cos([[0.4, 1.9], [1.0, 0.7]])).max() > 0


def test_training_on_compiled_circuits_is_training_by_the_closed_form(tmp_path: Path) -> None:
    fields = {"epochs": 1, "batch": 2, "optimiser": {"type": "sgd", "rate": 0.3}, "precision": "double"}
    exact = trained(tmp_path, halves(6, 2), ALONE, **fields)
    compiled = trained(tmp_path, halves(6, 2), ALONE, gradient={"type": "parameter-shift", "target": "h2"}, **fields)
    for name, values in exact.seeds[0].parameters.items():
        assert compiled.seeds[0].parameters[name] == pytest.approx(values, abs=1e-9)
    assert compiled.seeds[0].history[0].facts == {"circuits": 2 * (1 + 2 * 4), "shots": 0.0}


@pytest.mark.parametrize("kind", ["parameter-shift", "spsa"])
def test_training_by_noisy_shots(kind: str, tmp_path: Path) -> None:
    gradient = {"type": kind, "target": "h1", "shots": 50, "noise": True}
    runs = [
        trained(tmp_path, halves(5, 2), ALONE, epochs=1, batch=4, gradient=gradient)
        for _ in range(2 if kind == "parameter-shift" else 1)
    ]
    first = runs[0]
    assert all(run.seeds[0].history == first.seeds[0].history for run in runs)
    # Inputs are data: of the six angles those of the four parameters are shifted.
    circuits = 4 * (1 + 2 * 4) if kind == "parameter-shift" else 4 * 2
    assert first.seeds[0].history[0].facts == {"circuits": circuits, "shots": 50.0 * circuits}
