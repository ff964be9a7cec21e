"""Rotosolve (Nakanishi et al. 2019, arXiv:1903.12166; Ostaszewski et al. 2019, arXiv:1905.09692): one angle after
another goes to where the value is lowest, which three values tell.

They do where the value is a + b cos t + c sin t in each angle t. Quantum attention's is not, in general: loss is a
logarithm of a ratio, and a batch its mean. Exact is the rule for exp(-value) where the batch is one sequence, the angle
is of the value unitary of a model with one head, and the phases are fixed or the objective is loss_a: then the
numerator of the fidelity is of that form, and the denominator does not depend on the angle. So the rule is applied to
exp(-value). Elsewhere it proposes an angle: a score unitary's angle has harmonics up to the kernel's degree, optimal
phases an absolute value. A fourth value tells whether the proposal is lower, and the angle stays where it is not; so no
step makes its batch's value higher, whatever the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from qsac.errors import InvalidInputError
from qsac.training.optimisers.contract import Optimiser, OptimiserFields, Parameters, Place, Problem, State, Step


class fields(OptimiserFields):  # noqa: N801  (every kind of optimiser has its class under this name)
    """One angle after another to its lowest value: all of them once an epoch, each by a batch. Only for models
    of which some parameters are angles; the others stay as they are drawn."""

    type: Literal["rotosolve"]


def make(given: fields, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
    """The optimiser; see :class:`~qsac.training.optimisers.contract.KindOfOptimiser`."""
    if not angles:
        raise InvalidInputError(
            "rotosolve turns angles, and the model has none that are trained",
            code="train.no-angles",
            pointer="/optimiser/type",
            wanted="a hardware-efficient value or score unitary, or another optimiser",
        )
    return _Rotosolve(math.ceil(sum(angles.values()) / epoch))


class _Rotosolve:
    needs: Literal["closed form"] = "closed form"

    def __init__(self, turns: int) -> None:
        self._turns = turns
        """How many angles are turned in a step."""

    def initial(self, parameters: Parameters) -> State:
        """The angle whose turn it is."""
        import jax.numpy as jnp

        return jnp.zeros((), jnp.int32)

    def step(self, problem: Problem, parameters: Parameters, state: State, batch: Any, place: Place) -> Step:
        import jax
        import jax.numpy as jnp
        from jax.flatten_util import ravel_pytree

        turned = {name: parameters[name] for name in problem.angles}
        flat, unravel = ravel_pytree(turned)

        def value(angles: Any) -> Any:
            return problem.value({**parameters, **unravel(angles)}, batch, place.number)

        def turn(done: Any, reached: tuple[Any, Any]) -> tuple[Any, Any]:
            angles, now = reached
            here = jax.nn.one_hot((state + done) % flat.size, flat.size, dtype=flat.dtype)
            ahead, behind = jnp.exp(-value(angles + math.pi / 2 * here)), jnp.exp(-value(angles - math.pi / 2 * here))
            middle = (ahead + behind) / 2
            proposed = angles + jnp.arctan2((ahead - behind) / 2, jnp.exp(-now) - middle) * here
            then = value(proposed)
            return jnp.where(then < now, proposed, angles), jnp.minimum(then, now)

        first = value(flat)
        angles, _ = jax.lax.fori_loop(0, self._turns, turn, (flat, first))
        state = (state + self._turns) % flat.size
        return Step({**parameters, **unravel(angles)}, state, first, jnp.full((), jnp.nan, flat.dtype))
