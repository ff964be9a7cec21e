"""How many shots a compiled program takes, what they cost and how many of them are useful, from the model's closed
form and the target's error rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

from qsac.families.contract import Model
from qsac.machine.target import Target
from qsac.simulation.verification import expected_outcomes

STANDARD_ERROR = 0.1
"""The standard error of the loss that the number of shots is computed for; half of it takes four times as many."""

WORK_LIMIT = 1024**2
"""Largest closed form, in numbers, that is computed by default: that of a context of 1,024 tokens."""

NOISE = 0.1
"""Estimated success probability (ESP) below which a result says more about the machine's errors than the model."""


class Charge(TypedDict):
    """What shots cost: ``amount`` in ``unit``, for ``jobs``; ``amount_with_resets`` if resets may be charged as
    measurements."""

    unit: str
    jobs: int
    amount: float
    amount_with_resets: NotRequired[float]


class Forecast(TypedDict):
    """See :func:`forecast`."""

    success_probability: float | None
    useful: float | None
    standard_error: float
    shots: int | None
    cost: Charge | None
    noise: bool | None


class Needed(TypedDict):
    """The shots for a standard error, and what they cost."""

    standard_error: float
    shots: int | None
    cost: Charge | None


class ShotForecast(TypedDict):
    """See :func:`for_shots`."""

    target: str
    shots: int
    useful: float | None
    cost: Charge | None
    needed: Needed
    noise: bool | None


def forecast(
    model: Model | None, subnormalisations: Sequence[float], counts: Mapping[str, Any], target: Target
) -> Forecast:
    """What is known about a model's shots before any is taken; JSON-ready.

    ``subnormalisations`` are the factors by which each program's kernel exceeds the model's, ``counts`` the statistics
    of the circuits, merged if there are several (:func:`~qsac.counting.stats.together`). The fields:

    - ``success_probability``, the acceptance probability: the share of shots whose post-selected bits are all measured
      as 0 on an error-free machine; for several circuits, which take equally many shots, the average;
    - ``useful``, the share of shots that are accepted and free of errors;
    - ``shots`` of each circuit for the ``standard_error`` of the readout's ``precise`` metric, such as the loss. Errors
      of the machine are not taken into account;
    - ``cost`` of these shots, as returned by :func:`charge`;
    - ``noise``, whether fewer than :data:`NOISE` of all shots are free of errors.

    A field is None if the model is missing or too large, the readout has no ``precise`` metric, or the target has no
    error rates or no price.
    """
    share, shots = (None, None) if model is None else _shots(model, subnormalisations)
    error_free = counts["error_free_probability"]
    return {
        "success_probability": share,
        "useful": None if share is None or error_free is None else share * error_free,
        "standard_error": STANDARD_ERROR,
        "shots": shots,
        "cost": None if shots is None else charge(counts["cost"], shots, target.max_shots),
        "noise": None if error_free is None else error_free < NOISE,
    }


def _shots(model: Model, subnormalisations: Sequence[float]) -> tuple[float | None, int | None]:
    """The acceptance probability, and the shots for a standard error."""
    readout = model.readout
    if readout.work(model) > WORK_LIMIT:
        return None, None
    found = expected_outcomes(model, subnormalisations)
    shares = [min(outcomes.success_probability, 1.0) for outcomes in found.values()]
    shots = None if readout.precise is None else readout.shots(model, found, STANDARD_ERROR)
    return sum(shares) / len(shares), shots


def charge(price: Mapping[str, Any] | None, shots: int, most: int | None) -> Charge | None:
    """The cost of ``shots`` by the ``price`` in a circuit's statistics, in jobs of at most ``most`` shots.

    None without a price.
    """
    if price is None:
        return None
    jobs = 1 if most is None else max(1, -(-shots // most))
    amounts = {
        name.replace("per_shot", "amount"): jobs * price["fixed"] + shots * price[name]
        for name in ("per_shot", "per_shot_with_resets")
        if name in price
    }
    return cast(Charge, {"unit": price["unit"], "jobs": jobs, **amounts})


def for_shots(told: Forecast, counts: Mapping[str, Any], target: Target, shots: int) -> ShotForecast:
    """Cost and useful number of ``shots`` on the machine itself, next to the shots that are needed; JSON-ready.

    ``told`` is a :func:`forecast` of the same circuit. ``useful`` is how many of the shots are accepted and free of
    errors, on average.
    """
    return {
        "target": target.name,
        "shots": shots,
        "useful": None if told["useful"] is None else shots * told["useful"],
        "cost": charge(counts["cost"], shots, target.max_shots),
        "needed": {"standard_error": told["standard_error"], "shots": told["shots"], "cost": told["cost"]},
        "noise": told["noise"],
    }
