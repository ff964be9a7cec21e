"""Gradients by the parameter-shift rule, for a batch of sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact, Model
from qsac.families.learning import Learner
from qsac.files.pointer import counted
from qsac.machine.target import Target
from qsac.numerics.seeds import seed_at
from qsac.training.from_circuits.coefficients import Models, coefficients_of
from qsac.training.from_circuits.derivative import Derivative, Planned, planned
from qsac.training.from_circuits.forecast import check_gradient, check_value, no_value, settled
from qsac.training.from_circuits.taking import taking
from qsac.training.from_circuits.templates import Templates
from qsac.training.from_circuits.weights import Goal
from qsac.training.from_circuits.work import Workers
from qsac.training.gradients import Estimate, Parameters

Real = NDArray[np.float64]
Goals = Callable[[int], Goal]
"""What is minimised at a step."""

NAME = "circuit"


class Flat:
    """Parameters by name as one vector, and back."""

    def __init__(self, parameters: Parameters) -> None:
        self._shapes = {name: np.shape(values) for name, values in parameters.items()}

    def vector(self, parameters: Parameters) -> Real:
        """All numbers, in the order of the names."""
        parts = [np.asarray(parameters[name], dtype=np.float64).reshape(-1) for name in self._shapes]
        return np.concatenate([np.zeros(0), *parts])

    def named(self, vector: Real) -> dict[str, Real]:
        """The arrays of a vector."""
        sizes = [int(np.prod(shape)) for shape in self._shapes.values()]
        parts = np.split(vector, np.cumsum(sizes)[:-1]) if sizes else []
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def places(self, names: Sequence[str]) -> list[int]:
        """Where the numbers of some arrays stand."""
        marked = self.vector({name: np.full(shape, name in names) for name, shape in self._shapes.items()})
        return np.flatnonzero(marked).tolist()


class Sampled:
    """What gradients from circuits have in common: models of sequences, how outcomes are taken, and seeds."""

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
        self.learner, self.goals, self.seed = learner, goals, seed
        self.taking = taking(target, shots, noise=noise)
        self._positions: bool | None = None
        self.workers = Workers(workers, executor)
        self._coefficients: tuple[str, ...] | None = None

    @property
    def shots(self) -> int | None:
        """Those of each circuit; None for exact probabilities."""
        return self.taking.shots

    def models(self, flat: Flat, sequence: NDArray[Any]) -> Models:
        """The models of a sequence as a function of a vector of parameters."""
        return lambda vector: self.learner.model(flat.named(vector), sequence, NAME)

    def coefficients(self, parameters: Parameters, sequence: NDArray[Any]) -> tuple[str, ...]:
        """The names of parameters that no table holds; found out once."""
        if self._coefficients is None:

            def model(values: Mapping[str, Real]) -> Model:
                return self.learner.model(values, sequence, NAME)

            self._coefficients = coefficients_of(model, parameters)
        return self._coefficients

    def goal(self, step: int, plan: Planned) -> Goal:
        """What is minimised at a step, and what has to be measured for it; the latter is found out once."""
        goal = self.goals(step)
        if self.shots is None:
            return goal
        if self._positions is None:
            self._positions = settled(goal, plan).positions
            self.taking = replace(self.taking, positions=self._positions)
        return replace(goal, positions=self._positions)

    def seeds(self, step: int, *place: int) -> Callable[[int], int]:
        """Seeds of bindings by their numbers: they depend on the run's seed, the step and the place in the batch."""
        return partial(seed_at, self.seed, step, *place)

    def close(self) -> None:
        """End the processes."""
        self.workers.close()


