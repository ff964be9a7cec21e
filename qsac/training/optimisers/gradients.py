"""Optimisers that ask for gradients and nothing else: Optax's, with a rate that is given from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from qsac.training.optimisers.contract import Optimiser, Parameters, Place, Problem, State, Step

if TYPE_CHECKING:
    import optax


def by_gradients(transformation: optax.GradientTransformation, clip: float | None) -> Optimiser:
    """The optimiser whose step is ``transformation`` of the gradient, times the rate. Gradients longer than ``clip``
    are shortened to it before."""
    return _ByGradients(transformation, clip)


def length(gradient: Parameters) -> Any:
    """The Euclidean length of a gradient, of all its parameters together."""
    import jax.numpy as jnp

    return jnp.sqrt(sum(jnp.sum(jnp.square(part)) for part in gradient.values()))


def shortened(gradient: Parameters, norm: Any, clip: float | None) -> Parameters:
    """A gradient of length ``norm``, at most ``clip`` long."""
    if clip is None:
        return gradient
    import jax.numpy as jnp

    scale = jnp.where(norm > clip, clip / jnp.maximum(norm, clip), 1)
    return {name: scale * part for name, part in gradient.items()}


def moved(parameters: Parameters, direction: Parameters, rate: Any) -> Parameters:
    """The parameters, ``rate`` times ``direction`` further down."""
    return {name: values - rate * direction[name] for name, values in parameters.items()}


class _ByGradients:
    needs: Literal["gradients"] = "gradients"

    def __init__(self, transformation: optax.GradientTransformation, clip: float | None) -> None:
        self._transformation, self._clip = transformation, clip

    def initial(self, parameters: Parameters) -> State:
        return self._transformation.init(parameters)

    def step(self, problem: Problem, parameters: Parameters, state: State, batch: Any, place: Place) -> Step:
        value, gradient = problem.value_and_gradient(parameters, batch, place.number)
        norm = length(gradient)
        direction, state = self._transformation.update(shortened(gradient, norm, self._clip), state, parameters)
        return Step(moved(parameters, dict(direction), place.rate), state, value, norm)
