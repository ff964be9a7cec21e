"""What every kind of comparison offers, and what it gives.

A kind is a module of this package. Its name, with dashes for underscores, is what a configuration's ``compare`` calls
it. Either it has ``learner``, and is trained by the same loop with the same optimiser and epochs as the model
(:class:`LearnedKind`); or it has ``counted``, and nothing is trained (:class:`CountedKind`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from qsac.families.learning import Learner
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.trained import Metrics


@dataclass(frozen=True)
class Compared:
    """A comparison of one seed: what it is called, the means of its metrics over the sequences of each part, ``train``,
    ``test`` and ``validation`` where there is any, and how many real numbers were learned, None where none were."""

    label: str
    metrics: Mapping[str, Metrics]
    size: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        metrics = {part: dict(values) for part, values in self.metrics.items()}
        return {"label": self.label, "size": self.size, "metrics": metrics}


class LearnedKind(Protocol):
    """A kind that is trained."""

    @property
    def label(self) -> str:
        """What its rows are called in tables."""

    def learner(self, config: Config, data: Data) -> Learner | None:
        """What is trained beside the model of ``config``; None where it would be that model once more. Raises
        :class:`~qsac.errors.InvalidInputError` where it does not go with the model or the data."""


@runtime_checkable
class CountedKind(Protocol):
    """A kind of which nothing is trained."""

    def counted(self, config: Config, data: Data) -> list[Compared]:
        """Its rows. Raises :class:`~qsac.errors.InvalidInputError` where it does not go with the data."""
