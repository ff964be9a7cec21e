"""What results and plans are as JSON."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class ResultFields(TypedDict):
    """A :class:`~qsac.families.contract.Result`, JSON-ready."""

    target: str | None
    shots: int | None
    seed: int | None
    noise: bool
    mitigated: bool
    metrics: dict[str, float | None]
    standard_errors: dict[str, float | None]
    success_probability: float | None
    values: dict[str, Any]
    value_errors: dict[str, Any]
    warnings: list[str]


class CircuitFields(TypedDict):
    """A :class:`~qsac.families.plans.CircuitStep` as it stands in an artifact."""

    circuit: str
    unless: NotRequired[str]


class StepFields(TypedDict):
    """A :class:`~qsac.families.plans.ClassicalStep` as it stands in an artifact."""

    step: str
    version: int
    inputs: list[str]
    writes: list[str]
    options: dict[str, Any]
    unless: NotRequired[str]
    instead: NotRequired[list[str]]
