"""Gradients by simultaneous perturbation (SPSA; Spall, IEEE Trans. Autom. Control 37, 332 (1992)): two bindings of each
circuit, whatever the number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.families.learning import Learner
from qsac.files.pointer import counted
from qsac.machine.target import Target
from qsac.training.from_circuits.derivative import Planned, binding_of
from qsac.training.from_circuits.forecast import check_value, no_value
from qsac.training.from_circuits.parameter_shift import Flat, Goals, Sampled
from qsac.training.from_circuits.templates import Templates
from qsac.training.gradients import Estimate, Parameters

Real = NDArray[np.float64]

PERTURBATION = 0.1
"""c: how far all parameters are moved at the first step."""

DECAY = 0.101
"""gamma in c_k = c / (k + 1)^gamma, as Spall advises."""


class Spsa(Sampled):
    """The mean of a goal over a batch, and its slope along a direction of signs as an estimate of the gradient.

    The estimate's mean is the gradient, up to terms of c_k^2; its variance is that of all other components of the
    gradient, however many shots are taken. Steps have to be small: a_k falls with the rate of the optimiser.
    """

    def __init__(
        self,
        learner: Learner,
        goals: Goals,
        target: Target,
        *,
        shots: int | None = None,
        noise: bool = False,
        seed: int = 0,
        workers: int = 1,
        executor: Executor | None = None,
    ) -> None:
        super().__init__(
            learner, goals, target, shots=shots, noise=noise, seed=seed, workers=workers, executor=executor
        )
        self._templates = Templates(target)

    def value_and_gradient(self, parameters: Parameters, batch: NDArray[Any], step: int) -> Estimate:
        """See :meth:`qsac.training.gradients.Gradient.value_and_gradient`. The value is the mean of both sides.

        ``facts``: ``circuits`` and ``shots``; of counted outcomes also ``value_error``, and ``slope_error``: that of
        the slope along the direction.
        """
        flat = Flat(parameters)
        at = flat.vector(parameters)
        signs = np.random.default_rng((self.seed, step)).choice([-1.0, 1.0], len(at))
        reach = PERTURBATION / (step + 1) ** DECAY
        plans = [
            binding_of(self.models(flat, sequence), at + sign * reach * signs, self._templates)
            for sign in (1, -1)
            for sequence in batch
        ]
        goal = self.goal(step, plans[0])
        jobs = [plan.jobs(self.seeds(step, place)) for place, plan in enumerate(plans)]
        outcomes = iter(self.workers.outcomes(self.taking, [job for part in jobs for job in part]))
        values, errors = [], []
        for plan, part in zip(plans, jobs, strict=True):
            found = plan.derivative(goal, [next(outcomes) for _ in part])
            if found is None:
                raise no_value(plan, goal, self.shots)
            values.append(found.value)
            errors.append(found.value_error)
        above, below = np.array(values).reshape(2, -1).mean(axis=1)
        circuits = sum(plan.bindings for plan in plans)
        facts = {"circuits": float(circuits), "shots": float(circuits * (self.shots or 0))}
        if self.shots is not None:
            facts["value_error"] = float(np.linalg.norm(errors)) / len(errors)
            facts["slope_error"] = facts["value_error"] / reach
        return Estimate(float(above + below) / 2, flat.named((above - below) / (2 * reach) * signs), facts)

    def facts(self, parameters: Parameters, batch: NDArray[Any]) -> Sequence[Fact]:
        """What a step takes. Raises :class:`~qsac.errors.InvalidInputError` where the shots are too few for a value."""
        flat = Flat(parameters)
        plan: Planned = binding_of(self.models(flat, batch[0]), flat.vector(parameters), self._templates)
        circuits = 2 * plan.bindings * len(batch)
        said = [
            (
                "gradient",
                f"simultaneous perturbation: two models of {counted(len(plan.programs), 'circuit')} for each of "
                f"{counted(len(batch), 'sequence')}",
            ),
            ("circuits a step", f"{circuits:,}"),
        ]
        if self.shots is None:
            return said
        expected = check_value(plan, self.goal(0, plan), self.shots)
        said.append(("shots a step", f"{circuits * self.shots:,}, {self.shots:,} of each circuit"))
        error = expected.value_error / (2 * len(batch)) ** 0.5 / PERTURBATION
        said.append(("slope's error", f"about {error:.2g}, from the shots alone"))
        return said
