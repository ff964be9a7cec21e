"""A training by parameter-shift on a noisy machine lowers what it minimises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.machine.registry import target
from qsac.training.from_circuits.parameter_shift import ParameterShift
from qsac.training.from_circuits.weights import Goal
from tests.training.from_circuits.test_gradients import BATCH, LEARNER


def _loss(angles: NDArray[np.float64]) -> float:
    models = [LEARNER.model({"angles": angles}, sequence, "closed") for sequence in BATCH]
    return float(np.mean([model.readout.closed_form(model).metrics["loss"] for model in models]))


def test_a_few_steps_on_h2_with_its_noise() -> None:
    """Gradient descent on 200 noisy shots of each circuit; the closed form, which it never sees, goes down with it."""
    shift = ParameterShift(LEARNER, lambda _step: Goal("loss"), target("h2"), shots=200, noise=True, seed=2, fold=True)
    angles = np.array([2.2, 0.3])
    measured, exact = [], [_loss(angles)]
    for step in range(3):
        found = shift.value_and_gradient({"angles": angles}, BATCH, step)
        measured.append(found.value)
        angles = angles - 0.6 * found.gradient["angles"]
        exact.append(_loss(angles))
    assert exact[-1] < exact[0] - 0.5
    assert measured[-1] < measured[0] - 0.3
