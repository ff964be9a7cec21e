"""Gradient descent, as Optax has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from qsac.training.optimisers.contract import Optimiser, Rate, ScheduledFields
from qsac.training.optimisers.gradients import by_gradients


class fields(ScheduledFields):  # noqa: N801  (every kind of optimiser has its class under this name)
    """Gradient descent by the gradient of a batch, with ``momentum``."""

    type: Literal["sgd"]
    rate: Rate = 0.1
    momentum: Annotated[float, Field(allow_inf_nan=False, ge=0, lt=1)] = 0.0


def make(given: fields, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
    """The optimiser; see :class:`~qsac.training.optimisers.contract.KindOfOptimiser`."""
    import optax

    return by_gradients(optax.trace(given.momentum) if given.momentum else optax.identity(), given.clip)