class ParameterShift(Sampled):
    """The mean of a goal over a batch and its gradient, from shifted bindings; see docs/gradients.md.

    ``fold``: V and W are in tables, or gates of their own where they are an ansatz; None for whichever takes fewer
    circuits.
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
        fold: bool | None = None,
    ) -> None:
        super().__init__(
            learner, goals, target, shots=shots, noise=noise, seed=seed, workers=workers, executor=executor
        )
        both = fold is None and bool(getattr(learner, "angles", ()))
        folds = (True, False) if both else (fold is not False,)
        self._ways = [Templates(target, fold=one) for one in folds]

    def value_and_gradient(self, parameters: Parameters, batch: NDArray[Any], step: int) -> Estimate:
        """See :meth:`qsac.training.gradients.Gradient.value_and_gradient`.

        ``facts``: ``circuits`` and ``shots``; of counted outcomes also ``value_error``, ``gradient_error`` (the square
        root of the sum of all variances) and ``signal``, the length of the gradient over that.
        """
        flat = Flat(parameters)
        plans = [self._planned(flat, parameters, sequence) for sequence in batch]
        goal = self.goal(step, plans[0])
        jobs = [plan.jobs(self.seeds(step, place)) for place, plan in enumerate(plans)]
        outcomes = iter(self.workers.outcomes(self.taking, [job for part in jobs for job in part]))
        found = []
        for plan, part in zip(plans, jobs, strict=True):
            results = [next(outcomes) for _ in part]
            derivative = plan.derivative(goal, results)
            if derivative is None:
                raise no_value(plan, goal, self.shots)
            found.append(derivative)
        circuits = sum(plan.bindings for plan in plans)
        estimate = self._mean(found, flat, circuits)
        if not step and self.shots is not None:
            check_gradient(estimate, self.shots)
        return estimate

    def facts(self, parameters: Parameters, batch: NDArray[Any]) -> Sequence[Fact]:
        """What a step takes, and how well the shots will resolve its gradient. Raises
        :class:`~qsac.errors.InvalidInputError` where the shots are too few for a value."""
        plan = self._planned(Flat(parameters), parameters, batch[0])
        moved = sum(len(moves) for moves in plan.moves)
        circuits = plan.bindings * len(batch)
        parts = [counted(moved, "direction"), *([counted(len(plan.bends), "other kernel")] if plan.bends else [])]
        said = [
            (
                "gradient",
                f"parameter-shift: {' and '.join(parts)} of {counted(len(plan.programs), 'circuit')}, for each of "
                f"{counted(len(batch), 'sequence')}",
            ),
            ("circuits a step", f"{circuits:,}"),
        ]
        if self.shots is None:
            return said
        expected = check_value(plan, self.goal(0, plan), self.shots)
        said.append(("shots a step", f"{circuits * self.shots:,}, {self.shots:,} of each circuit"))
        error = expected.gradient_error / len(batch) ** 0.5
        said.append(("gradient's error", f"about {error:.2g}, from the shots alone"))
        return said

    def _planned(self, flat: Flat, parameters: Parameters, sequence: NDArray[Any]) -> Planned:
        """What a sequence takes, in the way that takes fewer circuits."""
        coefficients = flat.places(self.coefficients(parameters, sequence))
        models, at = self.models(flat, sequence), flat.vector(parameters)
        shots = self.shots is not None
        if len(self._ways) > 1:
            # Where no derivative vanishes by chance, so that it is the same way when training goes on.
            generic = at + 0.1 * np.random.default_rng(0).uniform(-1, 1, len(at))
            counts = [_count(models, generic, way, coefficients, shots=shots) for way in self._ways]
            self._ways = [self._ways[int(np.argmin(counts))]]
        return planned(models, at, self._ways[0], coefficients, shots=shots)

    def _mean(self, found: Sequence[Derivative], flat: Flat, circuits: int) -> Estimate:
        count = len(found)
        gradient = np.sum([one.gradient for one in found], axis=0) / count
        facts = {"circuits": float(circuits), "shots": float(circuits * (self.shots or 0))}
        if self.shots is not None:
            error = float(np.sqrt(sum(np.trace(one.covariance) for one in found))) / count
            facts["value_error"] = float(np.sqrt(sum(one.value_error**2 for one in found))) / count
            facts["gradient_error"] = error
            facts["signal"] = float(np.linalg.norm(gradient)) / error if error else float("inf")
        value = sum(one.value for one in found) / count
        return Estimate(value, flat.named(gradient), facts)


def _count(models: Models, at: Real, templates: Templates, coefficients: Sequence[int], *, shots: bool) -> float:
    """How many circuits there are; infinitely many where the models have no template."""
    try:
        return planned(models, at, templates, coefficients, shots=shots).bindings
    except InvalidInputError as error:
        if error.code != "template.unfolded-matrix" or templates.fold:
            raise
        return inf
