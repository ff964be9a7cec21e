"""Shots in batches: until a number is taken, or until the loss is known as well as wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError, present
from qsac.files.pointer import quoted
from qsac.machine.target import ErrorRates
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.estimates import Estimates, Tally, estimate, tally
from qsac.runtime.mitigation import mitigated

Draw = Callable[[int, int], Iterable[tuple[str, int]]]
"""Takes a number of shots with a seed: outcomes, one character for each bit of the circuit, and their counts."""

BATCH = 5_000
"""Shots that are taken together where each is simulated by itself: between batches a run tells how far it is, and can
be interrupted."""

FIRST_BATCH = 1_000
"""Shots that the number needed for a precision is first judged by."""

PRECISION_LIMIT = 1_000_000
"""Most shots that are taken for a precision, unless said otherwise."""

GROWTH = 4
"""Most times that the shots taken so far grow by one batch."""


class Sampling:
    """Shots taken so far, and what they come to.

    ``rates`` are those of the readout errors to correct, None to leave counts as they are. ``batch`` is the most shots
    that are drawn at once. Each batch has a seed of its own that follows from ``seed``; the first one's is ``seed``
    itself.
    """

    def __init__(
        self, compiled: Compiled, draw: Draw, seed: int, rates: ErrorRates | None = None, batch: int | None = None
    ) -> None:
        self._compiled = compiled
        self._draw = draw
        self._seed = seed
        self._rates = rates
        self._batch = batch
        self._batches = 0
        self._counts: Counter[str] = Counter()
        self._tally: Tally | None = None
        self.shots = 0

    def take_to(self, total: int, progress: Progress | None) -> None:
        """Take shots, in batches, until there are ``total``."""
        while self.shots < total:
            left = total - self.shots
            self._take(left if self._batch is None else min(self._batch, left))
            if progress is not None:
                progress(self.shots, total, "shots")

    def _take(self, shots: int) -> None:
        """Take one more batch."""
        seed = self._seed
        if self._batches:
            sequence = np.random.SeedSequence(self._seed, spawn_key=(self._batches,))
            seed = int(sequence.generate_state(1, np.uint64)[0] >> 1)
        circuit: NativeCircuit = self._compiled.circuits[0]
        outcomes = list(self._draw(shots, seed))
        found = tally(circuit, outcomes)
        self._tally = found if self._tally is None else self._tally + found
        if self._rates is not None:
            for outcome, count in outcomes:
                self._counts[outcome] += count
        self._batches += 1
        self.shots += shots

    def estimates(self) -> Estimates:
        """Metrics and standard errors from all shots so far."""
        tally = present(self._tally, "the tally of shots")
        if self._rates is None:
            return self._estimated(tally)
        return mitigated(self._compiled.circuits[0], self._counts, self._rates, self._estimated)

    def _estimated(self, found: Tally) -> Estimates:
        model = self._compiled.model
        return estimate(found, model.context, model.pairs, self._compiled.normalisation)


def take_until(sampling: Sampling, precision: float, limit: int, progress: Progress | None) -> Estimates:
    """Take shots until the loss has a standard error of at most ``precision``, or ``limit`` shots are taken.

    Each time as many are taken as the standard error so far says that it must be, and a tenth more. That the limit was
    reached first is told by a warning.
    """
    size = min(FIRST_BATCH, limit)
    while True:
        sampling.take_to(sampling.shots + size, progress)
        found = sampling.estimates()
        error = found.standard_errors["loss"]
        if error is not None and error <= precision:
            return found
        left = limit - sampling.shots
        if not left:
            reached = "is not resolved" if error is None else f"has a standard error of {error:.2g}"
            warning = f"the loss {reached} after {limit:,} shots, the most allowed: {precision:g} was asked for"
            return Estimates(found.metrics, found.standard_errors, (warning, *found.warnings))
        most = (GROWTH - 1) * sampling.shots
        wanted = most if error is None else ceil(1.1 * sampling.shots * ((error / precision) ** 2 - 1))
        size = min(max(wanted, FIRST_BATCH // 10), most, left)


def rates_of(target: dict[str, Any], circuit: NativeCircuit) -> ErrorRates:
    """The error rates of a target as an artifact describes it, good for a circuit's qubits.

    Raises :class:`~qsac.errors.InvalidInputError` where there are none, or where they are no probabilities.
    """
    name = target["name"]
    if target["errors"] is None:
        raise InvalidInputError(
            f"there are no error rates of {quoted(str(name))} to simulate noise by",
            wanted="a program compiled for a machine with published rates",
            help="compile the model with --target h2, say; `qsac targets` lists the machines",
        )
    try:
        rates = TypeAdapter(ErrorRates).validate_python(target["errors"])
    except ValidationError as error:
        problem = error.errors()[0]
        raise _no_rates(str(name), f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].lower()}") from None
    device = max(index for _, index in circuit.qubits)
    for table in (rates.one_qubit_by_qubit, rates.measure_by_qubit):
        if table and len(table) <= device:
            raise _no_rates(str(name), f"{len(table)} qubits, and a gate on qubit {device}")
    single = (rates.one_qubit, rates.two_qubit, rates.measure_0, rates.measure_1, rates.memory)
    tables = (
        *rates.one_qubit_by_qubit,
        *(error for *_, error in rates.two_qubit_by_edge),
        *(error for pair in rates.measure_by_qubit for error in pair),
    )
    for rate in (*single, *tables):
        if not 0 <= rate <= 1:
            raise _no_rates(str(name), f"a rate of {rate}")
    return rates


def _no_rates(name: str, found: str) -> InvalidInputError:
    return InvalidInputError(
        f"the error rates of {quoted(name)} are none",
        found=found,
        wanted="probabilities, from 0 to 1",
        help="compile the model again",
    )
