"""What a seed's training gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Metrics: TypeAlias = Mapping[str, float | None]
"""Means by name; None for what does not exist."""

PARTS = ("train", "test")
"""What metrics are measured on."""

Stopped: TypeAlias = Literal["finished", "early"]


class Epoch(NamedTuple):
    """What is known of an epoch, counted from 1: the mean of the objective over its batches, the objective of the
    validating sequences after it (None without any), the mean length of the gradient (None where none was taken), and
    the rate of its last step (0 where the optimiser has none). ``facts``: what gradients from circuits say of
    themselves, such as circuits, shots and errors, the mean over the steps, by name; None of exact ones."""

    epoch: int
    train: float
    validation: float | None
    gradient_norm: float | None
    rate: float
    facts: Mapping[str, float] | None = None


def known_facts(history: Iterable[Epoch]) -> tuple[str, ...]:
    """The names of all facts that some epoch has, in order."""
    return tuple(dict.fromkeys(name for epoch in history for name in epoch.facts or ()))


@dataclass(frozen=True, eq=False)
class Trained:
    """A seed whose training is over.

    ``parameters``: float64 by name, those after ``best_epoch``. ``metrics``: the means of every metric over the
    sequences of ``train`` and ``test``, in double precision. ``stopped``: after all epochs, or early.
    """

    seed: int
    parameters: Mapping[str, NDArray[np.float64]]
    history: tuple[Epoch, ...]
    metrics: Mapping[str, Metrics]
    stopped: Stopped
    best_epoch: int
    data_digest: str

    def to_dict(self) -> dict[str, Any]:
        """The seed as it stands in results.json."""
        return {
            "seed": self.seed,
            "epochs": len(self.history),
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
            "data": self.data_digest,
            "metrics": {part: dict(self.metrics[part]) for part in PARTS},
        }
