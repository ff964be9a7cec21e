"""Adam (Kingma and Ba 2014, arXiv:1412.6980), as Optax has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from qsac.training.optimisers.contract import Optimiser, Rate, ScheduledFields
from qsac.training.optimisers.gradients import by_gradients

Decay = Annotated[float, Field(allow_inf_nan=False, ge=0, lt=1)]


class fields(ScheduledFields):  # noqa: N801  (every kind of optimiser has its class under this name)
    """Adam: steps by the means of the gradient and of its square, which decay by b1 and b2 a step."""

    type: Literal["adam"] = "adam"
    rate: Rate = 0.02
    warm_up: Annotated[float, Field(allow_inf_nan=False, ge=0, lt=1)] = 0.05
    b1: Decay = 0.9
    b2: Decay = 0.999


def make(given: fields, angles: Mapping[str, int], steps: int, epoch: int) -> Optimiser:
    """The optimiser; see :class:`~qsac.training.optimisers.contract.KindOfOptimiser`."""
    import optax

    return by_gradients(optax.scale_by_adam(given.b1, given.b2), given.clip)
