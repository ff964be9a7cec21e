"""Results: what a run or a closed form gives, in one form for every family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from qsac.errors import printable
from qsac.families.json_forms import ResultFields
from qsac.families.outcomes import Outcomes
from qsac.showing import Shown


@dataclass(frozen=True, repr=False)
class Result(Shown):
    """The result of a run or a closed form: one envelope for every family.

    ``shots`` is None for an exact run, and ``standard_errors`` and ``value_errors`` are then empty; ``seed`` is None
    for your own counts; ``target`` is None for a closed form. ``noise``: the machine's errors were simulated;
    ``mitigated``: readout errors were corrected. A metric that does not exist, or that the shots did not resolve, is
    None, and a warning says why. ``values`` holds what a readout reports besides single numbers
    (``predictions``, ``overlaps``): arrays as lists, or objects of them, None where there is no number;
    ``value_errors`` the standard errors of the same shape.
    """

    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    success_probability: float | None
    warnings: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)
    value_errors: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    shots: int | None = None
    seed: int | None = None
    noise: bool = False
    mitigated: bool = False

    def __repr__(self) -> str:
        """In one line: where it is from, and the first metrics with their standard errors."""
        how = "closed form" if self.target is None else printable(self.target)
        shots = "" if self.target is None else ", exact" if self.shots is None else f", {self.shots:,} shots"
        told = [_metric(name, value, self.standard_errors.get(name)) for name, value in self.metrics.items()]
        more = [f"{len(told) - _TOLD} more metrics"] if len(told) > _TOLD else []
        parts = [*told[:_TOLD], *more, *map(printable, self.values)]
        return f"<Result of {how}{shots}{', with noise' * self.noise}: {', '.join(parts) or 'no metric'}>"

    def to_dict(self) -> ResultFields:
        """The result as the command line prints it with ``--json``."""
        return {
            "target": self.target,
            "shots": self.shots,
            "seed": self.seed,
            "noise": self.noise,
            "mitigated": self.mitigated,
            "metrics": self.metrics,
            "standard_errors": self.standard_errors,
            "success_probability": self.success_probability,
            "values": self.values,
            "value_errors": self.value_errors,
            "warnings": list(self.warnings),
        }


@runtime_checkable
class Resamples(Protocol):
    """What a readout has besides whose results are made again of resampled shots, where later circuits were made for
    what earlier ones gave. No readout has to."""

    def resampled(self, model: Any, seen: Mapping[str, Outcomes], again: Mapping[str, Outcomes]) -> Result:
        """The result of outcomes ``again``, without standard errors. Circuits were run for what the outcomes ``seen``
        gave."""


_TOLD = 2
"""Metrics that a result's line has."""


def _metric(name: str, value: float | None, error: float | None) -> str:
    found = "null" if value is None else f"{value:.5g}"
    return f"{printable(name)} {found}" + ("" if error is None else f" ± {error:.2g}")
