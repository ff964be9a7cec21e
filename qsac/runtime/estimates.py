"""Metrics and standard errors from counted shots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

from qsac.ir.native import NativeCircuit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Tally:
    """How many shots were taken, passed every given bit, and passed each readout's success bits as well."""

    shots: int
    given: int
    success: dict[str, int]


@dataclass(frozen=True)
class Estimates:
    """Estimated metrics and their standard errors; None where shots did not resolve one, with a warning."""

    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    warnings: tuple[str, ...]


def tally(circuit: NativeCircuit, outcomes: Iterable[tuple[str, int]]) -> Tally:
    """Count outcomes: texts of 0 and 1, one character for each bit of the circuit, in its order."""
    shots = given = 0
    success = {readout.metric: 0 for readout in circuit.readouts}
    for outcome, count in outcomes:
        shots += count
        ones = {place for place, value in enumerate(outcome) if value == "1"}
        # Every readout of a circuit has the same given bits.
        if ones.intersection(circuit.readouts[0].given):
            continue
        given += count
        for readout in circuit.readouts:
            if not ones.intersection(readout.success):
                success[readout.metric] += count
    return Tally(shots, given, success)


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

    def fraction(name: str, part: int, whole: int, factor: float = 1.0) -> None:
        metrics[name] = factor * part / whole if whole else None
        errors[name] = factor * _error(part, whole) if whole else None

    def logarithm(name: str, part: int, whole: int, what: str) -> None:
        if part:
            metrics[name] = log(whole / part)
            errors[name] = _error(part, whole) / (part / whole)
            return
        metrics[name] = errors[name] = None
        if whole:
            bound = -log(_upper_bound(whole)) + 0.0
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
            f"{_upper_bound(shots):.3g}"
        )
    return Estimates(metrics, errors, tuple(warnings))


def _error(part: int, whole: int) -> float:
    """The standard error of part / whole."""
    p = part / whole
    if part in (0, whole):
        p = (part + 0.5) / (whole + 1)
    return sqrt(p * (1 - p) / whole)


def _upper_bound(trials: int) -> float:
    """The largest probability that leaves 5% for no success in ``trials``."""
    return float(1 - (1 - CONFIDENCE) ** (1 / trials))
