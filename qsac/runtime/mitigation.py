"""Readout errors taken back from counts, by pytket's ``SpamCorrecter`` from the published rates of each measurement.

Every bit is corrected by its own 2 x 2 matrix, those of mid-circuit measurements too: outcomes steer no gate, so that
the errors of all of them are one classical channel on the final bits. The correction is the Bayesian iteration
(Nachman et al., npj Quantum Inf. 6, 84, 2020), whose counts stay non-negative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.counting.error_rates import readout_errors
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.machine.target import ErrorRates
from qsac.native.circuit import KIND, NativeCircuit
from qsac.runtime.estimates import Estimates, Tally, tally

Real: TypeAlias = NDArray[np.float64]

BITS_LIMIT = 14
"""Most bits: the correction keeps a number for each of their values, and pytket goes through them one by one."""

_UNITS = 1_000_000
"""What pytket is told that a count is: it rounds corrected counts up to whole numbers."""


def asked_bits(circuit: NativeCircuit) -> tuple[int, ...]:
    """The bits that readouts speak of."""
    return tuple(sorted({bit for readout in circuit.readouts for bit in (*readout.given, *readout.success)}))


def check_size(circuit: NativeCircuit) -> None:
    """Raises :class:`~qsac.errors.DoesNotFitError` where there are too many bits to correct."""
    bits = len(asked_bits(circuit))
    if bits > BITS_LIMIT:
        raise DoesNotFitError(
            "readout errors of so many bits cannot be corrected",
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
    check_size(circuit)
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
            found="a measurement that reads 0 and 1 alike, whatever the state",
            wanted="measurements whose two error probabilities add up to less than 1",
            help="run without --mitigate",
        )
    return found


def mitigated(
    circuit: NativeCircuit, counts: Mapping[str, int], rates: ErrorRates, estimated: Callable[[Tally], Estimates]
) -> Estimates:
    """What is estimated from corrected counts; what the counts as they were read do not resolve stays unresolved.

    Standard errors are those of the unbiased estimator, which gives each shot the product of the first rows of its
    bits' inverse matrices (delta method): larger than without correction, and no smaller than those of the Bayesian
    iteration, which knows besides that no count is negative.
    """
    plain = estimated(tally(circuit, counts.items()))
    found = tally(circuit, corrected(circuit, counts, rates).items())
    shots = sum(counts.values())
    given, *success = (
        part * shots / found.shots for part in (found.given, found.success["fidelity"], found.success["token_fidelity"])
    )
    share = Tally(shots, given, dict(zip(("fidelity", "token_fidelity"), success, strict=True)))
    metrics = estimated(share).metrics
    errors: dict[str, float | None] = {}
    for name, value in plain.metrics.items():
        if not value:
            metrics[name], errors[name] = value, plain.standard_errors[name]
        else:
            errors[name] = _standard_error(name, metrics[name] or 0.0, share, _weighted(circuit, counts, rates))
    return Estimates(metrics, errors, plain.warnings)


class _Weighted(NamedTuple):
    """The share of each outcome in the shots, and its weights for given, token and all zero, shape (outcomes,) each."""

    share: Real
    given: Real
    token: Real
    zero: Real


def _weighted(circuit: NativeCircuit, counts: Mapping[str, int], rates: ErrorRates) -> _Weighted:
    weights = np.ones((len(circuit.bits), 2))
    for bit, (zero, one) in zip(asked_bits(circuit), _errors(circuit, rates), strict=True):
        weights[bit] = np.array([1 - one, -one]) / (1 - zero - one)
    values = np.array([[int(value) for value in outcome] for outcome in counts])
    each = weights[np.arange(len(circuit.bits)), values]
    success = {readout.metric: list(readout.success) for readout in circuit.readouts}
    given = np.prod(each[:, list(circuit.readouts[0].given)], axis=1)
    share = np.array(list(counts.values()), dtype=np.float64)
    return _Weighted(
        share / share.sum(),
        given,
        given * np.prod(each[:, success["token_fidelity"]], axis=1),
        given * np.prod(each[:, success["fidelity"]], axis=1),
    )


def _standard_error(name: str, value: float, found: Tally, weighted: _Weighted) -> float:
    """The standard error of a metric of that value: the spread of its influence over the shots."""
    given = found.given / found.shots
    token, zero = found.success["token_fidelity"] / found.shots, found.success["fidelity"] / found.shots
    of_given, of_token, of_zero = weighted.given / given, weighted.token / token, weighted.zero / zero
    influence = {
        "fidelity": value * (of_zero - of_given),
        "loss": of_zero - of_given,
        "token_fidelity": value * (of_token - of_given),
        "loss_a": of_token - of_given,
        "renyi_divergence": of_zero - of_token,
        "mu": value * of_zero,
        "nu": value * of_token,
    }.get(name, value * of_given)
    mean = weighted.share @ influence
    return float(np.sqrt(weighted.share @ (influence - mean) ** 2 / found.shots))
