"""What gives gradients where the closed form does not: circuits (:mod:`qsac.training.from_circuits`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact

Parameters: TypeAlias = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Estimate:
    """The mean of an objective over a batch, and its derivatives by name, of the parameters' shapes; ``facts`` by name,
    such as how many circuits were run."""

    value: float
    gradient: dict[str, NDArray[np.float64]]
    facts: Mapping[str, float] = field(default_factory=dict)


class Gradient(Protocol):
    """Estimates of an objective and its gradient."""

    def value_and_gradient(self, parameters: Parameters, batch: NDArray[Any], step: int) -> Estimate:
        """For a batch (B, ..) at a step, counted from 0 over the whole run: what is random depends on the run's seed
        and this step alone, so that a run that is resumed gets the same numbers. Raises
        :class:`~qsac.errors.QsacError` where the shots do not resolve a gradient."""

    def facts(self, parameters: Parameters, batch: NDArray[Any]) -> Sequence[Fact]:
        """What is to be said before training starts: how many circuits and shots a step takes."""

    def close(self) -> None:
        """End what was started for it."""
