"""Ensembles of states that circuits learn: outcomes of ancillas that are drawn, and distances between ensembles."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

import qsac
from qsac.errors import InvalidInputError
from qsac.families.learning import ComparesEnsembles, Samples
from qsac.families.registry import family
from qsac.families.steps.learning.assignment import assigned_columns
from qsac.families.steps.learning.ensembles import EnsembleLearner
from qsac.families.steps.learning.sketch import StepsSketch
from qsac.training.objectives import Objective

RESET = {"type": "gates", "gates": [["reset", [0]]]}
SKETCH: dict[str, Any] = {
    "steps": [
        {
            "type": "circuit",
            "qubits": 2,
            "blocks": [
                {"type": "angle", "qubits": [1], "rotations": ["ry", "rz"]},
                {"type": "brickwork"},
                RESET,
                {"type": "brickwork"},
            ],
            "measure": {"type": "probabilities", "qubits": [1]},
        }
    ]
}
SHORT: dict[str, Any] = {"steps": [{**SKETCH["steps"][0], "blocks": SKETCH["steps"][0]["blocks"][:2]}]}
REAL = Samples((2,), "numbers", 2)
COMPLEX = Samples((2,), "numbers", 4)


def learner(distance: str, samples: Samples = REAL, sketch: dict[str, Any] = SKETCH) -> EnsembleLearner:
    found = family("steps").ensemble_learner(  # type: ignore[attr-defined]  # it learns
        StepsSketch.model_validate(sketch), samples, Path(), distance
    )
    assert isinstance(found, EnsembleLearner)
    assert isinstance(found, ComparesEnsembles)
    return found


def drawn(count: int, width: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=(count, 2 + width))


def test_assignments_are_the_best_ones() -> None:
    find = jax.jit(assigned_columns)
    for seed in range(20):
        cost = np.random.default_rng(seed).random((7, 7)).astype(np.float32)
        cost = np.round(cost, 1) if seed % 2 else cost
        columns = np.asarray(find(cost))
        assert sorted(columns) == list(range(7))
        assert cost[np.arange(7), columns].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum(), abs=1e-5)


@pytest.mark.parametrize(("distance", "samples"), [("mmd", COMPLEX), ("wasserstein", REAL)])
def test_distances(distance: str, samples: Samples) -> None:
    """Beside their definitions, from the states themselves."""
    own, batch = learner(distance, samples, SHORT), drawn(6, samples.width)
    trained = {name: 5 * numbers for name, numbers in own.initial(3).items()}
    key = jax.random.key(5)
    states = np.asarray(jax.jit(own.generated)(trained, jnp.asarray(batch[:, :2]), key).states)
    assert np.linalg.norm(states, axis=1) == pytest.approx(1, abs=1e-5)
    wanted = batch[:, 2:4] + (1j * batch[:, 4:] if samples is COMPLEX else 0)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)

    def cost(first: Any, second: Any) -> Any:
        return 1 - np.array([[abs(np.vdot(a, b)) ** 2 for b in second] for a in first])

    if distance == "mmd":
        value = 2 * cost(states, wanted).mean() - cost(states, states).mean() - cost(wanted, wanted).mean()
        means = [np.einsum("ai,aj->ij", one, one.conj()) / 6 for one in (states, wanted)]
        assert value == pytest.approx(np.linalg.norm(means[0] - means[1]) ** 2)
    else:
        pairs = cost(states, wanted)
        value = pairs[linear_sum_assignment(pairs)].mean()
    assert np.mean(jax.jit(own.drawn_metrics)(trained, batch, key)[distance]) == pytest.approx(value, abs=1e-5)


def test_outcomes_come_as_often_as_they_are_probable() -> None:
    """The mean of what is drawn is what the compiled circuit measures, which keeps every outcome; each state is one of
    those that projections leave."""
    own, row = learner("mmd"), np.array([0.7, -1.1])
    trained = {name: 1.5 * numbers for name, numbers in own.initial(3).items()}
    many = 4000
    rows = jnp.asarray(np.tile(row, (many, 1)))
    states = jax.jit(own.generated)(trained, rows, jax.random.key(1)).states
    shares = np.mean(np.abs(np.asarray(states)) ** 2, axis=0)
    model = own.model(trained, np.concatenate([row, [1.0, 0.0]]), "ring")
    wanted = np.array(qsac.run(qsac.compile(model, "h2")).values["outputs"][0])
    assert shares == pytest.approx(wanted, abs=4 * 0.5 / np.sqrt(many))
    different = np.unique(np.round(np.abs(np.asarray(states)[:, 0]), 4))
    assert 2 <= len(different) <= 4


def test_slopes_go_through_the_state_that_is_left() -> None:
    """As differences have them, with the same outcomes."""
    own, batch, objective = learner("wasserstein", sketch=SHORT), drawn(5, 2, 1), Objective("wasserstein")
    with jax.enable_x64(True):
        initial = {name: jnp.asarray(5 * numbers) for name, numbers in own.initial(3).items()}
        ((name, numbers),) = initial.items()
        both = jax.jit(jax.value_and_grad(lambda numbers: objective(own, {name: numbers}, jnp.asarray(batch), 4)))
        slopes = np.asarray(both(numbers)[1])
        assert np.abs(slopes).max() > 1e-2
        for place in ((0, 0, 1), (0, 1, 0)):
            moved = np.zeros(numbers.shape)
            moved[place] = 1e-5
            ahead, behind = (float(both(numbers + sign * moved)[0]) for sign in (1, -1))
            assert slopes[place] == pytest.approx((ahead - behind) / 2e-5, abs=1e-6)


def test_other_steps_draw_other_outcomes() -> None:
    own, batch, objective = learner("mmd", sketch=SHORT), drawn(32, 2), Objective("mmd")
    trained = {name: 5 * numbers for name, numbers in own.initial(3).items()}
    value = jax.jit(lambda step: objective(own, trained, jnp.asarray(batch), step))
    first, again, second = (float(value(step)) for step in (1, 1, 2))
    assert first == again != second


@pytest.mark.parametrize(
    ("samples", "measure", "pointer"),
    [
        (Samples((2,), "numbers", 3), {"type": "probabilities", "qubits": [1]}, "/steps/0/measure"),
        (Samples((2,), "bits", 1), {"type": "probabilities", "qubits": [1]}, "/steps/0/measure"),
        (REAL, {"type": "pauli", "each": "Z"}, "/steps/0"),
    ],
    ids=["other states", "bits", "no states"],
)
def test_what_leaves_no_such_states_is_refused(samples: Samples, measure: dict[str, Any], pointer: str) -> None:
    sketch = {"steps": [{**SKETCH["steps"][0], "measure": measure}]}
    with pytest.raises(InvalidInputError, match="state") as refused:
        learner("mmd", samples, sketch)
    assert (refused.value.code, refused.value.pointer) == ("train.no-ensemble", pointer)


def test_a_configuration_trains(tmp_path: Path) -> None:
    """States about |0>, of any phase: from their mean state being far away to near."""
    rng = np.random.default_rng(2)
    angles, phases = 0.3 * rng.normal(size=40), rng.uniform(-np.pi, np.pi, 40)
    states = np.stack([np.cos(angles), np.exp(1j * phases) * np.sin(angles)], axis=1)
    targets = np.concatenate([states.real, states.imag], axis=1)
    inputs = np.stack([np.arccos(rng.uniform(-1, 1, 40)), rng.uniform(-np.pi, np.pi, 40)], axis=1)
    np.savez(tmp_path / "states.npz", inputs=inputs, targets=targets)
    blocks = [*SHORT["steps"][0]["blocks"][:1], {"type": "brickwork", "layers": 4}]
    config = {
        "qsac_train": 1,
        "model": {"steps": [{**SHORT["steps"][0], "blocks": blocks}]},
        "data": {"type": "samples", "path": "states.npz", "targets": "numbers"},
        "objective": "mmd",
        "optimiser": {"type": "adam", "rate": 0.1},
        "epochs": 40,
        "batch": 32,
    }
    (tmp_path / "train.json").write_text(json.dumps(config))
    (seed,) = qsac.train(tmp_path / "train.json").seeds
    assert seed.history[0].train > 0.3
    assert seed.history[-1].train < 0.05
    assert seed.metrics["test"]["mmd"] < 0.2
