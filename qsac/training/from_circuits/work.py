"""Bindings of templates and their outcomes, here or in processes: the same ones, however many there are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Hashable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from numpy.typing import NDArray

from qsac.families.outcomes import Outcomes
from qsac.ir.program import Program
from qsac.templates.template import Template
from qsac.training.from_circuits.moves import shifted
from qsac.training.from_circuits.taking import Taking

CHUNK = 16
"""The most bindings that a process is handed at once."""

FEW = 32
"""Bindings of each process for which it is worth starting."""


class Binding(NamedTuple):
    """One circuit: the numbers of the op at ``place`` of its program in place of its own, none for the program as it
    is; and the seed of its shots."""

    place: int | None
    values: NDArray[Any] | None
    seed: int


class Job(NamedTuple):
    """Bindings of one circuit of a template, which is counted by ``circuit``: those of a program of its shape."""

    template: Template
    circuit: int
    program: Program
    bindings: tuple[Binding, ...]


class Workers:
    """Takes outcomes in so many processes, or in this one where that is one. They start when there is enough to do."""

    def __init__(self, count: int = 1) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    def outcomes(self, taking: Taking, jobs: Sequence[Job]) -> list[list[Outcomes]]:
        """The outcomes of each binding of each job, in their order."""
        if self._count == 1 or (self._pool is None and sum(len(job.bindings) for job in jobs) < FEW * self._count):
            return [_outcomes(taking, job) for job in jobs]
        if self._pool is None:
            # Threads of this process, such as JAX's, must not be forked.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._count, mp_context=context)
        parts = [
            (owner, job._replace(bindings=job.bindings[start : start + CHUNK]))
            for owner, job in enumerate(jobs)
            for start in range(0, len(job.bindings), CHUNK)
        ]
        found: list[list[Outcomes]] = [[] for _ in jobs]
        done = self._pool.map(partial(_outcomes, taking), [part for _, part in parts])
        for (owner, _), outcomes in zip(parts, done, strict=True):
            found[owner] += outcomes
        return found

    @property
    def started(self) -> bool:
        """Whether there are processes."""
        return self._pool is not None

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _outcomes(taking: Taking, job: Job) -> list[Outcomes]:
    derived: dict[Hashable, object] = {}
    found = []
    for number, (place, values, seed) in enumerate(job.bindings):
        program = job.program
        if place is not None and values is not None:
            # Under a name of its own, as what is computed of other tables is kept.
            program = shifted(program, place, values, f"shifted {number}")
        found.append(taking.outcomes(job.template.circuit(job.circuit, program, derived), seed))
    return found
