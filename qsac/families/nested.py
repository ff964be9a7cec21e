"""What readouts of a fidelity have in common: all bits of value and index are zero, or those of the value alone
(``token_fidelity``)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from qsac.families.outcomes import Outcomes


def fidelity_shots(found: Outcomes, error: float) -> int | None:
    """Shots for a standard error of ln F: its variance is (1 - F) / (F p N) for N shots and the acceptance p."""
    given, fidelity = min(found.success_probability, 1.0), found.share("fidelity")
    return max(1, ceil((1 - fidelity) / (fidelity * given * error**2))) if given and fidelity else None


def influences(value: float, found: Outcomes, weights: Mapping[str, Any]) -> dict[str, Any]:
    """How much more of each bit string moves a metric that has a ``value``, by the metric's name; ``success`` for all
    that are in proportion to the acceptance probability."""
    of_given = weights["given"] / (found.given / found.total)
    of_zero, of_token = (weights[name] / (found.success[name] / found.total) for name in ("fidelity", "token_fidelity"))
    return {
        "fidelity": value * (of_zero - of_given),
        "loss": of_zero - of_given,
        "token_fidelity": value * (of_token - of_given),
        "loss_a": of_token - of_given,
        "renyi_divergence": of_zero - of_token,
        "mu": value * of_zero,
        "nu": value * of_token,
        "success": value * of_given,
    }
