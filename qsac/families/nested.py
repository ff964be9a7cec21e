"""What readouts of a fidelity have in common: all bits of value and index are zero, or those of the value alone
(``token_fidelity``), in one circuit."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes


class NestedReadout:
    """The methods of :class:`~qsac.families.contract.Readout` that follow from that, for the metric ``loss``."""

    def shots(self, model: Any, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """The variance of ln F is (1 - F) / (F p N) for N shots and the acceptance probability p."""
        (found,) = expected.values()
        given, fidelity = min(found.success_probability, 1.0), found.share("fidelity")
        return max(1, ceil((1 - fidelity) / (fidelity * given * error**2))) if given and fidelity else None

    def reached(self, result: Result) -> float | None:
        return result.standard_errors["loss"]

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        (found,) = seen.values()
        of_given = weights["given"] / (found.given / found.total)
        of_zero, of_token = (
            weights[name] / (found.success[name] / found.total) for name in ("fidelity", "token_fidelity")
        )
        return {
            "fidelity": value * (of_zero - of_given),
            "loss": of_zero - of_given,
            "token_fidelity": value * (of_token - of_given),
            "loss_a": of_token - of_given,
            "renyi_divergence": of_zero - of_token,
            "mu": value * of_zero,
            "nu": value * of_token,
        }.get(name, value * of_given)

    def branch(self, model: Any, circuit: str, expected: Outcomes) -> float:
        return expected.success["fidelity"]
