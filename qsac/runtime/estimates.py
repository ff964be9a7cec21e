"""Metrics and standard errors from counted shots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from qsac.native.circuit import NativeCircuit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Tally:
    """How many shots were taken, passed every given bit, and passed each readout's success bits as well.

    Counts that were corrected for readout errors are no whole numbers.
    """

    shots: float
    given: float
    success: dict[str, float]

    def __add__(self, other: Tally) -> Tally:
        success = {name: count + other.success[name] for name, count in self.success.items()}
        return Tally(self.shots + other.shots, self.given + other.given, success)


@dataclass(frozen=True)
class Estimates:
    """Estimated metrics and their standard errors; None where shots did not resolve one, with a warning."""

    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    warnings: tuple[str, ...]


def tally(circuit: NativeCircuit, outcomes: Iterable[tuple[str, float]]) -> Tally:
    """Count outcomes: texts of 0 and 1, one character for each bit of the circuit, in its order."""
    shots: float = 0
    given: float = 0
    success: dict[str, float] = {readout.metric: 0 for readout in circuit.readouts}
    # Every readout of a circuit has the same given bits.
    lost = _mask(circuit, circuit.readouts[0].given)
    missed = [(readout.metric, _mask(circuit, readout.success)) for readout in circuit.readouts]
    for outcome, count in outcomes:
        shots += count
        ones = int(outcome, 2)
        if ones & lost:
            continue
        given += count
        for metric, mask in missed:
            if not ones & mask:
                success[metric] += count
    return Tally(shots, given, success)


def _mask(circuit: NativeCircuit, bits: Iterable[int]) -> int:
    """Ones at some of the circuit's bits, the first of which is the most significant."""
    return sum(1 << (len(circuit.bits) - 1 - bit) for bit in set(bits))


@dataclass(frozen=True, eq=False)
class IndexTally:
    """How many shots were taken and passed every given bit; of these, for each value of the readout's index, how many
    had the value (``marginal``), and passed every success bit as well (``joint``)."""

    shots: int
    given: int
    marginal: NDArray[np.int64]
    joint: NDArray[np.int64]


def index_tally(circuit: NativeCircuit, outcomes: Iterable[tuple[str, int]]) -> IndexTally:
    """Count outcomes (as :func:`tally` does) of a circuit with one readout, by the value of its index."""
    (readout,) = circuit.readouts
    shots = 0
    marginal, joint = np.zeros((2, 1 << len(readout.index_bits)), dtype=np.int64)
    lost, missed = _mask(circuit, readout.given), _mask(circuit, readout.success)
    for outcome, count in outcomes:
        shots += count
        ones = int(outcome, 2)
        if ones & lost:
            continue
        value = int("".join([outcome[bit] for bit in readout.index_bits]) or "0", 2)
        marginal[value] += count
        if not ones & missed:
            joint[value] += count
    return IndexTally(shots, int(marginal.sum()), marginal, joint)


def index_estimates(found: IndexTally, conditional: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each value of the index the fraction of its shots that succeeded, and its standard error.

    Without ``conditional`` the fraction of all given shots that had the value. NaN where there was no shot. Errors are
    taken as those of :func:`estimate`.
    """
    whole = found.marginal if conditional else np.full_like(found.marginal, found.given)
    values, errors = np.full((2, len(whole)), np.nan)
    for place in np.flatnonzero(whole):
        values[place] = found.joint[place] / whole[place]
        errors[place] = _error(int(found.joint[place]), int(whole[place]))
    return values, errors


def success_estimate(found: IndexTally) -> tuple[float, float]:
    """The fraction of the shots that passed every given bit, and its standard error."""
    return success_share(found.given, found.shots)


def success_share(given: float, shots: float) -> tuple[float, float]:
    """``given`` of ``shots`` as a fraction, and its standard error."""
    return given / shots, _error(given, shots)


def upper_bound(trials: float) -> float:
    """The largest probability that leaves 5% for no success in ``trials``."""
    return float(1 - (1 - CONFIDENCE) ** (1 / trials))


def estimate(counted: Tally, context: int, pairs: int, normalisation: float = 1.0) -> Estimates:
    """Metrics from a tally of at least one shot, for a model of ``context`` T and ``pairs`` N.

    mu, zeta and nu are the model's, larger than the circuit's probabilities by the square of its ``normalisation``.

    With g shots given, t of them with an empty value register and s of these all zero: fidelity s/g, token fidelity
    t/g, and the Renyi divergence loss - loss_a = ln(t/s) from the same shots. Standard errors are binomial (delta
    method for logarithms); where a fraction is 0 or 1 they are taken at half a count from the edge.
    """
    shots, given = counted.shots, counted.given
    token, fidelity = counted.success["token_fidelity"], counted.success["fidelity"]
    metrics: dict[str, float | None] = {}
    errors: dict[str, float | None] = {}
    warnings: list[str] = []

    def fraction(name: str, part: float, whole: float, factor: float = 1.0) -> None:
        metrics[name] = factor * part / whole if whole else None
        errors[name] = factor * _error(part, whole) if whole else None

    def logarithm(name: str, part: float, whole: float, what: str) -> None:
        if part:
            metrics[name] = log(whole / part)
            errors[name] = _error(part, whole) / (part / whole)
            return
        metrics[name] = errors[name] = None
        if whole:
            bound = -log(upper_bound(whole)) + 0.0
            warnings.append(f"{name} is not resolved: {what}; with 95% confidence it is at least {bound:.3g}")
        elif given:
            warnings.append(f"{name} is not resolved: no given shot found the token")

    fraction("fidelity", fidelity, given)
    logarithm("loss", fidelity, given, f"none of {given:,} given shots succeeded")
    fraction("token_fidelity", token, given)
    logarithm("loss_a", token, given, f"none of {given:,} given shots found the token")
    logarithm("renyi_divergence", fidelity, token, f"none of {token:,} shots that found the token succeeded")
    fraction("mu", fidelity, shots, normalisation**2 * context**2 / pairs)
    fraction("zeta", given, shots, normalisation**2)
    fraction("nu", token, shots, normalisation**2)
    fraction("success_probability", given, shots)
    if not given:
        warnings.append(
            "fidelity, loss, token_fidelity, loss_a and renyi_divergence are not resolved: none of "
            f"{shots:,} shots passed the given bits; with 95% confidence success_probability is at most "
            f"{upper_bound(shots):.3g}"
        )
    return Estimates(metrics, errors, tuple(warnings))


def _error(part: float, whole: float) -> float:
    """The standard error of part / whole."""
    p = part / whole
    if part in (0, whole):
        p = (part + 0.5) / (whole + 1)
    return sqrt(p * (1 - p) / whole)
