"""Circuits and JAX agree about the gradient of a configuration's objective."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qsac.training.from_circuits.making import gradient_of
from qsac.training.from_circuits.parameter_shift import ParameterShift
from qsac.training.from_circuits.spsa import Spsa
from qsac.training.objectives import objective_of
from qsac.training.precision import fitted, precision
from qsac.training.reading import load
from tests.training.tiny import STATES, WORDS, changed

IDENTITY = {"type": "identity"}
HEADS = [
    {"kernel": {"type": "monomial", "degree": 1}},
    {"kernel": {"type": "polynomial", "degree": 1}, "key_shift": 1, "conjugate": True, "score": IDENTITY},
]
QUANTUM = changed(
    STATES,
    model={"attention": {"type": "overlap", "heads": HEADS}},
    data={"type": "ising", "sites": 1, "context": 2, "dt": 0.35, "train": 1, "test": 1},
    objective={"type": "loss", "success_weight": 0.2},
)
COPYING = changed(
    WORDS,
    model={"tokens": {"dimension": 2}, "transformer": {"layers": [{"attention": {"heads": 1}}], "complex": False}},
    data={"type": "sequences", "source": {"type": "copying", "letters": 2, "length": 1}},
    objective={"type": "cross_entropy", "success_weight": 0.1},
)


@pytest.mark.parametrize("document", [QUANTUM, COPYING], ids=["attention", "transformer"])
def test_parameter_shift_is_the_gradient(document: dict[str, Any]) -> None:
    import jax

    config = load(changed(document, gradient={"type": "parameter-shift"}))
    data = config.data(0)
    learner = config.learner(data)
    objective = objective_of(config.objective, learner, 10)
    parameters = {name: np.asarray(values, dtype=np.float64) for name, values in learner.initial(0).items()}
    batch = data.train[:2]
    shift = gradient_of(config, learner, objective, data, 0, workers=1)
    assert isinstance(shift, ParameterShift)
    found = shift.value_and_gradient(parameters, batch, 0)
    with precision(True):
        function = jax.jit(jax.value_and_grad(lambda given: objective(learner, given, fitted(batch, True), 0)))
        value, exact = function({name: fitted(values, True) for name, values in parameters.items()})
    assert found.value == pytest.approx(float(value), abs=1e-10)
    assert set(found.gradient) == set(exact)
    for name, slopes in exact.items():
        largest = float(np.abs(slopes).max())
        np.testing.assert_allclose(found.gradient[name], slopes, atol=1e-6 * max(1.0, largest))
        assert largest > 1e-3


def test_which_gradient_a_configuration_asks_for() -> None:
    config = load(changed(QUANTUM, gradient={"type": "spsa", "target": "h2", "shots": 100, "noise": True}))
    data = config.data(0)
    learner = config.learner(data)
    objective = objective_of(config.objective, learner, 10)
    made = gradient_of(config, learner, objective, data, 5)
    assert isinstance(made, Spsa)
    assert (made.shots, made.seed, made.taking.noise, made.taking.target["name"]) == (100, 5, True, "h2")
    assert made.goals(3).success_weight == 0.2
    with pytest.raises(ValueError, match="exact"):
        gradient_of(load(changed(QUANTUM, gradient="exact")), learner, objective, data, 5)
