"""Gradients from circuits as a training configuration asks for them."""

from __future__ import annotations

import os
from concurrent.futures import Executor

from qsac.errors import InvalidInputError, QsacError
from qsac.families.learning import Learner, ShiftsAngles
from qsac.machine.read import find_target
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.from_circuits.by_angles import ByAngles
from qsac.training.from_circuits.machine import CompiledCircuits
from qsac.training.from_circuits.parameter_shift import ParameterShift
from qsac.training.from_circuits.spsa import Spsa
from qsac.training.from_circuits.weights import Goal
from qsac.training.gradients import Gradient
from qsac.training.objectives import Objective

SIMULATOR = "statevector"
"""The target whose circuits JAX simulates, where each angle is shifted: they need not be compiled."""

MOST_WORKERS = 8
"""The most processes, unless told otherwise."""


def gradient_of(
    config: Config,
    learner: Learner,
    objective: Objective,
    data: Data,
    seed: int,
    workers: int | None = None,
    executor: Executor | None = None,
) -> Gradient:
    """The gradient of a configuration's ``gradient`` for the data of a seed, on an ``executor``, or in so many
    processes: by default in one where there are several seeds, else in as many as there are processors.

    Raises :class:`~qsac.errors.InvalidInputError`, with pointers into the configuration, for a target that there is
    not, or that has no noise.
    """
    fields = config.gradient
    if fields is None:
        raise ValueError("the configuration asks for exact gradients")
    try:
        target = find_target(fields.target)
    except QsacError as error:
        error.pointer = "/gradient/target"
        raise
    if workers is None:
        workers = 1 if len(config.seeds) > 1 else min(MOST_WORKERS, os.cpu_count() or 1)
    if isinstance(learner, ShiftsAngles):
        machine = None
        if fields.target != SIMULATOR or fields.noise:
            machine = CompiledCircuits(target, fields.shots, noise=fields.noise, workers=workers, executor=executor)
        try:
            return ByAngles(learner, objective, fields.type, shots=fields.shots, machine=machine, seed=seed)
        except InvalidInputError as error:
            error.pointer = f"/model{error.pointer or ''}"
            raise

    def goal(step: int) -> Goal:
        share = min(1.0, step / objective.anneal) if objective.anneal else 1.0
        return Goal(objective.metric, objective.success_weight * share)

    kind = ParameterShift if fields.type == "parameter-shift" else Spsa
    try:
        return kind(
            learner,
            goal,
            target,
            shots=fields.shots,
            noise=fields.noise,
            seed=seed,
            workers=workers,
            executor=executor,
        )
    except InvalidInputError as error:
        error.pointer = error.pointer or "/gradient"
        raise
