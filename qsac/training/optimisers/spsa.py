"""Simultaneous perturbation stochastic approximation (Spall 1992): two values a step, whatever the number of
parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from qsac.training.optimisers.contract import Optimiser, Parameters, Place, Problem, Rate, ScheduledFields, State, Step
from qsac.training.optimisers.gradients import length, moved, shortened


class fields(ScheduledFields):  # noqa: N801  (every kind of optimiser has its class under this name)
    """The slope along one random direction of signs, from values at ``perturbation`` / (step + 1)^0.101 to both
    sides."""

    type: Literal["spsa"]
    rate: Rate = 0.01
    perturbation: Annotated[float, Field(allow_inf_nan=False, gt=0, le=10)] = 0.05


def make(given: fields, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
    """The optimiser; see :class:`~qsac.training.optimisers.contract.KindOfOptimiser`."""
    return _Spsa(given)


class _Spsa:
    needs: Literal["closed form"] = "closed form"

    def __init__(self, given: fields) -> None:
        self._given = given

    def initial(self, parameters: Parameters) -> State:
        return ()

    def step(self, problem: Problem, parameters: Parameters, state: State, batch: Any, place: Place) -> Step:
        signs = _signs(parameters, place.key)
        reach = self._given.perturbation / (place.number + 1.0) ** 0.101
        above = problem.value(moved(parameters, signs, -reach), batch, place.number)
        below = problem.value(moved(parameters, signs, reach), batch, place.number)
        slope = (above - below) / (2 * reach)
        gradient = {name: slope * part for name, part in signs.items()}
        norm = length(gradient)
        gradient = shortened(gradient, norm, self._given.clip)
        return Step(moved(parameters, gradient, place.rate), state, (above + below) / 2, norm)


def _signs(parameters: Parameters, key: Any) -> Parameters:
    import jax

    keys = jax.random.split(key, len(parameters))
    return {
        name: jax.random.rademacher(one, values.shape, dtype=values.dtype)
        for one, (name, values) in zip(keys, sorted(parameters.items()), strict=True)
    }
