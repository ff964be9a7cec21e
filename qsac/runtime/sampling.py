"""Shots in batches: until a number is taken, or until a metric is known as well as wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError
from qsac.families.contract import Readout, Result
from qsac.families.outcomes import Outcomes, counted
from qsac.files.pointer import quoted
from qsac.machine.target import ErrorRates
from qsac.native.circuit import NativeCircuit
from qsac.numerics.seeds import seed_at
from qsac.progress import Progress
from qsac.runtime.bootstrap import bootstrapped
from qsac.runtime.mitigation import Seen, mitigated
from qsac.runtime.request import Errors

Draw = Callable[[int, int], "Iterable[tuple[str, int]] | Outcomes"]
"""Takes a number of shots of one circuit with a seed: bit strings, one character for each bit of the circuit, and their
counts; or the outcomes themselves."""

BATCH = 5_000
"""Shots that are taken together where each is simulated by itself: between batches a run tells how far it is, and can
be interrupted."""

FIRST_BATCH = 1_000
"""Shots that the number needed for a precision is first judged by."""

PRECISION_LIMIT = 1_000_000
"""Most shots that are taken for a precision, unless said otherwise."""

GROWTH = 4
"""Most times that the shots taken so far grow by one batch."""


@dataclass
class _Taken:
    """What was seen of one circuit so far."""

    circuit: NativeCircuit
    draw: Draw
    subnormalisation: float
    outcomes: Outcomes | None = None
    counts: Counter[str] = field(default_factory=Counter)


class Sampling:
    """Shots of every circuit taken so far, and what they amount to.

    ``draws`` takes shots of each circuit, by name. ``rates`` are those of the readout errors to correct, None to leave
    counts as they are. ``batch`` is the most shots that are drawn at once. Each batch of each circuit has a seed of its
    own that follows from ``seed``; the first one's of the first circuit is ``seed`` itself.
    """

    def __init__(
        self,
        compiled: Compiled,
        draws: Mapping[str, Draw],
        seed: int,
        rates: ErrorRates | None = None,
        batch: int | None = None,
    ) -> None:
        self._compiled = compiled
        self._taken = [
            _Taken(circuit, draws[circuit.name], subnormalisation)
            for circuit, subnormalisation in zip(compiled.circuits, compiled.subnormalisations, strict=True)
        ]
        self._seed = seed
        self._rates = rates
        self._batch = batch
        self._batches = 0
        self.shots = 0

    def take_to(self, total: int, progress: Progress | None) -> None:
        """Take shots of each circuit, in batches, until there are ``total``."""
        while self.shots < total:
            left = total - self.shots
            self._take(left if self._batch is None else min(self._batch, left))
            if progress is not None:
                progress(self.shots, total, "shots")

    def _take(self, shots: int) -> None:
        """Take one more batch of each circuit."""
        for place, taken in enumerate(self._taken):
            drawn = taken.draw(shots, self._seed_of(place))
            if isinstance(drawn, Outcomes):
                found = replace(drawn, subnormalisation=taken.subnormalisation)
            else:
                outcomes = list(drawn)
                found = counted(taken.circuit, outcomes, taken.subnormalisation)
                if self._rates is not None:
                    for outcome, count in outcomes:
                        taken.counts[outcome] += count
            taken.outcomes = found if taken.outcomes is None else taken.outcomes + found
        self._batches += 1
        self.shots += shots

    def _seed_of(self, place: int) -> int:
        """The seed of the next batch of a circuit."""
        if not self._batches and not place:
            return self._seed
        key = (self._batches,) if not place else (self._batches, place)
        return seed_at(self._seed, *key)

    def result(self, errors: Errors = "propagation") -> Result:
        """What all shots so far amount to, with errors that are estimated so."""
        model, plan = self._compiled.model, self._compiled.plan
        seen = [Seen(one.circuit, one.counts, one.outcomes) for one in self._taken if one.outcomes is not None]
        if self._rates is not None:
            return mitigated(model, plan, seen, self._rates)
        outcomes = {one.circuit.name: one.outcomes for one in seen}
        if errors == "bootstrap":
            return bootstrapped(model, plan, [one.circuit for one in seen], outcomes, self._seed)
        return model.readout.result(model, plan.run(outcomes))


def take_until(sampling: Sampling, readout: Readout, precision: float, limit: int, progress: Progress | None) -> Result:
    """Take shots until what the readout is ``precise`` about has a standard error of at most ``precision``, or
    ``limit`` shots are taken.

    Each time as many are taken as the standard error so far says that it must be, and a tenth more. That the limit was
    reached first is told by a warning.
    """
    size = min(FIRST_BATCH, limit)
    while True:
        sampling.take_to(sampling.shots + size, progress)
        found = sampling.result()
        error = readout.reached(found)
        if error is not None and error <= precision:
            return found
        left = limit - sampling.shots
        if not left:
            reached = "is not resolved" if error is None else f"has a standard error of {error:.2g}"
            metric = str(readout.precise).replace("_", " ")
            warning = f"the {metric} {reached} after {limit:,} shots, the most allowed: {precision:g} was asked for"
            return replace(found, warnings=(warning, *found.warnings))
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
            code="run.no-error-rates",
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
        f"the error rates of {quoted(name)} are invalid",
        code="run.invalid-error-rates",
        found=found,
        wanted="probabilities, from 0 to 1",
        help="compile the model again",
    )
