"""What shots will resolve, told before they are taken, and what they did not resolve."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, inf, sqrt
from typing import NamedTuple

from qsac.errors import InvalidInputError
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family_of
from qsac.ir.program import Program
from qsac.simulation.verification import of_circuit
from qsac.training.from_circuits.derivative import Planned
from qsac.training.from_circuits.weights import Goal
from qsac.training.gradients import Estimate

LARGEST = 1.0
"""A larger standard error of the goal, in nats, is that of a share of shots of which hardly one is seen."""

WANTED = 0.1
"""The standard error of the goal, in nats, that is advised instead."""

SIGNAL = 2.0
"""What the squared length of a gradient has to be at least, over its variance: else more than half of it is noise."""

ADVISED = 5.0
"""The same of the advised number of shots."""


class Forecast(NamedTuple):
    """Standard errors of a goal and of all its derivatives together, as far as the closed form knows them: without
    errors of a machine."""

    value_error: float
    gradient_error: float


def forecast(plan: Planned, goal: Goal, shots: int) -> Forecast | None:
    """The forecast for so many shots of each circuit; None where the goal has no value."""
    expected = [
        as_counted(of_circuit(outcomes, program.subnormalisation), program, positions=goal.positions)
        for outcomes, program in zip(plan.model.expected.values(), plan.programs, strict=True)
    ]
    variances = plan.variances(goal, expected)
    if variances is None:
        return None
    return Forecast(*(sqrt(variance / shots) for variance in variances))


def check_value(plan: Planned, goal: Goal, shots: int) -> Forecast:
    """The forecast. Raises :class:`~qsac.errors.InvalidInputError` where hardly a shot would count."""
    found = forecast(plan, goal, shots)
    if found is None or found.value_error > LARGEST:
        raise unresolved_value(goal, shots, found)
    return found


def no_value(plan: Planned, goal: Goal, shots: int | None) -> InvalidInputError:
    """What is said where outcomes give no value of the goal."""
    if shots is not None:
        return unresolved_value(goal, shots, forecast(plan, goal, shots))
    return InvalidInputError(
        f"the {goal.metric.replace('_', ' ')} does not exist, and no gradient of it",
        code="train.unresolved-gradient",
        pointer="/objective",
        found="a probability that is zero",
        wanted="predictions and targets that overlap",
    )


def unresolved_value(goal: Goal, shots: int, expected: Forecast | None) -> InvalidInputError:
    """What is said where the shots do not give a value of the goal, with a forecast for them."""
    error = inf if expected is None else expected.value_error
    wanted = "predictions and targets that overlap"
    if error < inf:
        wanted = f"about {_rounded(shots * max((error / WANTED) ** 2, 2.0)):,} shots of each circuit"
    return InvalidInputError(
        f"the shots do not resolve the {goal.metric.replace('_', ' ')}, and no gradient of it",
        code="train.unresolved-gradient",
        pointer="/gradient/shots",
        found=f"{shots:,} shots of each circuit, of which too few succeed",
        wanted=wanted,
        help='a model of fewer tokens has a larger success probability; "gradient": "exact" takes no shots',
    )


def check_gradient(estimate: Estimate, shots: int) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError` for a gradient that is mostly noise."""
    signal, error = estimate.facts["signal"], estimate.facts["gradient_error"]
    if signal**2 >= SIGNAL:
        return
    wanted = _rounded(shots * (ADVISED - 1) / max(signal**2 - 1, 0.04))
    raise InvalidInputError(
        "the shots do not resolve the gradient",
        code="train.unresolved-gradient",
        pointer="/gradient/shots",
        found=f"a gradient of length {signal * error:.2g} with a standard error of {error:.2g}, by {shots:,} shots of "
        "each circuit",
        wanted=f"about {wanted:,} shots of each circuit",
        help="a larger batch helps as well: its sequences have shots of their own",
    )


def as_counted(exact: Outcomes, program: Program, *, positions: bool) -> Outcomes:
    """Exact outcomes as shots would show them."""
    measured = positions or bool(program.readouts[0].index)
    return replace(exact, exact=False, index=exact.index if measured else None)


def settled(goal: Goal, plan: Planned) -> Goal:
    """The goal for counted outcomes: by position, if the circuits' own readouts do not report its metric and the model
    has it. Raises :class:`~qsac.errors.InvalidInputError` for a metric that there is not."""
    seen = {
        name: as_counted(outcomes, program, positions=False)
        for (name, outcomes), program in zip(plan.model.expected.items(), plan.programs, strict=True)
    }
    try:
        goal.of(plan.model, family_of(plan.model).plan(plan.model), seen)
    except InvalidInputError as error:
        known = error.code == "train.unmeasured-objective"
        known = known and goal.metric in plan.model.readout.closed_form(plan.model).metrics
        if not known or any(outcomes.index is None for outcomes in plan.model.expected.values()):
            raise
        return replace(goal, positions=True)
    return goal


def _rounded(number: float) -> int:
    """Up to a number of two digits."""
    size: int = 10 ** max(len(str(ceil(number))) - 2, 0)
    return ceil(number / size) * size
