"""Readout errors taken back from counts, by pytket's ``SpamCorrecter`` from the published rates of each measurement.

Every bit is corrected by its own 2 x 2 matrix, those of mid-circuit measurements too: outcomes steer no gate, so that
the errors of all of them are one classical channel on the final bits. The correction is the Bayesian iteration
(Nachman et al., npj Quantum Inf. 6, 84, 2020), whose counts stay non-negative.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.ir.native import KIND, NativeCircuit
from qsac.pipeline import ErrorRates
from qsac.report.error_rates import readout_errors

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
        outcome = ["0"] * len(circuit.bits)
        for bit, value in zip(bits, values, strict=True):
            outcome[bit] = str(value)
        outcomes["".join(outcome)] = float(count) / _UNITS
    return outcomes


def _counted(counts: Counter[tuple[int, ...]]) -> Any:
    """Counts as a pytket result, whose own way to pick bits takes the square of the number of outcomes."""
    from pytket.backends.backendresult import BackendResult

    class Counted(BackendResult):
        def get_counts(self, *_: Any, **__: Any) -> Counter[tuple[int, ...]]:
            return counts

    return Counted()


def _errors(circuit: NativeCircuit, rates: ErrorRates) -> NDArray[np.float64]:
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


def spread(circuit: NativeCircuit, counts: Mapping[str, int], rates: ErrorRates) -> dict[str, dict[str, float]]:
    """For each metric's readout the variances and the covariance of its corrected shares, ``given`` g and ``success``
    s, of one shot: keys ``gg``, ``gs``, ``ss``.

    They are those of the unbiased estimator, whose shot has the weight product over the bits of the inverse matrices'
    first rows; the Bayesian iteration's are no larger where it has to keep counts from being negative.
    """
    bits = asked_bits(circuit)
    weights = np.zeros((len(circuit.bits), 2))
    for bit, (zero, one) in zip(bits, _errors(circuit, rates), strict=True):
        weights[bit] = np.array([1 - one, -one]) / (1 - zero - one)
    values = np.array([[int(value) for value in outcome] for outcome in counts])
    shares = np.array(list(counts.values()), dtype=np.float64) / sum(counts.values())
    found = {}
    for readout in circuit.readouts:
        given = _product(weights, values, readout.given)
        success = given * _product(weights, values, readout.success)
        covariance = np.cov(np.stack((given, success)), aweights=shares, ddof=0)
        found[readout.metric] = {"gg": covariance[0, 0], "gs": covariance[0, 1], "ss": covariance[1, 1]}
    return found


def _product(weights: NDArray[np.float64], values: NDArray[np.int64], bits: tuple[int, ...]) -> NDArray[np.float64]:
    places = np.array(bits, dtype=np.int64)
    product: NDArray[np.float64] = np.prod(weights[places, values[:, places]], axis=1)
    return product
