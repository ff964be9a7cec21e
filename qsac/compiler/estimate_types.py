"""The fields of an estimate as its users see them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from qsac.native.statistics import Duration, Forecast, Price
from qsac.pipeline.contract import Preference

Basis = Literal["model", "generic model", "shape", "formula"]


class EstimateOptions(TypedDict):
    """What an estimate was asked for."""

    optimisation: int
    qubits: int | None
    prefer: Preference


class EstimatedCounts(TypedDict):
    """As :class:`~qsac.native.statistics.CircuitStatistics`; None also where a count cannot be told."""

    qubits: int
    two_qubit_gates: int
    one_qubit_gates: int | None
    measurements: int
    resets: int
    depth: int | None
    two_qubit_depth: int | None
    error_free_probability: float | None
    duration: Duration | None
    cost: Price | None


class EstimatedForecast(Forecast):
    """A :class:`~qsac.native.statistics.Forecast`; before routing there is a bound in place of a probability."""

    error_free_at_most: NotRequired[float]


class Beside(TypedDict):
    """What else could stand in the place of a part that is counted by a formula, as its own circuits are counted."""

    of: str
    two_qubit_gates_of_a_use: int
    qubits: int
    two_qubit_gates: int


class CountedPart(TypedDict):
    """A part that is counted by a formula: what it is, in how many bits, how many gates a use takes, how often it is
    used in one shot of every circuit, and what is counted beside it; None where that has no circuits."""

    of: str
    bits: int
    two_qubit_gates_of_a_use: int
    uses: int
    beside: Beside | None


class EstimateFields(TypedDict):
    """An :class:`Estimate`, JSON-ready."""

    name: str
    target: str
    shape: dict[str, Any]
    options: EstimateOptions
    basis: Basis
    exact: bool
    reason: str
    fits: bool
    counts: EstimatedCounts
    forecast: EstimatedForecast
    advice: str | None
    formula: NotRequired[CountedPart]
