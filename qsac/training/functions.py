"""What is compiled for a run: once, for all of its seeds whose data have the same shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, MutableMapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.measuring import Measure
from qsac.training.objectives import objective_of
from qsac.training.phases import Phase, Run, phases_of, traced
from qsac.training.precision import fitted


class Functions:
    """The learner of some data, its phases, and the functions that are compiled when they are first called: an epoch
    of whichever phase, the validation, and the metrics. Made and called in the precision of the configuration.

    Raises :class:`~qsac.errors.InvalidInputError` for a model that does not fit the data.
    """

    def __init__(self, config: Config, data: Data) -> None:
        self.double = config.double
        self.learner = config.learner(data)
        self.batch = min(config.fields.batch, len(data.train))
        self.steps = len(data.train) // self.batch
        initial = self.learner.initial(0)
        if not initial:
            raise InvalidInputError(
                "the model has nothing to learn",
                code="train.nothing-to-learn",
                pointer="/model",
                wanted="a value, a score or a kernel whose numbers are left out",
            )
        self.objective = objective_of(config.objective, self.learner, config.fields.epochs * self.steps, data.given)
        self.phases = phases_of(config, self.learner, self.objective, initial, self.steps)
        self._words = data.given.probable
        self._check_fit({name: fitted(values, self.double) for name, values in initial.items()}, data)
        self.measure = Measure(self.learner)
        self.validation = self._validation()
        self.run: Callable[[Phase], Run] = traced(self.phases, self._words, self.double)
        """An epoch of a phase, by the closed form."""

    def phase(self, epoch: int) -> Phase:
        """The phase of an epoch, counted from 0; the last one for those that are not there."""
        return next((phase for phase in self.phases if epoch < phase.last), self.phases[-1])

    def chunks(self, sequences: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Sequences as :attr:`validation` takes them: by batches, (N, B, ..), filled up with the first ones; and which
        of them count, (N, B)."""
        size = min(self.batch, len(sequences))
        count = math.ceil(len(sequences) / size)
        padded = np.concatenate([sequences, sequences[: count * size - len(sequences)]])
        counted = (np.arange(count * size) < len(sequences)).reshape(count, size)
        return fitted(padded, self.double).reshape(count, size, *sequences.shape[1:]), counted

    def _validation(self) -> Callable[[Any, NDArray[Any], NDArray[np.bool_]], Any]:
        """The mean of the final objective over sequences in :meth:`chunks`."""
        import jax
        import jax.numpy as jnp

        objective = self.objective.final
        real = np.float64 if self.double else np.float32

        def value(parameters: Any, chunks: Any, counted: Any) -> Any:
            def add(total: Any, given: Any) -> Any:
                found = objective.by_sequence(self.learner, parameters, given[0], 0)
                return total + jnp.sum(jnp.where(given[1], found, 0)), None

            total, _ = jax.lax.scan(add, jnp.zeros((), real), (chunks, counted))
            return total / jnp.sum(counted)

        return jax.jit(value)

    def _check_fit(self, parameters: dict[str, NDArray[Any]], data: Data) -> None:
        """Whether the model can be computed for the data at all: a model file's tokens may have another dimension."""
        import jax

        batch = fitted(data.train[: self.batch], self.double)
        labels = data.given.labels
        try:
            jax.eval_shape(self.learner.metrics, parameters, batch)
            known = jax.eval_shape(self.learner.predictions, parameters, batch).shape[-1]
            if labels is None or known >= len(labels):  # JAX takes the last row for a word that there is not
                return
            problem = f"the model knows {known:,} words"
        except (TypeError, ValueError) as error:
            problem = str(error).splitlines()[0][:200]
        what = f"sequences of shape {data.train.shape[1:]}" if labels is None else f"{len(labels):,} words"
        raise InvalidInputError(
            "the model does not fit the data",
            code="train.model-does-not-fit",
            pointer="/model",
            found=f"{what}; {problem}",
            wanted="a model of tokens of that dimension, or of that many words",
        )


Shared: TypeAlias = MutableMapping[Hashable, Functions]
"""The functions of earlier seeds, by what has to be the same."""


def functions_of(config: Config, data: Data, shared: Shared) -> Functions:
    """The functions for a seed's data: those of an earlier seed where the data are of the same shape."""
    shape = (config.digest, data.given, data.train.shape, data.train.dtype.name)
    if shape not in shared:
        shared[shape] = Functions(config, data)
    return shared[shape]
