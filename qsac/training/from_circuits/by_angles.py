"""Gradients from circuits whose angles are shifted one by one: those of lists of steps.

Every rotation's angle is shifted (:class:`qsac.families.learning.ShiftsAngles`), for each sample of the batch. JAX does
the chain rule around the circuits, and simulates them, unless they are compiled for a target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.families.learning import Learner, Measuring, ShiftsAngles
from qsac.files.pointer import counted
from qsac.training.from_circuits.machine import CompiledCircuits, Held
from qsac.training.from_circuits.spsa import DECAY, PERTURBATION
from qsac.training.gradients import Estimate, Parameters
from qsac.training.objectives import Objective

GradientType: TypeAlias = Literal["parameter-shift", "spsa"]

_KINDS = {
    "parameter-shift": "parameter-shift, two of each circuit for every angle",
    "spsa": "simultaneous perturbation, all circuits of two models",
}


@dataclass(frozen=True)
class _AsMeasured:
    """A learner whose metrics are those that circuits give."""

    learner: ShiftsAngles
    measuring: Measuring

    def metrics(self, trained: Any, batch: Any) -> Any:
        return self.learner.shifted_metrics(trained, batch, self.measuring)


class ByAngles:
    """The mean of an objective over a batch and its gradient, by parameter shifts or by simultaneous perturbation; see
    docs/gradients.md. On a ``machine`` circuits are compiled; without one JAX simulates them, by ``shots`` of each or
    exactly."""

    def __init__(
        self,
        learner: ShiftsAngles,
        objective: Objective,
        kind: GradientType,
        *,
        shots: int | None = None,
        machine: CompiledCircuits | None = None,
        seed: int = 0,
    ) -> None:
        """Raises :class:`~qsac.errors.InvalidInputError` for steps that have no such rule."""
        self._kind: GradientType = kind
        self._learner, self._objective, self._machine = learner, objective, machine
        self._held = None if machine is None else Held(machine)
        self._shots, self._seed = shots if machine is None else machine.shots, seed
        self._bindings = learner.bindings()
        self._made: Any = None

    def value_and_gradient(self, parameters: Parameters, batch: NDArray[Any], step: int) -> Estimate:
        """See :meth:`qsac.training.gradients.Gradient.value_and_gradient`. ``facts``: ``circuits`` and ``shots``."""
        import jax

        if self._made is None:
            self._made = jax.jit(self._shifted if self._kind == "parameter-shift" else self._perturbed)
        key = jax.random.fold_in(jax.random.key(self._seed), step)
        rng = np.random.default_rng((self._seed, step))
        directions = {name: rng.choice([-1.0, 1.0], values.shape) for name, values in parameters.items()}
        made = self._made(dict(parameters), batch, key, step, directions)
        value, gradient = jax.tree.map(lambda part: np.asarray(part, np.float64), made)
        if self._held is not None:
            self._held.check()
        circuits = float(self._circuits(len(batch)))
        facts = {"circuits": circuits, "shots": circuits * (self._shots or 0)}
        return Estimate(float(value), gradient, facts)

    def facts(self, parameters: Parameters, batch: NDArray[Any]) -> Sequence[Fact]:
        """What a step takes."""
        circuits = self._circuits(len(batch))
        said = [
            ("gradient", f"{_KINDS[self._kind]}, for each of {counted(len(batch), 'sample')}"),
            ("circuits a step", f"{circuits:,}"),
        ]
        if self._shots is not None:
            said.append(("shots a step", f"{circuits * self._shots:,}, {self._shots:,} of each circuit"))
        return said

    def close(self) -> None:
        """End the processes of a machine."""
        if self._machine is not None:
            self._machine.close()

    def _circuits(self, samples: int) -> int:
        values, slopes = self._bindings
        return samples * (values + slopes if self._kind == "parameter-shift" else 2 * values)

    def _value(self, parameters: Any, batch: Any, key: Any, step: Any) -> Any:
        measuring = Measuring(self._shots if self._held is None else None, key, self._held)
        learner = cast(Learner, _AsMeasured(self._learner, measuring))
        return self._objective(learner, parameters, batch, step)

    def _shifted(self, parameters: Any, batch: Any, key: Any, step: Any, _directions: Any) -> Any:
        import jax

        return jax.value_and_grad(self._value)(parameters, batch, key, step)

    def _perturbed(self, parameters: Any, batch: Any, key: Any, step: Any, directions: Any) -> Any:
        import jax

        reach = PERTURBATION / (step + 1.0) ** DECAY
        sides = []
        for sign, one in zip((1, -1), jax.random.split(key), strict=True):
            moved = {name: values + sign * reach * directions[name] for name, values in parameters.items()}
            sides.append(self._value(moved, batch, one, step))
        slope = (sides[0] - sides[1]) / (2 * reach)
        return (sides[0] + sides[1]) / 2, {name: slope * signs for name, signs in directions.items()}
