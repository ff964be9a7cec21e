"""The cross entropy of the words that follow: one classical step after the circuits of all positions."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Any

from qsac.families.indexed import index_of
from qsac.families.outcomes import RESOLUTION, Outcomes, standard_error, upper_bound
from qsac.files.pointer import counted

VERSION = 1
"""Changes whenever :func:`cross_entropy` computes something else."""

NAME = "predictions"
"""The readout of a circuit that ends with a word."""


def cross_entropy(seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """``cross_entropy``: -(1/n) sum_j ln P(target_j | j) over n circuits, and what goes with it.

    ``options``: ``targets``, the word of each circuit by the circuit's name, and ``words``, M: values of the word
    register beyond are left out. The value is an object of ``value``, ``perplexity`` (its exponential), their
    ``standard_error`` and ``perplexity_error`` (None for exact outcomes) and ``warnings``; None stands for what does
    not exist or is not resolved. The error of each ln P_j is sqrt((1 - P_j) / (P_j n_j)) for n_j accepted shots
    (delta method), and those of different circuits are independent.
    """
    targets: Mapping[str, int] = options["targets"]
    total = variance = 0.0
    missing: list[str] = []
    exact = True
    for name, target in targets.items():
        found: Outcomes = seen[name]
        exact = exact and found.exact
        weights = index_of(NAME, found).joint[: options["words"]]
        part, whole = float(weights[target]), float(weights.sum())
        if part < (RESOLUTION if found.exact else RESOLUTION**0.5):
            missing.append(_missing(name, target, found, whole))
            continue
        total -= log(part / whole)
        variance += 0.0 if found.exact else (standard_error(part, whole) / (part / whole)) ** 2
    if missing:
        more = f", and {counted(len(missing) - 1, 'more position')}" if len(missing) > 1 else ""
        said = "do not exist" if exact else "are not resolved"
        return _written(None, None, None, None, [f"cross_entropy and perplexity {said}: {missing[0]}{more}"])
    value = total / len(targets) + 0.0
    error = None if exact else sqrt(variance) / len(targets)
    perplexity = exp(value)
    return _written(value, error, perplexity, None if error is None else perplexity * error, [])


def _missing(name: str, target: int, found: Outcomes, whole: float) -> str:
    place = name.replace("-", " ")
    if found.exact:
        return f"the word {target:,} is never found after {place}"
    if not whole:
        return f"none of {found.total:,.0f} shots of {place} were accepted"
    return (
        f"none of {whole:,.0f} accepted shots of {place} gave the word {target:,}; with 95% confidence its "
        f"probability is at most {upper_bound(whole):.3g}"
    )


def _written(
    value: float | None,
    error: float | None,
    perplexity: float | None,
    perplexity_error: float | None,
    warnings: list[str],
) -> dict[str, Any]:
    found = {
        "value": value,
        "standard_error": error,
        "perplexity": perplexity,
        "perplexity_error": perplexity_error,
        "warnings": warnings,
    }
    return {"cross_entropy": found}
