"""The metrics of what was learned, in double precision, sequence by sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.learning import ComparesEnsembles, Learner
from qsac.training.precision import fitted, precision

CHUNK = 32
"""Sequences that are measured at once: the shape of what is compiled, whatever the number of sequences."""


class Measure:
    """The metrics of a learner's models, compiled once for all sequences of one length; for each number of samples
    where all of them are compared with each other."""

    def __init__(self, learner: Learner) -> None:
        import jax

        self._metrics = jax.jit(learner.metrics)
        self._together = isinstance(learner, ComparesEnsembles)

    def __call__(self, parameters: Mapping[str, NDArray[Any]], sequences: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """By name, (S,), float64: each metric of each sequence."""
        found: list[dict[str, NDArray[Any]]] = []
        with precision(True):
            trained = {name: fitted(np.asarray(values), True) for name, values in parameters.items()}
            chunk = max(1, len(sequences)) if self._together else CHUNK
            for start in range(0, len(sequences), chunk):
                part = sequences[start : start + chunk]
                # The last chunk is filled up with its first sequence.
                filled = np.concatenate([part, np.repeat(part[:1], chunk - len(part), axis=0)])
                metrics = self._metrics(trained, fitted(filled, True))
                found.append({name: np.asarray(values)[: len(part)] for name, values in metrics.items()})
        return {name: np.concatenate([one[name] for one in found]).astype(np.float64) for name in found[0]}


def measured(
    learner: Learner, parameters: Mapping[str, NDArray[Any]], sequences: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """The metrics of each of some sequences, by name, (S,), float64; see :class:`Measure`."""
    return Measure(learner)(parameters, sequences)


def means(metrics: Mapping[str, NDArray[Any]]) -> dict[str, float | None]:
    """The mean of each metric, None where it does not exist."""
    found = {name: float(np.mean(values)) for name, values in metrics.items()}
    return {name: value if np.isfinite(value) else None for name, value in found.items()}
