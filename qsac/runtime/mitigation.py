"""Readout errors taken back from counts, by pytket's ``SpamCorrecter`` from the published rates of each measurement.

Every bit is corrected by its own 2 x 2 matrix, those of mid-circuit measurements too: outcomes steer no gate, so that
the errors of all of them are one classical channel on the final bits. The correction is the Bayesian iteration
(Nachman et al., npj Quantum Inf. 6, 84, 2020), whose counts stay non-negative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.counting.error_rates import readout_errors
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.contract import Model, Plan, Result
from qsac.families.outcomes import Outcomes, counted
from qsac.machine.target import ErrorRates
from qsac.native.circuit import KIND, NativeCircuit

Real: TypeAlias = NDArray[np.float64]

BITS_LIMIT = 14
"""Most bits: the correction keeps a number for each of their values, and pytket goes through them one by one."""

_UNITS = 1_000_000
"""What pytket is told that a count is: it rounds corrected counts up to whole numbers."""


def asked_bits(circuit: NativeCircuit) -> tuple[int, ...]:
    """The bits that readouts speak of."""
    return tuple(sorted({bit for readout in circuit.readouts for bit in (*readout.given, *readout.success)}))


def check_memory(circuit: NativeCircuit) -> None:
    """Raises :class:`~qsac.errors.DoesNotFitError` where there are too many bits to correct."""
    bits = len(asked_bits(circuit))
    if bits > BITS_LIMIT:
        raise DoesNotFitError(
            "readout errors of so many bits cannot be corrected",
            code="capacity.too-many-bits",
            found=f"{bits} bits, which have {1 << bits:,} values",
            wanted=f"at most {BITS_LIMIT}",
            help="run without --mitigate, or a smaller model of the same shape",
        )


def corrected(circuit: NativeCircuit, counts: Mapping[str, int], rates: ErrorRates) -> dict[str, float]:
    """Outcomes, in the circuit's order of bits, and how often they were seen but for readout errors.

    Bits that no readout speaks of come out as 0.
    """
    from pytket.circuit import Bit, Node
    from pytket.utils.spam import SpamCorrecter

    bits = asked_bits(circuit)
    check_memory(circuit)
    nodes = [Node("bit", place) for place in range(len(bits))]
    matrices = [[[1 - zero, one], [zero, 1 - one]] for zero, one in _errors(circuit, rates)]
    correcter = SpamCorrecter.from_dict(
        {
            "correlations": [[("bit", [place])] for place in range(len(bits))],
            "node_index_dict": [(("bit", [place]), (place, 0)) for place in range(len(bits))],
            "characterisation_matrices": matrices,
        }
    )
    seen: Counter[tuple[int, ...]] = Counter()
    for outcome, count in counts.items():
        seen[tuple(int(outcome[bit]) for bit in bits)] += count * _UNITS
    measured: list[Any] = [{node: Bit(place) for place, node in enumerate(nodes)}]
    options = {"tol": 1e-2 / sum(counts.values()), "maxiter": 1000}
    found = correcter.correct_counts(_counted(seen), measured, method="bayesian", options=options)
    outcomes = {}
    for values, count in found.get_counts().items():
        written = ["0"] * len(circuit.bits)
        for bit, value in zip(bits, values, strict=True):
            written[bit] = str(value)
        outcomes["".join(written)] = float(count) / _UNITS
    return outcomes


def _counted(counts: Counter[tuple[int, ...]]) -> Any:
    """Counts as a pytket result, whose own way to pick bits takes the square of the number of outcomes."""
    from pytket.backends.backendresult import BackendResult

    class Counted(BackendResult):
        def get_counts(self, *_: Any, **__: Any) -> Counter[tuple[int, ...]]:
            return counts

    return Counted()


def _errors(circuit: NativeCircuit, rates: ErrorRates) -> Real:
    """P(1 | 0) and P(0 | 1) of each asked bit, shape (bits, 2). Raises where a reading tells nothing."""
    errors = np.zeros((len(circuit.bits), 2))
    errors[circuit.second[circuit.kind == KIND["Measure"]]] = readout_errors(circuit, rates)
    found = errors[list(asked_bits(circuit))]
    if np.any(found.sum(axis=1) >= 1):
        raise InvalidInputError(
            "readout errors this large cannot be corrected",
            code="run.uncorrectable-errors",
            found="a measurement whose outcome does not depend on the state",
            wanted="measurements whose two error probabilities add up to less than 1",
            help="run without --mitigate",
        )
    return found


@dataclass(frozen=True)
class Seen:
    """Counts of one circuit, with one character for each bit of it, in its order, and what they amount to as read."""

    circuit: NativeCircuit
    counts: Mapping[str, int]
    outcomes: Outcomes


def mitigated(model: Model, plan: Plan, seen: Sequence[Seen], rates: ErrorRates) -> Result:
    """What corrected counts amount to; what the counts as they were read do not resolve stays unresolved.

    Standard errors are those of the unbiased estimator, which gives each shot the product of the first rows of its
    bits' inverse matrices (delta method): larger than without correction, and no smaller than those of the Bayesian
    iteration, which knows besides that no count is negative.
    """
    readout = model.readout
    share = {one.circuit.name: _corrected_outcomes(one, rates) for one in seen}
    as_read = readout.result(model, plan.run({one.circuit.name: one.outcomes for one in seen}))
    metrics = dict(readout.result(model, plan.run(share)).metrics)
    weighted = [_weighted(one.circuit, one.counts, rates) for one in seen]
    errors: dict[str, float | None] = {}
    for name, value in as_read.metrics.items():
        if not value:
            metrics[name], errors[name] = value, as_read.standard_errors[name]
            continue
        variance = 0.0
        for one, (frequency, weights) in zip(seen, weighted, strict=True):
            found = {one.circuit.name: share[one.circuit.name]}
            influence = readout.influence(name, metrics[name] or 0.0, found, weights)
            mean = frequency @ influence
            variance += float(frequency @ (influence - mean) ** 2) / found[one.circuit.name].total
        errors[name] = float(np.sqrt(variance))
    return replace(as_read, metrics=metrics, standard_errors=errors, success_probability=metrics["success_probability"])


def _corrected_outcomes(one: Seen, rates: ErrorRates) -> Outcomes:
    found = counted(one.circuit, corrected(one.circuit, one.counts, rates).items(), one.outcomes.subnormalisation)
    shots = sum(one.counts.values())
    success = {name: weight * shots / found.total for name, weight in found.success.items()}
    return replace(found, total=shots, given=found.given * shots / found.total, success=success)


def _weighted(circuit: NativeCircuit, counts: Mapping[str, int], rates: ErrorRates) -> tuple[Real, dict[str, Real]]:
    """The share of each bit string in the shots, and its weight for ``given`` and for each readout, (outcomes,)."""
    weights = np.ones((len(circuit.bits), 2))
    for bit, (zero, one) in zip(asked_bits(circuit), _errors(circuit, rates), strict=True):
        weights[bit] = np.array([1 - one, -one]) / (1 - zero - one)
    values = np.array([[int(value) for value in outcome] for outcome in counts])
    each = weights[np.arange(len(circuit.bits)), values]
    given = np.prod(each[:, list(circuit.readouts[0].given)], axis=1)
    share = np.array(list(counts.values()), dtype=np.float64)
    found = {readout.metric: given * np.prod(each[:, list(readout.success)], axis=1) for readout in circuit.readouts}
    return share / share.sum(), {"given": given, **found}
