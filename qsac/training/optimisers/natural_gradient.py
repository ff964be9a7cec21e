"""Quantum natural gradient (Stokes et al. 2020, arXiv:1909.02108), by the metric of the predictions.

The metric is that of the states z_j that the model predicts, up to their phases and in units of their lengths: G_ab =
Re(<d_a z|d_b z> - Im<z|d_a z> Im<z|d_b z>) with z of length 1, averaged over the positions and sequences of the batch.
Where lengths do not change, that is the Fubini-Study metric; the rest is (d ln ||z||)^2, since projections leave states
of different lengths, and objectives depend on them. It is not the metric of the whole circuit's state, whose other
registers are projected on. For words the states are the square roots of the probabilities, and G is a quarter of the
Fisher information. G is never written out: conjugate gradients solve (G + damping) x = gradient in a fixed number of
iterations, each by one product with the Jacobian and one with its transpose, so that an iteration takes about as long
as a gradient or two. Nothing is approximated beyond that, and beyond the batch. An objective that depends on the
states' phases has slopes in directions without a length: there the damping alone bounds the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from qsac.training.optimisers.contract import Optimiser, Parameters, Place, Problem, Rate, ScheduledFields, State, Step
from qsac.training.optimisers.gradients import length, moved, shortened


class fields(ScheduledFields):  # noqa: N801  (every kind of optimiser has its class under this name)
    """Steepest descent where lengths are those of the predicted states. ``damping`` is added to the metric;
    ``iterations``: of conjugate gradients, in each step."""

    type: Literal["natural-gradient"]
    rate: Rate = 0.05
    damping: Annotated[float, Field(allow_inf_nan=False, gt=0)] = 1e-2
    iterations: Annotated[int, Field(ge=1, le=1000)] = 10


def make(given: fields, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
    """The optimiser; see :class:`~qsac.training.optimisers.contract.KindOfOptimiser`."""
    return _NaturalGradient(given)


class _NaturalGradient:
    needs: Literal["closed form"] = "closed form"

    def __init__(self, given: fields) -> None:
        self._given = given

    def initial(self, parameters: Parameters) -> State:
        return ()

    def step(self, problem: Problem, parameters: Parameters, state: State, batch: Any, place: Place) -> Step:
        from jax.scipy.sparse.linalg import cg

        value, gradient = problem.value_and_gradient(parameters, batch, place.number)
        metric = metric_product(problem, parameters, batch)

        def damped(vector: Parameters) -> Parameters:
            return {name: part + self._given.damping * vector[name] for name, part in metric(vector).items()}

        rounding = float(np.finfo(value.dtype).eps)
        direction, _ = cg(damped, gradient, tol=10 * rounding, maxiter=self._given.iterations)  # type: ignore[no-untyped-call]
        direction = shortened(direction, length(direction), self._given.clip)
        return Step(moved(parameters, direction, place.rate), state, value, length(gradient))


def metric_product(problem: Problem, parameters: Parameters, batch: Any) -> Any:
    """The function that multiplies a vector, by names of parameters, with the metric G."""
    import jax
    import jax.numpy as jnp

    def states(trained: Parameters) -> tuple[Any, Any]:
        found = problem.predictions(trained, batch)
        return jnp.real(found), jnp.imag(found)

    (real, imaginary), pull = jax.vjp(states, parameters)
    state = real + 1j * imaginary
    shares = real.size // real.shape[-1]

    def product(vector: Parameters) -> Parameters:
        _, (moved_real, moved_imaginary) = jax.jvp(states, (parameters,), (vector,))
        change = moved_real + 1j * moved_imaginary
        phase = jnp.imag(jnp.sum(jnp.conj(state) * change, axis=-1, keepdims=True))
        change = change - 1j * phase * state
        (found,) = pull((jnp.real(change) / shares, jnp.imag(change) / shares))
        return dict(found)

    return product
