"""Outcomes as vectors of weights, and a metric as a function of them: its derivatives, and their errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Model, Plan, Result
from qsac.families.outcomes import Index, Outcomes
from qsac.families.registry import family_of
from qsac.files.pointer import listed, quoted
from qsac.ir.program import Readout
from qsac.training.from_circuits.positions import by_position

Real = NDArray[np.float64]
Seen = Mapping[str, Outcomes]

STEP = 1e-6
"""The step by which a weight is changed for a first derivative of a metric, relatively."""

LONG_STEP = 1e-3
"""The same for a second derivative, which is asked for the sake of an error alone."""


def narrowest_first(readouts: Sequence[Readout]) -> tuple[str, ...]:
    """The names of readouts whose success bits are nested, the one of the most bits first."""
    return tuple(readout.metric for readout in sorted(readouts, key=lambda one: -len(one.success)))


def weights_of(outcomes: Outcomes, order: tuple[str, ...]) -> Real:
    """Shares of all, of which everything that is known of some outcomes is made.

    Exact ones: of what is given, of what succeeds for each readout, and for an index the two of each value. Counted
    ones: of the kinds of bit strings, which exclude each other and add up to 1; ``order`` is :func:`narrowest_first`.
    """
    if outcomes.exact:
        index = [] if outcomes.index is None else [outcomes.index.marginal, outcomes.index.joint]
        return np.concatenate([[outcomes.given, *outcomes.success.values()], *index]) / outcomes.total
    if outcomes.index is not None:
        return outcomes.kinds(True) / outcomes.total
    nested = [outcomes.success[name] for name in order]
    return np.diff([0.0, *nested, outcomes.given, outcomes.total]) / outcomes.total


def with_weights(outcomes: Outcomes, weights: Real, order: tuple[str, ...]) -> Outcomes:
    """Outcomes like others, with other weights."""
    if not outcomes.exact:
        return _counted(outcomes, weights, order)
    count = 1 + len(outcomes.success)
    success = dict(zip(outcomes.success, weights[1:count].tolist(), strict=True))
    index = None
    if outcomes.index is not None:
        marginal, joint = np.split(weights[count:], 2)
        index = Index(marginal, joint, outcomes.index.labels)
    return replace(outcomes, total=1.0, given=float(weights[0]), success=success, index=index)


def _counted(outcomes: Outcomes, weights: Real, order: tuple[str, ...]) -> Outcomes:
    inner = weights[:-1]
    if outcomes.index is not None:
        passed, missed = np.split(inner, 2)
        success = dict.fromkeys(order, float(passed.sum()))
        index = Index(passed + missed, passed, outcomes.index.labels)
        return replace(outcomes, total=1.0, given=float(inner.sum()), success=success, index=index)
    reached = np.cumsum(inner).tolist()
    success = dict(zip(order, reached[:-1], strict=True))
    return replace(outcomes, total=1.0, given=reached[-1], success={name: success[name] for name in outcomes.success})


def covariance_of(weights: Real) -> Real:
    """That of the weights of counted outcomes, of one shot."""
    return np.asarray(np.diag(weights) - np.outer(weights, weights))


@dataclass(frozen=True)
class Goal:
    """What is differentiated: a metric of a model's readout less ``success_weight`` times the mean over its circuits of
    the logarithm of the success probability. ``reading`` is what is read off a result in place of a metric, of which
    ``metric`` is then the name. With ``positions`` counted outcomes are by position, and known as exact ones are."""

    metric: str
    success_weight: float = 0.0
    reading: Callable[[Result], float | None] | None = None
    positions: bool = False

    def of(self, model: Model, plan: Plan, seen: Seen) -> float | None:
        """The value for outcomes by circuit; None where it does not exist, or is not resolved.

        Raises :class:`~qsac.errors.InvalidInputError` for a metric that the readout does not report.
        """
        taken = {name: by_position(one) for name, one in seen.items()} if self.positions else seen
        result = model.readout.result(model, plan.run(taken))
        metrics = result.metrics
        if self.reading is not None:
            value = self.reading(result)
        elif self.metric in metrics:
            value = metrics[self.metric]
        else:
            raise InvalidInputError(
                "the circuits' shots do not give this metric",
                code="train.unmeasured-objective",
                pointer="/objective",
                found=quoted(self.metric),
                wanted=listed(name for name, value in metrics.items() if value is not None),
                help="without shots the probabilities of all positions are known, and every metric with them",
            )
        if value is None or not self.success_weight:
            return value
        chances = [one.given / one.total * one.subnormalisation**2 for one in seen.values()]
        return value - self.success_weight * sum(map(log, chances)) / len(chances)


Function: TypeAlias = Callable[[Mapping[str, Real]], float | None]
"""A goal by the weights of each circuit."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A goal at some ``weights`` by circuit: its ``value``, and its ``slopes`` by the weights."""

    value: float
    weights: dict[str, Real]
    slopes: dict[str, Real]
    function: Function

    def curvature(self, circuit: str) -> Real:
        """The second derivatives (K, K) by the weights of one circuit. The goal is a sum over circuits."""
        base = self.weights[circuit]
        found = np.zeros((len(base), len(base)))
        for place in np.flatnonzero(base > 0):
            step = LONG_STEP * base[place]
            slopes = []
            for sign in (1, -1):
                moved = base.copy()
                moved[place] += sign * step
                slopes.append(_slopes(self.function, self.weights | {circuit: moved}, circuit, LONG_STEP))
            found[:, place] = (slopes[0] - slopes[1]) / (2 * step)
        return (found + found.T) / 2


def sensitivity(goal: Goal, model: Model, seen: Seen, orders: Mapping[str, tuple[str, ...]]) -> Sensitivity | None:
    """A goal at some outcomes by circuit, with the order of its readouts; None where it has no value there."""
    plan = family_of(model).plan(model)

    def function(weights: Mapping[str, Real]) -> float | None:
        return goal.of(
            model, plan, {name: with_weights(seen[name], one, orders[name]) for name, one in weights.items()}
        )

    weights = {name: weights_of(outcomes, orders[name]) for name, outcomes in seen.items()}
    value = function(weights)
    if value is None:
        return None
    return Sensitivity(value, weights, {name: _slopes(function, weights, name, STEP) for name in weights}, function)


def _slopes(function: Function, weights: Mapping[str, Real], circuit: str, step: float) -> Real:
    """The first derivatives by the weights of one circuit: by central differences, or of weights that are zero, and can
    only grow, by two values above. Zero where a value does not exist."""
    base = weights[circuit]
    found = np.zeros(len(base))
    least = base[base > 0].min(initial=1.0)
    for place, weight in enumerate(base.tolist()):
        size = step * (weight or least)
        factors = {1: 0.5, -1: -0.5} if weight > 0 else {0: -1.5, 1: 2.0, 2: -0.5}
        total = 0.0
        for factor, share in factors.items():
            moved = base.copy()
            moved[place] += factor * size
            value = function({**weights, circuit: moved})
            if value is None:
                break
            total += share * value
        else:
            found[place] = total / size
    return found
