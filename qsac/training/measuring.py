"""The metrics of what was learned, in double precision, sequence by sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.learning import Learner
from qsac.training.precision import fitted, precision

CHUNK = 32
"""Sequences that are measured at once: the shape of what is compiled, whatever the number of sequences."""


class Measure:
    """The metrics of a learner's models, compiled once for all sequences of one length."""

    def __init__(self, learner: Learner) -> None:
        import jax

        self._metrics = jax.jit(learner.metrics)

    def __call__(self, parameters: Mapping[str, NDArray[Any]], sequences: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """By name, (S,), float64: each metric of each sequence."""
        found: list[dict[str, NDArray[Any]]] = []
        with precision(True):
            trained = {name: fitted(np.asarray(values), True) for name, values in parameters.items()}
            for start in range(0, len(sequences), CHUNK):
                part = sequences[start : start + CHUNK]
                # The last chunk is filled up with its first sequence.
                filled = np.concatenate([part, np.repeat(part[:1], CHUNK - len(part), axis=0)])
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
