"""Where the circuits of lists of steps are run: compiled once for each shape, then exactly, by shots, or with a
machine's errors (:class:`qsac.families.learning.Machine`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from qsac.families.contract import CircuitStep, Model
from qsac.families.learning import Machine
from qsac.families.outcomes import Index, Outcomes
from qsac.families.registry import family_of
from qsac.machine.target import Target
from qsac.numerics.seeds import seed_at
from qsac.training.from_circuits.taking import taking
from qsac.training.from_circuits.templates import Templates
from qsac.training.from_circuits.texts import Binding, Job
from qsac.training.from_circuits.work import Workers

AT_ONCE = 256
"""Most models whose programs are held at once."""


class CompiledCircuits:
    """Runs circuits as they are compiled for ``target``: ``shots`` of each, None for exact probabilities, with
    ``noise`` by the target's error rates; in so many ``workers`` (processes), or on an ``executor``."""

    def __init__(
        self,
        target: Target,
        shots: int | None = None,
        *,
        noise: bool = False,
        workers: int = 1,
        executor: Executor | None = None,
    ) -> None:
        """Raises :class:`~qsac.errors.InvalidInputError` for noise of a target that has none."""
        self._taking = taking(target, shots, noise=noise)
        self._templates = Templates(target)
        self._workers = Workers(workers, executor)

    @property
    def shots(self) -> int | None:
        """Those of each circuit; None for exact probabilities."""
        return self._taking.shots

    def outcomes(self, models: Sequence[Model], entropy: Sequence[int]) -> list[list[Outcomes]]:
        """See :class:`qsac.families.learning.Machine`. Raises :class:`~qsac.errors.InvalidInputError` where the models
        have no template, and :class:`~qsac.errors.DoesNotFitError` where they are too large for the target."""
        found: list[list[Outcomes]] = []
        for first in range(0, len(models), AT_ONCE):
            found += self._some(models[first : first + AT_ONCE], entropy, first)
        return found

    def _some(self, models: Sequence[Model], entropy: Sequence[int], first: int) -> list[list[Outcomes]]:
        template = self._templates.of(models[0])
        programs = [template.programs(model) for model in models]
        jobs = []
        for model, row in enumerate(programs, start=first):
            for circuit, program in enumerate(row):
                binding = Binding(None, None, seed_at(list(entropy), model, circuit))
                jobs.append(Job(template.circuits, circuit, program, (binding,)))
        seen = iter(self._workers.outcomes(self._taking, jobs))
        return [[replace(next(seen)[0], subnormalisation=one.subnormalisation) for one in row] for row in programs]

    def close(self) -> None:
        """End the processes."""
        self._workers.close()


class Held:
    """A machine within a function that XLA has compiled, where what it raises would become another error: it is kept,
    outcomes are no numbers from then on, and :meth:`check` raises it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._error: BaseException | None = None

    def outcomes(self, models: Sequence[Model], entropy: Sequence[int]) -> list[list[Outcomes]]:
        """See :class:`qsac.families.learning.Machine`."""
        if self._error is None:
            try:
                return self._machine.outcomes(models, entropy)
            except BaseException as error:  # also an interrupt, which comes where Python happens to be
                self._error = error
        return [[_nothing(step) for step in family_of(model).plan(model).circuits] for model in models]

    def check(self) -> None:
        """Raise what the machine raised, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error


def _nothing(step: CircuitStep) -> Outcomes:
    weights = np.full(1 << step.index, np.nan)
    return Outcomes(1.0, float("nan"), dict.fromkeys(step.reads, float("nan")), Index(weights, weights), exact=True)
