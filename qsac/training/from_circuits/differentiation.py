"""The derivatives of one model, without a training around them."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qsac.machine.read import find_target
from qsac.numerics.seeds import seed_at
from qsac.training.from_circuits.coefficients import Models
from qsac.training.from_circuits.derivative import Derivative, planned
from qsac.training.from_circuits.forecast import no_value, settled
from qsac.training.from_circuits.taking import taking
from qsac.training.from_circuits.templates import Templates
from qsac.training.from_circuits.weights import Goal
from qsac.training.from_circuits.work import Workers

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


def differentiate(
    models: Models,
    at: ArrayLike,
    goal: Goal | str = "loss",
    target: AnyTarget = "statevector",
    *,
    shots: int | None = None,
    noise: bool = False,
    seed: int = 0,
    workers: int = 1,
    executor: Executor | None = None,
    fold: bool = True,
) -> Derivative:
    """The value of a metric of the models at some parameters ``at`` (P,), and its derivatives by them, from circuits.

    ``models`` makes a model of P real numbers: all of one shape, smooth in the parameters. ``goal`` is the name of a
    metric or a :class:`~qsac.training.from_circuits.weights.Goal`. ``target``, ``shots``, ``noise`` and ``seed`` are as
    for :func:`qsac.run`; the same seed gives the same numbers, in however many ``workers`` (processes), or on an
    ``executor``. Without ``fold`` V and W are gates, where they are an ansatz.

    Raises :class:`~qsac.errors.InvalidInputError` where the metric has no value, the models have no template or are not
    smooth; :class:`~qsac.errors.DoesNotFitError` and :class:`~qsac.errors.BackendError` as :func:`qsac.run`.
    """
    machine = find_target(target)
    wanted = Goal(goal) if isinstance(goal, str) else goal
    how = taking(machine, shots, noise=noise)
    plan = planned(models, np.asarray(at, np.float64), Templates(machine, fold=fold), shots=how.shots is not None)

    if how.shots is not None:
        wanted = settled(wanted, plan)
        how = replace(how, positions=wanted.positions)

    processes = Workers(workers, executor)
    try:
        outcomes = processes.outcomes(how, plan.jobs(partial(seed_at, seed)))
    finally:
        processes.close()
    found = plan.derivative(wanted, outcomes)
    if found is None:
        raise no_value(plan, wanted, how.shots)
    return found
