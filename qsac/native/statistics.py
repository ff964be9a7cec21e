"""The statistics of compiled circuits and the options that they were compiled with: the fields that artifacts have.

The dictionaries are JSON-ready, and stand in artifacts as they are. Whoever reads an artifact checks them against these
annotations (:mod:`qsac.artifact.typed`), so what is read is what they say. There may be more fields than these.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired, TypedDict


@dataclass(frozen=True)
class Within:
    """From which number to which a number is, or the length of a list."""

    least: float
    most: float


Amount = Annotated[float, Within(0, sys.float_info.max)]
Count = Annotated[int, Within(0, sys.float_info.max)]
"""Shots may be more than a machine can count."""

Share = Annotated[float, Within(0, 1)]


class Duration(TypedDict):
    """Seconds that a target is occupied: ``fixed`` + shots * ``per_shot``; ``circuit`` are those of the gates alone."""

    circuit: Amount
    fixed: Amount
    per_shot: Amount


class Price(TypedDict):
    """What a vendor charges, in ``unit``: ``fixed`` + shots * ``per_shot``, or ``per_shot_with_resets`` where resets
    may count as measurements."""

    unit: str
    fixed: Amount
    per_shot: Amount
    per_shot_with_resets: NotRequired[Amount]


class CircuitStatistics(TypedDict):
    """Counts, depths and what a target makes of them, None where it does not say
    (:func:`~qsac.counting.stats.circuit_stats`)."""

    qubits: Count
    two_qubit_gates: Count
    one_qubit_gates: Count
    measurements: Count
    resets: Count
    depth: Count
    two_qubit_depth: Count
    error_free_probability: Share | None
    duration: Duration | None
    cost: Price | None


class PassCount(TypedDict):
    """A pass that ran, and the two-qubit gates before it and after it."""

    name: str
    level: str
    two_qubit_gates: Annotated[list[Count], Within(2, 2)]


class TriedBudget(TypedDict):
    """A budget that was compared: the infidelity ``spent`` of it, the gates of its circuit, and the estimated
    ``quality`` of what that computes (:func:`~qsac.compiler.budget.quality`)."""

    budget: Share
    spent: Amount
    two_qubit_gates: Count
    quality: Amount


class BudgetReport(TypedDict):
    """The error budget, and the infidelity that each pass has spent of it. ``tried``: the ways that were compared where
    the budget was ``auto``. What verification adds of an approximate program is None where it does not exist: the true
    ``infidelity``, and how far the loss and the success probability moved."""

    budget: Share
    spent: dict[str, Amount]
    tried: NotRequired[list[TriedBudget]]
    infidelity: NotRequired[float | None]
    loss_deviation: NotRequired[float | None]
    success_probability_deviation: NotRequired[float | None]


class LoadCounts(TypedDict):
    """Loads and inverse loads of a circuit by how they are made: as rotated ladders, solved for in pairs or one by one,
    as multiplexors, by the structure of their tables."""

    ladders_in_pairs: Count
    ladders: Count
    multiplexors: Count
    by_structure: Count


class AmplificationFields(TypedDict):
    """Rounds of amplitude amplification, and the acceptance probability and two-qubit gates without and with them, as
    formulas have them."""

    rounds: Count
    success_probability: list[Share]
    two_qubit_gates: list[Count]


class Making(TypedDict):
    """How a circuit was made: its passes, the qubits of each register, its loads (not in older artifacts), the error
    budget, and rounds of amplification where there are some."""

    passes: list[PassCount]
    allocation: dict[str, list[str]]
    loads: NotRequired[LoadCounts]
    error_budget: BudgetReport
    amplification: NotRequired[AmplificationFields]


class PartStatistics(CircuitStatistics, Making):
    """The statistics of one circuit of a plan."""


class Charge(TypedDict):
    """What shots cost: ``amount`` in ``unit``, for ``jobs``; ``amount_with_resets`` if resets may be charged as
    measurements."""

    unit: str
    jobs: Count
    amount: Amount
    amount_with_resets: NotRequired[Amount]


LostAt = TypedDict(
    "LostAt",
    {"place": str, "lambda": list[Amount | None] | None, "factor": list[Amount | None] | None},
)
"""A place of the model: what it has in lambda, and its factors of the success probability, an entry for each
circuit."""


class BoundaryFields(TypedDict):
    """What measuring between layers takes (:class:`~qsac.families.places.Boundary`)."""

    rows: Count
    error: Amount
    shots: Amount
    success_probability: Share


_Lambdas = TypedDict("_Lambdas", {"lambda": list[Amount | None]})


class LossFields(_Lambdas):
    """Where the shots are lost: see :func:`~qsac.report.losses.lost`."""

    circuits: list[str]
    success_probabilities: list[Share]
    places: list[LostAt]
    bottleneck: str | None
    shots_per_success: Amount | None
    expected_shots: Count | None
    warning: str | None
    boundary: BoundaryFields | None


class Forecast(TypedDict):
    """See :func:`~qsac.report.forecast.forecast`; of a family that says where shots are lost there are the fields of
    :class:`LossFields` too."""

    success_probability: Share | None
    useful: Share | None
    standard_error: Amount
    shots: Count | None
    cost: Charge | None
    noise: bool | None
    error_free_probability: NotRequired[Share | None]
    classical_multiply_adds: NotRequired[Count]


class Statistics(CircuitStatistics):
    """The statistics of a compiled model: of several circuits merged (:func:`~qsac.counting.stats.together`).

    ``forecast`` is :func:`~qsac.report.forecast.forecast`'s, ``classical_work`` what is not done by circuits. A single
    circuit's passes, allocation and error budget stand here, those of several in ``circuits``, by name. There are also
    the fields of the model's family, such as ``lam`` and ``pairs`` of quantum attention.
    """

    forecast: Forecast
    classical_work: NotRequired[list[str]]
    circuits: NotRequired[dict[str, PartStatistics]]
    passes: NotRequired[list[PassCount]]
    allocation: NotRequired[dict[str, list[str]]]
    loads: NotRequired[LoadCounts]
    error_budget: NotRequired[BudgetReport]
    amplification: NotRequired[AmplificationFields]


class CompilationOptions(TypedDict):
    """What a compilation was asked for; ``passes`` is the pipeline as text. ``template``: it is a binding."""

    optimisation: int
    passes: str
    error_budget: Share | Literal["auto"]
    qubits: int | None
    prefer: Literal["qubits", "depth"]
    seed: int
    template: NotRequired[bool]
